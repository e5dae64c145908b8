"""Real scan results (`.nessus`, version 2) as the console would hold them after an import.

Every file becomes one IPv4 repository. A host is one address and DNS name; a finding is one host,
plugin, port and protocol, and results that share these are folded and their outputs joined. Entries
without a plugin (plugin id 0, open ports) are not findings. What a file does not say stays empty.
"""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.addresses import number
from plumbline.emulator.estate import Estate, Stock, View
from plumbline.emulator.findings import Findings
from plumbline.emulator.hosts import Host, Repository
from plumbline.emulator.plugins import Family, Plugin
from plumbline.emulator.portfolio import file_lists
from plumbline.emulator.reports import Item, NessusError, Target, read
from plumbline.emulator.wire import NUMBERS, RISK_FACTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DAY = 86_400
UNNAMED_NETWORK = "198.18"
"""Where hosts go whose address the file does not tell (a network reserved for tests)."""


def load(paths: Iterable[Any]) -> Estate:
    """Import files, each into a repository of its own."""
    stock = Stock()
    loader = _Loader(stock)
    repositories = [loader.load(Path(path), place) for place, path in enumerate(paths, start=1)]
    now = int(time.time())
    view = View(
        stock=stock,
        cumulative=loader.findings().ordered(),
        patched=Findings.empty(),
        repositories=tuple(repositories),
        updated={repository.id: now - 3_600 for repository in repositories},
        lists=file_lists(stock.hosts.items, now),
    )
    return Estate(view, as_of=now)


class _Loader:
    """Gathers the rows of all files."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._plugins: dict[int, int] = {}
        self._families: dict[str, Family] = {}
        self._rows: list[tuple[int, ...]] = []
        self._outputs: dict[str, int] = {}

    def load(self, path: Path, place: int) -> Repository:
        """Import one file."""
        name = path.name.removesuffix(".gz").removesuffix(".nessus")
        repository = Repository(id=place, name=name, data_format="IPv4", uuid=_uuid(str(place)))
        hosts: dict[tuple[str, str], int] = {}
        known: dict[tuple[int, int, int, int], tuple[list[str], Item, Target]] = {}
        opened: Callable[[Path, str], Any] = gzip.open if path.suffix == ".gz" else open
        try:
            with opened(path, "rb") as stream:
                for target, item in read(stream, path.name):
                    host = _host(target, repository)
                    if (host.ip, host.dns) not in hosts:
                        hosts[host.ip, host.dns] = self._stock.hosts.add(host)
                    key = (
                        hosts[host.ip, host.dns],
                        item.plugin,
                        item.port,
                        NUMBERS.get(item.protocol, 0),
                    )
                    known.setdefault(key, ([], item, target))[0].append(item.text("plugin_output"))
        except (OSError, EOFError) as error:
            raise NessusError(f"{path} cannot be read: {error}") from error
        for key, (outputs, item, target) in known.items():
            self._add(key, outputs, item, target)
        return repository

    def _add(
        self, key: tuple[int, int, int, int], outputs: list[str], item: Item, target: Target
    ) -> None:
        host, _, port, protocol = key
        seen = _ended(target)
        text = self._output("\n\n".join(dict.fromkeys(filter(None, outputs))))
        self._rows.append((host, self._plugin(item), text, port, protocol, item.severity, seen))

    def _output(self, text: str) -> int:
        if not text:
            return 0
        if text not in self._outputs:
            wrapped = f"<plugin_output>{text}</plugin_output>"
            self._outputs[text] = self._stock.add_text(wrapped)
        return self._outputs[text]

    def _plugin(self, item: Item) -> int:
        """The plugin of an item; of several revisions the newest is kept."""
        made = _plugin(item, self._family(item.family))
        place = self._plugins.get(item.plugin)
        if place is None:
            place = self._plugins[item.plugin] = self._stock.plugins.add(made)
        elif made.plugin_modified > self._stock.plugins.items[place].plugin_modified:
            self._stock.plugins.replace(place, made)
        return place

    def _family(self, name: str) -> Family:
        known = self._families
        return known.setdefault(
            name, Family(id=100 + len(known) if name else 0, name=name or "N/A")
        )

    def findings(self) -> Findings:
        """All rows as columns."""
        table = np.array(self._rows, dtype=np.int64).reshape(-1, 7)
        host, plugin, text, port, protocol, severity, seen = table.T
        return Findings.of(
            host=host,
            plugin=plugin,
            text=text,
            port=port,
            protocol=protocol,
            severity=severity,
            first=seen,
            last=seen,
        )


def _host(target: Target, repository: Repository) -> Host:
    tags = target.tags
    ip = next((text for text in (tags.get("host-ip", ""), target.name) if number(text)), "")
    name = tags.get("host-fqdn") or tags.get("hostname", "")
    if not name and number(target.name) is None:
        name = target.name
    scanned = _ended(target)
    with_credentials = tags.get("Credentialed_Scan", "").lower() == "true"
    return Host(
        repository=repository,
        ip=ip.strip() or _stand_in(target.name),
        dns=name.lower() if " " not in name else "",
        netbios=tags.get("netbios-name", ""),
        mac=tags.get("mac-address", "").replace("\n", ","),
        system=tags.get("operating-system", ""),
        cpe=tags.get("cpe", ""),
        bios=tags.get("bios-uuid", ""),
        credentialed=scanned if with_credentials else 0,
        uncredentialed=0 if with_credentials else scanned,
    )


def _stand_in(name: str) -> str:
    high, low = blake2b(name.encode(), digest_size=2).digest()
    return f"{UNNAMED_NETWORK}.{high}.{low}"


def _plugin(item: Item, family: Family) -> Plugin:
    text = item.text
    factor = text("risk_factor").capitalize()
    frameworks = text("metasploit_name") and f"Metasploit ({text('metasploit_name')})"
    return Plugin(
        id=item.plugin,
        name=item.name,
        family=family,
        severity=item.severity,
        risk_factor=factor if factor in RISK_FACTORS else "None",
        synopsis=text("synopsis"),
        description=text("description"),
        solution=text("solution") or "n/a",
        see_also=text("see_also"),
        vpr_score=text("vpr_score"),
        exploit_available=text("exploit_available").lower() == "true",
        exploit_ease=text("exploitability_ease"),
        exploit_frameworks=frameworks,
        stig_severity=text("stig_severity"),
        base_score=text("cvss_base_score"),
        temporal_score=text("cvss_temporal_score"),
        cvss_vector=text("cvss_vector").removeprefix("CVSS2#"),
        v3_base_score=text("cvss3_base_score"),
        v3_temporal_score=text("cvss3_temporal_score"),
        v3_vector=text("cvss3_vector").partition("/")[2],
        epss_score=text("epss_score"),
        cpe="<br/>".join(item.all("cpe")),
        vuln_published=_date(text("vuln_publication_date")),
        patch_published=_date(text("patch_publication_date")),
        plugin_published=_date(text("plugin_publication_date")),
        plugin_modified=_date(text("plugin_modification_date")),
        check_type=text("plugin_type") or "remote",
        version=text("script_version").strip("$ "),
        cves=tuple(item.all("cve")),
        bids=",".join(item.all("bid")),
        xrefs=tuple(xref.replace(":", " #", 1) for xref in item.all("xref")),
    )


def _date(text: str) -> int:
    try:
        return int(datetime.strptime(text, "%Y/%m/%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return -1


def _ended(target: Target) -> int:
    """When the scan of a host ended; a file that does not say is taken as a year old."""
    stamp = target.tags.get("HOST_END_TIMESTAMP", "")
    if stamp.isdigit():
        return int(stamp)
    for name in ("HOST_END", "HOST_START"):
        for form in ("%a %b %d %H:%M:%S %Y", "%Y-%m-%dT%H:%M:%S"):
            text = target.tags.get(name, "")[:24].rstrip("Z")
            try:
                return int(datetime.strptime(f"{text} +0000", f"{form} %z").timestamp())
            except ValueError:
                continue
    return int(time.time()) // DAY * DAY - 365 * DAY


def _uuid(name: str) -> str:
    digest = blake2b(name.encode(), digest_size=16).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))

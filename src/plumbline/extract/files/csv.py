"""CSV exports of the console's lists of vulnerabilities; see docs/import.md."""

from __future__ import annotations

import csv
import io
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from plumbline.domain.finding import Source
from plumbline.domain.normalise import times
from plumbline.domain.severity import Severity
from plumbline.extract.files import headings
from plumbline.extract.files.interface import Row, Values
from plumbline.extract.files.lines import MOST_CELL, Lines, Record, Records
from plumbline.extract.files.opening import HEAD
from plumbline.extract.files.readings import (
    acr,
    address,
    aes,
    cvss,
    dns_name,
    epss,
    moments,
    netbios_name,
    plugin_id,
    port,
    protocol,
    severity,
    vpr,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from io import BufferedReader

    from plumbline.domain.normalise import Normalised
    from plumbline.extract.files.interface import Tally

T = TypeVar("T")
PLUGIN, SEVERITY, ADDRESS = "Plugin", "Severity", "IP Address"
PORT, PROTOCOL, REPOSITORY, FAMILY = "Port", "Protocol", "Repository", "Family"
MITIGATED = "Mitigated On"
NOT_A_REPOSITORY = frozenset({"", "individual scan"})
"""What the console writes as repository of the results of a single scan."""
TEXTS = {
    "Plugin Name": "pluginName",
    "MAC Address": "macAddress",
    "Agent ID": "uuid",
    "Host ID": "hostUUID",
    "Operating System": "operatingSystem",
    "Plugin Text": "pluginText",
    "Plugin Output": "pluginText",
    "Synopsis": "synopsis",
    "Description": "description",
    "Solution": "solution",
    "Steps to Remediate": "solution",
    "See Also": "seeAlso",
    "Risk Factor": "riskFactor",
    "STIG Severity": "stigSeverity",
    "CVSS V2 Vector": "cvssVector",
    "CVSS V3 Vector": "cvssV3Vector",
    "CVSS V4 Vector": "cvssV4Vector",
    "CVSS V4 Threat Vector": "cvssV4ThreatVector",
    "CPE": "cpe",
    "CVE": "cve",
    "BID": "bid",
    "Cross References": "xref",
    "Exploit?": "exploitAvailable",
    "Exploit Ease": "exploitEase",
    "Exploit Frameworks": "exploitFrameworks",
    "Check Type": "checkType",
    "Version": "version",
    "Recast Risk Comment": "recastRiskRuleComment",
    "Accept Risk Comment": "acceptRiskRuleComment",
}
"""Column to the console's field."""
NORMALISED: dict[str, tuple[str, Callable[[Any], Normalised[Any]]]] = {
    "DNS Name": ("dnsName", dns_name),
    "NetBIOS Name": ("netbiosName", netbios_name),
    "VPR": ("vprScore", vpr),
    "Vulnerability Priority Rating": ("vprScore", vpr),
    "EPSS Score": ("epssScore", epss),
    "CVSS V2 Base Score": ("baseScore", cvss),
    "CVSS V2 Temporal Score": ("temporalScore", cvss),
    "CVSS V3 Base Score": ("cvssV3BaseScore", cvss),
    "CVSS V3 Temporal Score": ("cvssV3TemporalScore", cvss),
    "CVSS V4 Base Score": ("cvssV4BaseScore", cvss),
    "CVSS V4 Threat Score": ("cvssV4ThreatScore", cvss),
    "Asset Criticality Rating": ("acrScore", acr),
    "Asset Exposure Score": ("assetExposureScore", aes),
}
"""Column to the console's field, and how its cells are read."""
SEEN = {"First Discovered": "firstSeen", "Last Observed": "lastSeen", MITIGATED: "lastMitigated"}
PUBLISHED = {
    "Vuln Publication Date": "vulnPubDate",
    "Patch Publication Date": "patchPubDate",
    "Plugin Publication Date": "pluginPubDate",
    "Plugin Modification Date": "pluginModDate",
}
END_OF_LIFE = {"Security End of Life Date": "seolDate"}
DATES = SEEN | PUBLISHED | END_OF_LIFE
_PLACES = (PLUGIN, SEVERITY, ADDRESS, PORT, PROTOCOL, REPOSITORY, FAMILY)
_NAMES = {name.casefold(): name for name in (*TEXTS, *NORMALISED, *DATES, *_PLACES)}
_IDENTITY = (PLUGIN, SEVERITY, ADDRESS, PORT, PROTOCOL)
_NEEDED = frozenset({PLUGIN.casefold(), SEVERITY.casefold()})
_HOSTS: dict[str, Callable[[Any], Normalised[str]]] = {
    ADDRESS: address,
    "DNS Name": dns_name,
    "NetBIOS Name": netbios_name,
    "Agent ID": dns_name,
    "Host ID": dns_name,
}
"""What can name a host, and how it is told whether it does."""
_LISTS = ("cpe", "cve", "bid", "xref")
_AHEAD_ROWS, _AHEAD_CHARACTERS = 5_000, 8 << 20
"""Rows that are held back until the order of their dates is known."""
_FEWEST_TORN = 20
_GUARDED = re.compile(r'="([^"]*)"|\'(.*)')
_EXPONENT = re.compile(r"[+-]?[\d.,]+[eE][+-]?\d+")


def read(stream: BufferedReader, tally: Tally) -> Iterator[Row]:
    """The rows of an export, as it is read; the account of it is in `tally`.

    Raises:
        UsageError: it is no export of the console's: says which columns it lacks.
    """
    csv.field_size_limit(MOST_CELL)
    lines = Lines(stream, tally)
    head = headings.find(lines, _NEEDED)
    sheet = _Sheet(head.cells if head else [], tally)
    blank = 0
    records = Records(lines, head.delimiter if head else ",", tally)
    for record, day_first in _dated(records, sheet):
        tally.met += 1
        if not record.cells[0].strip() and not any(map(str.strip, record.cells)):
            blank += 1
            tally.left_out["rows without any content"] += 1
            continue
        row = sheet.row(record, day_first=day_first)
        if row is not None:
            yield row
    _judge(tally, blank)


def _judge(tally: Tally, blank: int) -> None:
    """Call a file damaged where more of it is rubble than an export ever holds."""
    if tally.broken:
        return
    first = f" (the first: {tally.listed[0].place})" if tally.listed else ""
    if tally.torn > max(_FEWEST_TORN, tally.given // 10):
        tally.broken = (
            f"{tally.torn:,} of its lines are no whole result{first}: its quotes or its lines are "
            "damaged"
        )
    elif blank > max(_FEWEST_TORN, tally.given):
        tally.broken = (
            f"{blank:,} of its rows have no content, not even a plugin, and {tally.given:,} are "
            "results: its quotes or its lines are damaged"
        )


def check(stream: BufferedReader, tally: Tally) -> None:
    """Look at the headings of an export, which are not taken from the stream.

    Raises:
        UsageError: it is no export of the console's: says which columns it lacks.
    """
    csv.field_size_limit(MOST_CELL)
    begin = io.BytesIO(stream.peek(HEAD)[:HEAD])
    head = headings.find(Lines(io.BufferedReader(begin), tally), _NEEDED)
    _Sheet(head.cells if head else [], tally)


def _dated(records: Iterable[Record], sheet: _Sheet) -> Iterator[tuple[Record, bool | None]]:
    """Each record, and whether the day comes first in its file's dates like 9/1/2026.

    Where a date leaves that open, the rows behind it are looked at before it is read: one
    spreadsheet wrote them all.
    """
    order: bool | None = None
    orders: set[bool | None] = set()
    held: list[Record] = []
    size = 0
    for record in records:
        slashed = () if order is not None else sheet.slashed(record.cells)
        if not slashed and not held:
            yield record, order
            continue
        orders.update(times.day_order([text]) for text in slashed)
        held.append(record)
        size += sum(map(len, record.cells))
        if len(held) >= _AHEAD_ROWS or size >= _AHEAD_CHARACTERS:
            order = _only(orders)
            yield from ((one, order) for one in held)
            held, size = [], 0
    order = order if order is not None else _only(orders)
    yield from ((one, order) for one in held)


def _only(orders: set[bool | None]) -> bool | None:
    told = orders - {None}
    return told.pop() if len(told) == 1 else None


class _Identity(NamedTuple):
    """What was read of the cells that say what a record is about."""

    plugin: Normalised[int]
    severity: Normalised[Severity]
    ip: Normalised[str]
    port: Normalised[int]
    protocol: Normalised[str]


class _Sheet:
    """The columns of a file, and how each of them is read."""

    def __init__(self, head: Sequence[str], tally: Tally) -> None:
        self.width = len(head)
        self._tally = tally
        self._at: dict[str, int] = {}
        self._others: dict[str, int] = {}
        for place, told in enumerate(head):
            name = _NAMES.get(told.strip().casefold())
            home, key = (self._at, name) if name else (self._others, told.strip())
            if key in home:
                tally.odd.add("column that comes twice, the first was read", key, tally.name)
            elif key:
                home[key] = place
        _refuse_foreign(self._at, head, tally)
        columns = self._at.items()
        self._texts = [(place, TEXTS[name]) for name, place in columns if name in TEXTS]
        self._scores = [(p, name, *NORMALISED[name]) for name, p in columns if name in NORMALISED]
        self._dates = [
            (place, name, DATES[name], self._moments(name))
            for name, place in columns
            if name in DATES
        ]
        # Records get one more cell, an empty one, for the columns that are missing.
        self._plugin, self._severity, self._ip, self._port, self._protocol = (
            self._at.get(name, self.width) for name in _IDENTITY
        )
        self._family = self._at.get(FAMILY, self.width)
        self._repository = self._at.get(REPOSITORY, self.width)

    def _moments(self, name: str) -> Callable[..., Normalised[int]]:
        earliest = times.EARLIEST if name in SEEN else times.EARLIEST_PUBLISHED
        return moments(earliest, times.LATEST if name in END_OF_LIFE else self._tally.latest)

    def slashed(self, cells: Sequence[str]) -> list[str]:
        """The dates of a record that are written like 9/1/2026."""
        return [
            cells[place]
            for place, *_ in self._dates
            if place < len(cells) and "/" in cells[place] and cells[place].strip()[:1].isdigit()
        ]

    def row(self, record: Record, *, day_first: bool | None) -> Row | None:
        """The row of a record; nothing where it cannot be used, which is counted."""
        cells, tally = record.cells, self._tally
        if len(cells) != self.width:
            tally.torn += record.lines
            tally.reject(record.place, f"it has {len(cells)} cells, the headings are {self.width}")
            return None
        cells.append("")
        found = self._identity(cells)
        if reason := self._refused(cells, found):
            # Where no digit is, there is no plugin's id, but a part of another record.
            torn = found.plugin.value is None and not any(map(str.isdigit, cells[self._plugin]))
            tally.torn += record.lines * torn
            tally.reject(record.place, reason)
            return None
        tally.given += 1
        values = Values(tally, record.place)
        fields = self._fields(cells, values, day_first=day_first)
        fields |= {
            "pluginID": values.text(found.plugin, PLUGIN, cells[self._plugin]),
            "ip": values.text(found.ip, ADDRESS, cells[self._ip]),
            "port": values.text(found.port, PORT, cells[self._port]),
            "protocol": values.text(found.protocol, PROTOCOL, cells[self._protocol]),
            "hostUniqueness": "repositoryID,ip,dnsName",
            "acceptRisk": "1" if fields.get("acceptRiskRuleComment") else "0",
            "recastRisk": "1" if fields.get("recastRiskRuleComment") else "0",
        }
        if seen := fields.get("lastSeen"):
            tally.newest = max(tally.newest, int(seen))
        repository = cells[self._repository].strip()
        if self._others:
            values.beyond |= {name: cells[n] for name, n in self._others.items() if cells[n]}
        return Row(
            Source.PATCHED if fields.get("lastMitigated") else Source.CUMULATIVE,
            "" if repository.casefold() in NOT_A_REPOSITORY else repository,
            found.severity.value or Severity.INFO,
            fields,
            cells[self._family].strip(),
            values.beyond or None,
            record.place,
        )

    def _identity(self, cells: Sequence[str]) -> _Identity:
        return _Identity(
            _read_plugin(cells[self._plugin]),
            _read_severity(cells[self._severity]),
            _read_address(cells[self._ip]),
            _read_port(cells[self._port]),
            _read_protocol(cells[self._protocol]),
        )

    def _fields(
        self, cells: Sequence[str], values: Values, *, day_first: bool | None
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for place, wire in self._texts:
            text = cells[place]
            if text and not fields.get(wire):
                fields[wire] = text if wire == "pluginText" else _told(text)
        for place, name, wire, reading in self._scores:
            text = cells[place]
            if text and not fields.get(wire):
                fields[wire] = values.text(reading(text), name, text)
        for place, name, wire, moment in self._dates:
            text = cells[place]
            if text:
                fields[wire] = values.text(moment(text, day_first), name, text)
        for name in _LISTS:
            if "\n" in fields.get(name, ""):
                fields[name] = ",".join(fields[name].split("\n"))
        return fields

    def _refused(self, cells: Sequence[str], found: _Identity) -> str:
        """Why a record cannot be used; empty where it can."""
        if found.plugin.value is None:
            plugin = cells[self._plugin]
            why = ": a spreadsheet rounded it" if _EXPONENT.fullmatch(plugin.strip()) else ""
            return f"{PLUGIN} is {_shown(plugin)}{why}"
        if found.port.odd:
            return f"{PORT} is {_shown(cells[self._port])}"
        if found.severity.odd:
            return f"{SEVERITY} is {_shown(cells[self._severity])}"
        if found.ip.odd:
            return f"{ADDRESS} is {_shown(cells[self._ip])}, which is no single address"
        if found.ip.value:
            return ""
        hosts = ((reading, self._at.get(name, self.width)) for name, reading in _HOSTS.items())
        return "" if any(one(cells[place]).value for one, place in hosts) else "it names no host"


def _shown(cell: str) -> str:
    return repr(cell.strip()[:80])


def _unguarded(reading: Callable[[str], Normalised[T]]) -> Callable[[str], Normalised[T]]:
    """The same for cells that are guarded from a spreadsheet: `="19506"` and `'19506`."""

    @lru_cache(maxsize=65_536)
    def read_cell(cell: str) -> Normalised[T]:
        text = cell.strip()
        guarded = _GUARDED.fullmatch(text) if text[:1] in {"=", "'"} else None
        return reading((guarded[1] or guarded[2] or "") if guarded else text)

    return read_cell


_read_plugin = _unguarded(plugin_id)
_read_severity = _unguarded(severity)
_read_address = _unguarded(address)
_read_port = _unguarded(port)
_read_protocol = _unguarded(protocol)


def _refuse_foreign(at: dict[str, int], head: Sequence[str], tally: Tally) -> None:
    """Refuse what the console did not export, and warn of what an export leaves open."""
    missing = [name for name in (PLUGIN, SEVERITY) if name not in at]
    if not any(name in at for name in _HOSTS):
        missing.append(ADDRESS)
    if missing:
        raise headings.foreign(tally.name, head, missing)
    gone = [name for name in (PORT, PROTOCOL) if name not in at]
    if gone:
        tally.warnings.append(
            f"{tally.name} has no column {' and no column '.join(gone)}: what one plugin found at "
            "several ports of a host is one finding, and not the same as in files that tell it."
        )
    if "Last Observed" not in at:
        tally.warnings.append(
            f"{tally.name} has no column Last Observed: nothing tells how old its findings are."
        )


def _told(text: str) -> str:
    stripped = text.strip()
    return "" if stripped == "N/A" else stripped

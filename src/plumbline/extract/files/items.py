"""One result of a `.nessus` file as a row in the console's fields; see docs/import.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.extract.files.interface import Row
from plumbline.extract.files.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.extract.files.interface import Tally

TAGS = frozenset(
    {"host-ip", "host-fqdn", "host-rdns", "hostname", "netbios-name", "mac-address"}
    | {"operating-system", "os", "host-uuid", "host_uuid", "agent-uuid", "agent_uuid"}
    | {"Credentialed_Scan", "LastAuthenticatedResults", "LastUnauthenticatedResults"}
    | {"HOST_END", "HOST_START", "HOST_END_TIMESTAMP", "HOST_START_TIMESTAMP"}
)
"""The properties of a host that are used; the others are not kept."""
_TIMES = ("HOST_END_TIMESTAMP", "HOST_END", "HOST_START_TIMESTAMP", "HOST_START")
_BY_ADDRESS, _BY_AGENT = "repositoryID,ip,dnsName", "repositoryID,uuid"
_FINDING_BY_ID = "repositoryID,ip,dnsName,port,protocol,pluginID,vulnUUID"
_LAST_PORT = 65_535


@dataclass(slots=True)
class Item:
    """One `ReportItem`; its elements may occur several times."""

    place: str
    attributes: dict[str, str]
    elements: dict[str, list[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The first element of this name; empty without."""
        found = self.elements.get(name)
        return found[0] if found else ""


@dataclass
class Host:
    """One `ReportHost` and those of its properties that are used."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)

    @cached_property
    def seen(self) -> str:
        """When its scan ended, in epoch seconds; empty where the file does not tell."""
        for tag in _TIMES:
            try:
                if found := moment(self.tags.get(tag, "")).epoch:
                    return found
            except ValueError:
                continue
        return ""

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The console's fields of it; empty where nothing names it."""
        tags = self.tags
        address, name = self._names()
        agent = _first(tags, "agent-uuid", "agent_uuid")
        told = {
            "ip": address,
            "dnsName": name,
            "netbiosName": tags.get("netbios-name", "").strip(),
            "macAddress": ",".join(tags.get("mac-address", "").split()),
            "uuid": agent,
            "hostUUID": _first(tags, "host-uuid", "host_uuid"),
        }
        if not any(told.values()):
            return {}
        return told | {
            "operatingSystem": "\n".join(_listed(_first(tags, "operating-system", "os"))),
            "hostUniqueness": _BY_AGENT if agent else _BY_ADDRESS,
            "credentialed": _credentialed(tags),
        }

    def _names(self) -> tuple[str, str]:
        """Address and DNS name."""
        told = self.tags.get("host-ip", "").strip()
        linked = urlsplit(told).hostname or "" if "://" in told else ""
        named = self.name.strip()
        address = next((one for one in (told, linked, named) if _is_address(one)), "")
        names = (_first(self.tags, "host-fqdn", "host-rdns", "hostname"), named, linked)
        return address, next((one.lower() for one in names if one and not _is_address(one)), "")


def row_of(host: Host, item: Item, tally: Tally) -> Row | None:
    """The row of a result; nothing where it is no finding or cannot be used, which is counted."""
    told = item.attributes
    plugin, port = told.get("pluginID", "").strip(), told.get("port", "0").strip() or "0"
    if plugin == "0":
        tally.left_out["open ports without a plugin"] += 1
        return None
    reason = _refused(host, plugin, port, told.get("severity", ""))
    if reason:
        tally.reject(item.place, reason)
        return None
    tally.given += 1
    fields = {**host.fields, **_finding(host, item, tally), **_plugin(item)}
    fields |= {"pluginID": plugin, "port": port, "protocol": told.get("protocol", "").upper()}
    if "cm:compliance-check-name" in item.elements:
        fields |= _compliance(item, fields)
    patched = item.text("vulnerability_state").strip().lower() == "fixed"
    source = Source.PATCHED if patched else Source.CUMULATIVE
    return Row(source, "", int(told["severity"]), fields, told.get("pluginFamily", ""))


def _refused(host: Host, plugin: str, port: str, severity: str) -> str:
    """Why a result cannot be used; empty where it can."""
    if not _is_number(plugin) or not 0 < len(plugin) <= _DIGITS:
        return f"pluginID is {plugin[:80]!r}"
    if not _is_number(port) or len(port) > _DIGITS or int(port) > _LAST_PORT:
        return f"port is {port[:80]!r}"
    if severity not in _SEVERITIES:
        return f"severity is {severity[:80]!r}"
    return "" if host.fields else "its host has neither name nor address"


_DIGITS = 12
_SEVERITIES = frozenset(str(one.value) for one in Severity)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _finding(host: Host, item: Item, tally: Tally) -> dict[str, Any]:
    """What one result says of its own."""
    first, last = _time(item, "first_found", tally), _time(item, "last_found", tally)
    seen = last or host.seen
    if seen:
        tally.newest = max(tally.newest, int(seen))
    output = item.text("plugin_output")
    resurfaced = item.text("vulnerability_state").strip().lower() == "resurfaced"
    return {
        "firstSeen": first or seen,
        "lastSeen": seen,
        "lastMitigated": _time(item, "last_fixed", tally),
        "hasBeenMitigated": "1" if resurfaced else "0",
        "acceptRisk": "0",
        "recastRisk": "0",
        "pluginText": f"<plugin_output>{output}</plugin_output>" if output else "",
    }


def _time(item: Item, name: str, tally: Tally) -> str:
    try:
        return moment(item.text(name)).epoch
    except ValueError:
        tally.odd[f"element {name} that is no time"] += 1
        return ""


_PLAIN = {
    "synopsis": "synopsis",
    "description": "description",
    "solution": "solution",
    "stigSeverity": "stig_severity",
    "baseScore": "cvss_base_score",
    "temporalScore": "cvss_temporal_score",
    "cvssV3BaseScore": "cvss3_base_score",
    "cvssV3TemporalScore": "cvss3_temporal_score",
    "cvssV4BaseScore": "cvss4_base_score",
    "cvssV4ThreatScore": "cvss4_threat_score",
    "cvssV4ThreatVector": "cvss4_threat_vector",
    "vprScore": "vpr_score",
    "epssScore": "epss_score",
    "exploitAvailable": "exploit_available",
    "exploitEase": "exploitability_ease",
    "checkType": "plugin_type",
}
"""The console's field to the element."""
_VECTORS = {
    "cvssVector": "cvss_vector",
    "cvssV3Vector": "cvss3_vector",
    "cvssV4Vector": "cvss4_vector",
}
_DATES = {
    "vulnPubDate": "vuln_publication_date",
    "patchPubDate": "patch_publication_date",
    "pluginPubDate": "plugin_publication_date",
    "pluginModDate": "plugin_modification_date",
}
_PREFIX = re.compile(r"^(?:CVSS2#|CVSS:\d\.\d/)")
_FRAMEWORKS = (
    ("exploit_framework_metasploit", "Metasploit", "metasploit_name"),
    ("exploit_framework_core", "Core Impact", ""),
    ("exploit_framework_canvas", "Canvas", "canvas_package"),
    ("exploit_framework_d2_elliot", "D2 Elliot", "d2_elliot_name"),
    ("exploit_framework_exploithub", "ExploitHub", "exploithub_sku"),
)
_DRIVERS = (
    ("age_of_vuln", "Vulnerability Age", "string"),
    ("cvssV3_impactScore", "CVSS v3 Impact Score", "number"),
    ("exploit_code_maturity", "Exploit Code Maturity", "string"),
    ("product_coverage", "Product Coverage", "string"),
    ("threat_intensity_last_28", "Threat Intensity", "string"),
    ("threat_recency", "Threat Recency", "string"),
    ("threat_sources_last_28", "Threat Sources", "string"),
)


def _plugin(item: Item) -> dict[str, Any]:
    """What a result says of its plugin."""
    text, elements = item.text, item.elements
    told = {name: text(element).strip() for name, element in _PLAIN.items() if element in elements}
    for name, element in _VECTORS.items():
        told[name] = _PREFIX.sub("", text(element).strip())
    for name, element in _DATES.items():
        told[name] = _day(text(element))
    name = item.attributes.get("pluginName") or text("plugin_name")
    told |= {
        "pluginName": name,
        "riskFactor": text("risk_factor").strip().capitalize(),
        "version": text("script_version").strip("$ ").removeprefix("Revision: "),
        "seeAlso": "\n".join(part for one in elements.get("see_also", ()) for part in _listed(one)),
        "cve": _joined(elements, "cve"),
        "bid": _joined(elements, "bid"),
        "cpe": "<br/>".join(elements.get("cpe", ())).replace("\n", "<br/>"),
        "xref": ",".join(_references(elements)),
        "exploitFrameworks": ",".join(_frameworks(item)),
        "vprContext": _drivers(item),
    }
    return told


def _day(text: str) -> str:
    try:
        return moment(text).epoch
    except ValueError:
        return text


def _joined(elements: dict[str, list[str]], name: str) -> str:
    return ",".join(dict.fromkeys(one.strip() for one in elements.get(name, ())))


def _references(elements: dict[str, list[str]]) -> dict[str, None]:
    """Cross references as the console writes them: `TYPE #value`; each once."""
    found = [one.strip().replace(":", " #", 1) for one in elements.get("xref", ())]
    found += [f"CWE #{one.strip()}" for one in elements.get("cwe", ())]
    return dict.fromkeys(one.replace(",", ";") for one in found)


def _frameworks(item: Item) -> Iterator[str]:
    for flag, name, detail in _FRAMEWORKS:
        more = item.text(detail).strip().replace(",", ";") if detail else ""
        if more or item.text(flag).strip().lower() == "true":
            yield f"{name} ({more})" if more else name


def _drivers(item: Item) -> str:
    """What drives the VPR, in the console's form."""
    found = [
        {"id": name, "name": words, "type": kind, "value": item.text(name)}
        for name, words, kind in _DRIVERS
        if name in item.elements
    ]
    return json.dumps(found) if found else ""


def _compliance(item: Item, fields: dict[str, Any]) -> dict[str, Any]:
    """What a compliance check says.

    All checks of an audit come under one plugin, port and protocol, and are told apart by their
    own id, or their name. The texts of a check are its output, not its plugin's description.
    """
    parts = [
        f"<{name}>{text}</{name}>"
        for name, texts in item.elements.items()
        if name.startswith("cm:compliance-")
        for text in texts
    ]
    check = item.text("cm:compliance-check-id") or item.text("cm:compliance-check-name")
    audit = item.text("cm:compliance-audit-file")
    place = "\0".join((fields["pluginID"], fields["port"], fields["protocol"], audit, check))
    digest = blake2b(place.encode("utf-8", "replace"), digest_size=16).digest()
    return {
        "pluginText": fields["pluginText"] + "\n".join(parts),
        "description": "",
        "vulnUUID": str(UUID(bytes=digest)),
        "vulnUniqueness": _FINDING_BY_ID,
    }


def _first(tags: dict[str, str], *names: str) -> str:
    return next((text for name in names if (text := tags.get(name, "").strip())), "")


def _listed(text: str) -> list[str]:
    """A text, or the parts of a JSON list that some exports write instead."""
    if text.startswith('["'):
        try:
            found = json.loads(text)
        except ValueError:
            return [text]
        return [str(one) for one in found]
    return [text.strip()] if text.strip() else []


def _credentialed(tags: dict[str, str]) -> str:
    told = tags.get("Credentialed_Scan", "").strip().lower()
    if told in {"true", "false"}:
        return told
    with_them, without = (
        int(text) if _is_number(text := tags.get(name, "").strip()) else 0
        for name in ("LastAuthenticatedResults", "LastUnauthenticatedResults")
    )
    if not with_them and not without:
        return ""
    return "true" if with_them >= without else "false"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

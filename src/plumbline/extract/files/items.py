"""One result of a `.nessus` file as a row in the console's fields; see docs/import.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from plumbline.domain.finding import Source
from plumbline.domain.normalise import times
from plumbline.domain.normalise.addresses import address
from plumbline.domain.normalise.names import dns_name, netbios_name
from plumbline.domain.normalise.plugin_ids import plugin_id
from plumbline.domain.normalise.ports import port, protocol
from plumbline.domain.normalise.references import ELEMENT as KEV_ELEMENT
from plumbline.domain.normalise.references import kev, kev_due
from plumbline.domain.normalise.scores import cvss, epss, vpr
from plumbline.domain.normalise.severities import severity
from plumbline.extract.files.interface import Row, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plumbline.domain.normalise import Normalised
    from plumbline.extract.files.interface import Tally

_NAMES = (
    *("host-fqdn", "host-fqdns", "fqdn", "dns-name"),
    *("host-rdns", "rdns", "hostname", "host-name"),
)
"""Tags that name a host in DNS, the best first."""
_NETBIOS = ("netbios-name", "host-netbios", "netbios")
_TIMES = ("host-end-timestamp", "host-end", "host-start-timestamp", "host-start")
TAGS = frozenset(
    {*_NAMES, *_NETBIOS, *_TIMES, "host-ip", "mac-address", "operating-system", "os"}
    | {"host-uuid", "agent-uuid", "credentialed-scan"}
    | {"lastauthenticatedresults", "lastunauthenticatedresults"}
)
"""The properties of a host that are used, as `tag_name` writes them; the others are not kept."""
_BY_ADDRESS, _BY_AGENT = "repositoryID,ip,dnsName", "repositoryID,uuid"
_FINDING_BY_ID = "repositoryID,ip,dnsName,port,protocol,pluginID,vulnUUID"
_OPEN_PORT = "Open Port"
"""What the console calls plugin 0: a port that is open, and that no plugin speaks of."""


def tag_name(text: str) -> str:
    """The name of a property in one spelling: `HOST_END` and `host-end` are the same."""
    return text.strip().casefold().replace("_", "-")


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


@dataclass(slots=True)
class Host:
    """One `ReportHost` and those of its properties that are used."""

    name: str
    place: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    known: Known | None = None
    """What it is, once a result has asked."""

    def read(self, tally: Tally) -> Known:
        """What it is; its oddities are counted once."""
        if self.known is None:
            values = Values(tally, self.place)
            fields = self._fields(values)
            self.known = Known(fields, self._seen(values), values.beyond)
        return self.known

    def _seen(self, values: Values) -> str:
        """When its scan ended, in epoch seconds; empty where the file does not tell."""
        for tag in _TIMES:
            if text := self.tags.get(tag, ""):
                found = times.moment(text, latest=values.tally.latest)
                if seconds := values.text(found, tag, text):
                    return seconds
        return ""

    def _fields(self, values: Values) -> dict[str, Any]:
        """The console's fields of it; empty where nothing names it."""
        tags = self.tags
        ip, name = self._names(values)
        agent = tags.get("agent-uuid", "")
        found = {
            "ip": ip,
            "dnsName": name,
            "netbiosName": netbios_name(_first(tags, *_NETBIOS)).value or "",
            "macAddress": ",".join(tags.get("mac-address", "").split()),
            "uuid": agent,
            "hostUUID": tags.get("host-uuid", ""),
        }
        if not any(found.values()):
            return {}
        return found | {
            "operatingSystem": "\n".join(_listed(_first(tags, "operating-system", "os"))),
            "hostUniqueness": _BY_AGENT if agent else _BY_ADDRESS,
            "credentialed": _credentialed(tags),
        }

    def _names(self, values: Values) -> tuple[str, str]:
        """Address and DNS name."""
        told = self.tags.get("host-ip", "")
        linked = urlsplit(told).hostname or "" if "://" in told else ""
        named = self.name.strip()
        ip = ""
        for text, what in ((told, "host-ip"), (linked, "host-ip"), (named, "name")):
            if not ip and (found := address(text)).value:
                ip = values.text(found, what, text)
        for tag in _NAMES:
            if name := self._name(tag, values):
                return ip, name
        others = (one for one in (named, linked) if one and address(one).odd)
        return ip, values.text(dns_name(next(others, "")), "name", named)

    def _name(self, tag: str, values: Values) -> str:
        """The name that a tag tells; of several the first."""
        text = self.tags.get(tag, "")
        names = [one for one in _listed_names(text) if address(one).odd]
        if len(names) > 1:
            values.tally.note("tag with several names, the first was taken", text, self.place)
            values.beyond[tag] = text
        return values.text(dns_name(names[0]), tag, names[0]) if names else ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a host."""

    fields: dict[str, Any]
    """The console's fields; empty where nothing names it."""
    seen: str
    beyond: dict[str, Any]


def row_of(host: Host, item: Item, tally: Tally) -> Row | None:
    """The row of a result; nothing where it cannot be used, which is counted."""
    told, known = item.attributes, host.read(tally)
    plugin, place = told.get("pluginID", ""), told.get("port", "")
    reason = _refused(known, plugin, place, told.get("severity", ""))
    if reason:
        tally.reject(item.place, reason)
        return None
    tally.given += 1
    values = Values(tally, item.place, dict(known.beyond))
    fields = {**known.fields, **_finding(known, item, values), **_plugin(item, values)}
    fields |= {
        "pluginID": str(plugin_id(plugin).value),
        "port": values.text(port(place), "port", place) or "0",
        "protocol": values.text(protocol(told.get("protocol")), "protocol", ""),
    }
    if "cm:compliance-check-name" in item.elements:
        fields |= _compliance(item, fields)
        values.beyond |= {name: item.text(name) for name in _KEPT if name in item.elements}
    patched = item.text("vulnerability_state").strip().lower() == "fixed"
    source = Source.PATCHED if patched else Source.CUMULATIVE
    rank = severity(told.get("severity")).value or 0
    return Row(source, "", int(rank), fields, told.get("pluginFamily", ""), values.beyond or None)


def _refused(known: Known, plugin: str, place: str, rank: str) -> str:
    """Why a result cannot be used; empty where it can."""
    if plugin_id(plugin).value is None:
        return f"pluginID is {plugin[:80]!r}"
    if port(place).odd:
        return f"port is {place[:80]!r}"
    if severity(rank).odd:
        return f"severity is {rank[:80]!r}"
    return "" if known.fields else "its host has neither name nor address"


_KEPT = ("cm:compliance-result", "cm:compliance-check-name")
"""What a compliance check says that has no column yet."""


def _finding(known: Known, item: Item, values: Values) -> dict[str, Any]:
    """What one result says of its own."""
    first, last = _time(item, "first_found", values), _time(item, "last_found", values)
    seen = last or known.seen
    if seen:
        values.tally.newest = max(values.tally.newest, int(seen))
    output = item.text("plugin_output")
    resurfaced = item.text("vulnerability_state").strip().lower() == "resurfaced"
    return {
        "firstSeen": first or seen,
        "lastSeen": seen,
        "lastMitigated": _time(item, "last_fixed", values),
        "hasBeenMitigated": "1" if resurfaced else "0",
        "acceptRisk": "0",
        "recastRisk": "0",
        "pluginText": f"<plugin_output>{output}</plugin_output>" if output else "",
    }


def _time(item: Item, name: str, values: Values, earliest: int = times.EARLIEST) -> str:
    text = item.text(name)
    if not text:
        return ""
    found = times.moment(text, earliest=earliest, latest=values.tally.latest)
    return values.text(found, name, text)


_PLAIN = {
    "synopsis": "synopsis",
    "description": "description",
    "solution": "solution",
    "stigSeverity": "stig_severity",
    "cvssV4ThreatVector": "cvss4_threat_vector",
    "exploitAvailable": "exploit_available",
    "exploitEase": "exploitability_ease",
    "checkType": "plugin_type",
}
"""The console's field to the element."""
_SCORES: dict[str, tuple[str, Callable[[Any], Normalised[float]]]] = {
    "baseScore": ("cvss_base_score", cvss),
    "temporalScore": ("cvss_temporal_score", cvss),
    "cvssV3BaseScore": ("cvss3_base_score", cvss),
    "cvssV3TemporalScore": ("cvss3_temporal_score", cvss),
    "cvssV4BaseScore": ("cvss4_base_score", cvss),
    "cvssV4ThreatScore": ("cvss4_threat_score", cvss),
    "vprScore": ("vpr_score", vpr),
    "epssScore": ("epss_score", epss),
}
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


def _plugin(item: Item, values: Values) -> dict[str, Any]:
    """What a result says of its plugin."""
    text, elements = item.text, item.elements
    told = {name: text(element).strip() for name, element in _PLAIN.items() if element in elements}
    for name, element in _VECTORS.items():
        told[name] = _PREFIX.sub("", text(element).strip())
    for name, (element, reading) in _SCORES.items():
        if element in elements:
            told[name] = values.text(reading(text(element)), element, text(element))
    for name, element in _DATES.items():
        told[name] = _time(item, element, values, times.EARLIEST_PUBLISHED)
    name = item.attributes.get("pluginName") or text("plugin_name")
    if not name and plugin_id(item.attributes.get("pluginID")).value == 0:
        name = _OPEN_PORT
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


def _joined(elements: dict[str, list[str]], name: str) -> str:
    return ",".join(dict.fromkeys(one.strip() for one in elements.get(name, ())))


def _references(elements: dict[str, list[str]]) -> dict[str, None]:
    """Cross references as the console writes them: `TYPE #value`; each once."""
    found = [_reference(one.strip()) for one in elements.get("xref", ())]
    found += [f"CWE #{one.strip()}" for one in elements.get("cwe", ())]
    found += [_KEV.format(kev_due(one) or "") for one in elements.get(KEV_ELEMENT, ())]
    return dict.fromkeys(one.replace(",", ";").strip() for one in found)


_KEV = "CISA-KNOWN-EXPLOITED #{}"


def _reference(text: str) -> str:
    mark = kev(text)
    return _KEV.format(mark.due or "") if mark.listed else text.replace(":", " #", 1)


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
    return next((text for name in names if (text := tags.get(name, ""))), "")


def _listed(text: str) -> list[str]:
    """A text, or the parts of a JSON list that some exports write instead."""
    if text.startswith('["'):
        try:
            found = json.loads(text)
        except ValueError:
            return [text]
        return [str(one) for one in found]
    return [text.strip()] if text.strip() else []


def _listed_names(text: str) -> list[str]:
    """The names in a text: one, several, or a JSON list of names or of objects with an `FQDN`."""
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = []
        parts = (one.get("FQDN", "") if isinstance(one, dict) else one for one in found)
        return [one.strip() for one in parts if isinstance(one, str) and one.strip()]
    return re.split(r"[,;\s]+", text) if text else []


def _credentialed(tags: dict[str, str]) -> str:
    told = tags.get("credentialed-scan", "").lower()
    if told in {"true", "false"}:
        return told
    with_them, without = (
        int(text) if (text := tags.get(name, "")).isascii() and text.isdigit() else 0
        for name in ("lastauthenticatedresults", "lastunauthenticatedresults")
    )
    if not with_them and not without:
        return ""
    return "true" if with_them >= without else "false"

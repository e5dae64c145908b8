"""One result of a `.nessus` file as a row in the console's fields; see docs/import.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

from plumbline.domain.finding import Source
from plumbline.domain.normalise import times
from plumbline.domain.normalise.references import ELEMENT as KEV_ELEMENT
from plumbline.domain.normalise.references import kev, kev_due
from plumbline.extract.files.hosts import Host, Known, listed
from plumbline.extract.files.interface import Row, Values
from plumbline.extract.files.readings import (
    cvss,
    epss,
    moments,
    plugin_id,
    port,
    protocol,
    severity,
    vpr,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plumbline.domain.normalise import Normalised
    from plumbline.extract.files.interface import Tally

_FINDING_BY_ID = "repositoryID,ip,dnsName,port,protocol,pluginID,vulnUUID"
_OPEN_PORT = "Open Port"
"""What the console calls plugin 0: a port that is open, and that no plugin speaks of."""


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


def row_of(host: Host, item: Item, tally: Tally) -> Row | None:
    """The row of a result; nothing where it cannot be used, which is counted."""
    told, known = item.attributes, host.known or host.read(tally)
    plugin, place, kind = told.get("pluginID", ""), told.get("port", ""), told.get("protocol", "")
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
        "protocol": values.text(protocol(kind), "protocol", kind),
    }
    if "cm:compliance-check-name" in item.elements:
        fields |= _compliance(item, fields)
        values.beyond |= {name: item.text(name) for name in _KEPT if name in item.elements}
    patched = item.text("vulnerability_state").strip().lower() == "fixed"
    source = Source.PATCHED if patched else Source.CUMULATIVE
    rank = severity(told.get("severity")).value or 0
    return Row(
        source,
        "",
        int(rank),
        fields,
        told.get("pluginFamily", ""),
        values.beyond or None,
        item.place,
    )


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
    if name not in item.elements:
        return ""
    text = item.text(name)
    reading = moments(earliest, values.tally.latest)
    return values.text(reading(text), name, text)


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
        if element in elements:
            told[name] = _PREFIX.sub("", text(element).strip())
    for name, (element, reading) in _SCORES.items():
        if element in elements:
            raw = elements[element][0]
            told[name] = values.text(reading(raw), element, raw)
    for name, element in _DATES.items():
        if element in elements:
            told[name] = _time(item, element, values, times.EARLIEST_PUBLISHED)
    name = item.attributes.get("pluginName") or text("plugin_name")
    if not name and plugin_id(item.attributes.get("pluginID")).value == 0:
        name = _OPEN_PORT
    told |= {
        "pluginName": name,
        "riskFactor": text("risk_factor").strip().capitalize(),
        "version": text("script_version").strip("$ ").removeprefix("Revision: "),
        "seeAlso": "\n".join(part for one in elements.get("see_also", ()) for part in listed(one)),
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


@lru_cache(maxsize=65_536)
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

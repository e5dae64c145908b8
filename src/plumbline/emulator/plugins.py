"""Plugins: what a check knows about itself, and the pieces of JSON its findings share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from plumbline.emulator.wire import dump, members


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A plugin family; `kind` is active, passive, compliance or lce."""

    id: int
    name: str
    kind: str = "active"

    def wire(self) -> dict[str, str]:
        """Write it as findings carry it."""
        return {"id": str(self.id), "name": self.name, "type": self.kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One plugin; texts as the console writes them, dates as epoch seconds with -1 for unknown."""

    id: int
    name: str
    family: Family
    severity: int
    risk_factor: str = "None"
    synopsis: str = ""
    description: str = ""
    solution: str = "n/a"
    see_also: str = ""
    vpr_score: str = ""
    vpr_context: str | list[dict[str, Any]] = ""
    exploit_available: bool = False
    exploit_ease: str = ""
    exploit_frameworks: str = ""
    stig_severity: str = ""
    base_score: str = ""
    temporal_score: str = ""
    cvss_vector: str = ""
    v3_base_score: str = ""
    v3_temporal_score: str = ""
    v3_vector: str = ""
    v4_base_score: str = ""
    v4_vector: str = ""
    v4_threat_score: str = ""
    v4_threat_vector: str = ""
    v4_supplemental: str = ""
    epss_score: str = ""
    cpe: str = ""
    vuln_published: int = -1
    patch_published: int = -1
    plugin_published: int = -1
    plugin_modified: int = -1
    check_type: str = "remote"
    version: str = "1.1"
    cves: tuple[str, ...] = ()
    bids: str = ""
    xrefs: tuple[str, ...] = ()
    seol_date: int = -1
    was: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginPieces:
    """JSON of one plugin, cut where a finding's own values go between."""

    id: bytes
    rating: bytes
    name: bytes
    listed_name: bytes
    details: bytes
    family: bytes
    info_head: bytes
    info_tail: bytes


def plugin_pieces(plugin: Plugin) -> PluginPieces:
    """Cut a plugin into the pieces of JSON that its findings are joined from."""
    return PluginPieces(
        id=b'{"pluginID":"%d",' % plugin.id,
        rating=members({"vprScore": plugin.vpr_score, "vprContext": plugin.vpr_context}),
        name=members({"pluginName": plugin.name}),
        listed_name=members({"name": plugin.name}),
        details=members(details(plugin)),
        family=members({"family": plugin.family.wire()}),
        info_head=b'"pluginInfo":"%d ' % plugin.id,
        info_tail=b" " + dump(plugin.name)[1:] + b"}",
    )


def details(plugin: Plugin) -> dict[str, Any]:
    """The attributes between `lastSeen` and `pluginText`, in the order of the wire."""
    return {
        "exploitAvailable": "Yes" if plugin.exploit_available else "No",
        "exploitEase": plugin.exploit_ease,
        "exploitFrameworks": plugin.exploit_frameworks,
        "synopsis": plugin.synopsis,
        "description": plugin.description,
        "solution": plugin.solution,
        "seeAlso": plugin.see_also,
        "riskFactor": plugin.risk_factor,
        "stigSeverity": plugin.stig_severity,
        "baseScore": plugin.base_score,
        "temporalScore": plugin.temporal_score,
        "cvssVector": plugin.cvss_vector,
        "cvssV3BaseScore": plugin.v3_base_score,
        "cvssV3TemporalScore": plugin.v3_temporal_score,
        "cvssV3Vector": plugin.v3_vector,
        "cvssV4BaseScore": plugin.v4_base_score,
        "cvssV4Vector": plugin.v4_vector,
        "cvssV4ThreatScore": plugin.v4_threat_score,
        "cvssV4ThreatVector": plugin.v4_threat_vector,
        "cvssV4Supplemental": plugin.v4_supplemental,
        "epssScore": plugin.epss_score,
        "cpe": plugin.cpe,
        "vulnPubDate": str(plugin.vuln_published),
        "patchPubDate": str(plugin.patch_published),
        "pluginPubDate": str(plugin.plugin_published),
        "pluginModDate": str(plugin.plugin_modified),
        "checkType": plugin.check_type,
        "version": plugin.version,
        "cve": ",".join(plugin.cves),
        "bid": plugin.bids,
        "xref": ",".join(plugin.xrefs),
        "seolDate": str(plugin.seol_date),
    }

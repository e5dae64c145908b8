"""Plugins: one row for each plugin, with what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.domain.severity import Severity
from plumbline.posture import counts, risk, sources
from plumbline.posture.counted import number
from plumbline.posture.relation import Field, FieldKind, Relation, Source

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_TEXT, _INTEGER, _NUMBER = FieldKind.TEXT, FieldKind.INTEGER, FieldKind.NUMBER
_FLAG, _TIME = FieldKind.FLAG, FieldKind.TIME
_OPEN = "open"
_KEYS = ("console", "plugin_id")
_FACTORS = {"none": Severity.INFO}


def _rank(rows: ir.Table, _: Estate) -> ir.IntegerValue:
    """Worst severity of its open findings; without any, what the plugin says of itself."""
    factor = rows.risk_factor.lower()
    words = {**{severity.word: severity for severity in Severity}, **_FACTORS}
    said = ibis.cases(*((factor == word, int(severity)) for word, severity in words.items()))
    return ibis.coalesce(rows.open__severity, said)


def _severity(rows: ir.Table, estate: Estate) -> ir.StringValue:
    return counts.severity_word(_rank(rows, estate))


def _exploitable(rows: ir.Table, _: Estate) -> ir.BooleanValue:
    return (rows.exploit | rows.kev).fill_null(False)  # noqa: FBT003 - the engine's signature


def _risk(rows: ir.Table, estate: Estate) -> ir.FloatingValue:
    severity = ibis.coalesce(_rank(rows, estate), int(Severity.INFO))
    weights = risk.weights(rows)
    return risk.shown(
        risk.of_finding(severity, weights["impact"], weights["slope"], weights["lift"])
    )


FIELDS = (
    Field("console", _TEXT, "connection it came through", tells_apart=True),
    Field("plugin_id", _INTEGER, "number of the plugin", names=("plugin", "id"), shown=True),
    Field("name", _TEXT, "name", names=("plugin_name",), shown=True),
    Field("family", _TEXT, "family", shown=True),
    Field(
        "severity",
        FieldKind.SEVERITY,
        "worst severity of its open findings; without any, its own",
        source=_OPEN,
        build=_severity,
        rank=_rank,
        needs=("risk_factor",),
        shown=True,
    ),
    Field(
        "risk",
        _NUMBER,
        "how urgent its worst finding is, 0 to 10",
        source=_OPEN,
        build=_risk,
        needs=("risk_factor", *risk.INPUTS),
        shown=True,
    ),
    Field(
        "hosts",
        _INTEGER,
        "hosts with an open finding",
        source=_OPEN,
        build=number(_OPEN, "hosts"),
        shown=True,
    ),
    Field(
        "findings",
        _INTEGER,
        "open findings",
        source=_OPEN,
        build=number(_OPEN, "findings"),
        shown=True,
    ),
    Field("cves", FieldKind.TEXTS, "CVE names", each="each_cve", names=("cve",)),
    Field(
        "xrefs",
        FieldKind.TEXTS,
        "cross references such as IAVA #2021-A-0573",
        each="each_xref",
        names=("xref",),
    ),
    Field("vpr", _NUMBER, "Vulnerability Priority Rating, 0 to 10"),
    Field("cvss4", _NUMBER, "CVSS 4 base score"),
    Field("cvss3", _NUMBER, "CVSS 3 base score", names=("cvss",)),
    Field("cvss2", _NUMBER, "CVSS 2 base score"),
    Field("epss", _NUMBER, "chance of exploitation, 0 to 1"),
    Field("kev", _FLAG, "in CISA's catalogue of exploited ones", shown=True),
    Field("exploit", _FLAG, "an exploit is available", shown=True),
    Field(
        "exploitable",
        _FLAG,
        "an exploit is available, or it is in KEV",
        build=_exploitable,
        needs=("exploit", "kev"),
    ),
    Field("synopsis", _TEXT, "what it is, in a sentence", lengthy=True),
    Field("description", _TEXT, "what it is, at length", lengthy=True),
    Field("solution", _TEXT, "how to fix it", lengthy=True),
    Field("risk_factor", _TEXT, "risk factor the plugin names itself"),
    Field("vuln_published", _TIME, "vulnerability published"),
    Field("patch_published", _TIME, "patch published"),
    Field("plugin_published", _TIME, "plugin published"),
)

PLUGINS = Relation(
    name="plugins",
    doc="One row for each plugin.",
    base=lambda estate: estate.table("plugins"),
    key=_KEYS,
    fields=FIELDS,
    sources=(
        sources.EACH_CVE,
        sources.EACH_XREF,
        Source(name=_OPEN, keys=_KEYS, build=lambda estate, _: counts.by_plugin(estate)),
    ),
    searched=("name", "plugin_id", "cves", "xrefs", "family"),
    order=("-severity", "-risk", "-hosts"),
    taken_along=("plugin_id", "cves", "solution"),
    ties=("-hosts", "-findings"),
)

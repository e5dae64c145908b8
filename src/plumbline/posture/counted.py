"""Fields that every relation counts alike: open findings of each severity, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.domain.severity import SC_WEIGHTS
from plumbline.posture import risk
from plumbline.posture.counts import WORST_FIRST
from plumbline.posture.relation import Field, FieldKind, joined_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

    Build = Callable[[ir.Table, Estate], ir.Value]


def number(source: str, column: str) -> Build:
    """A count of a source; a row that the source does not know has none, and none is 0."""
    name = joined_name(source, column)
    return lambda rows, _: rows[name].fill_null(0)


def severities(source: str) -> tuple[Field, ...]:
    """How many open findings there are of each severity, worst first."""
    return tuple(
        Field(
            severity.word,
            FieldKind.INTEGER,
            f"open findings of severity {severity.word}",
            source=source,
            build=number(source, severity.word),
            shown=True,
        )
        for severity in WORST_FIRST
    )


def sc_score(source: str) -> Field:
    """Security Center's own score, with its default weights."""

    def build(rows: ir.Table, _: Estate) -> ir.IntegerValue:
        weighed = [
            rows[joined_name(source, severity.word)].fill_null(0) * SC_WEIGHTS[severity]
            for severity in WORST_FIRST
            if SC_WEIGHTS[severity]
        ]
        return sum(weighed[1:], start=weighed[0])

    doc = "Security Center's score: 40 a critical, 10 a high, 3 a medium, 1 a low finding"
    return Field("sc_score", FieldKind.INTEGER, doc, source=source, build=build)


def combined_risk(source: str, scale: float, doc: str) -> Field:
    """Risk of what holds several risks."""

    def build(rows: ir.Table, _: Estate) -> ir.FloatingValue:
        return risk.shown(_together(rows, source, scale))

    return Field("risk", FieldKind.NUMBER, doc, source=source, build=build, shown=True)


def host_risk(source: str) -> Field:
    """Risk of a host: what its findings make together, by how critical it is."""

    def build(rows: ir.Table, _: Estate) -> ir.FloatingValue:
        return risk.shown(risk.weighed(_together(rows, source, risk.HOST_SCALE), rows.acr))

    doc = "how urgent it is, 0 to 10"
    return Field(
        "risk", FieldKind.NUMBER, doc, source=source, build=build, needs=("acr",), shown=True
    )


def _together(rows: ir.Table, source: str, scale: float) -> ir.FloatingValue:
    worst, extent = (rows[joined_name(source, name)] for name in ("worst", "extent"))
    return risk.combined(worst, extent, scale)

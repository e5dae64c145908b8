"""How many findings are open, of each severity?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import counts
from plumbline.posture.questions.interface import Question, number
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    hosts = counts.by_host(estate)
    whole = hosts.aggregate(
        **{f"findings_{word}": hosts[word].sum().fill_null(0) for word in counts.WORDS},
        **{f"hosts_{word}": hosts.count(where=hosts[word] > 0) for word in counts.WORDS},
    )
    # One row becomes five, so that a severity without a finding is told as 0.
    rows = whole.mutate(severity=ibis.array(list(counts.WORDS)).unnest())
    return rows.select(
        "severity",
        findings=_of_severity(rows, "findings"),
        hosts=_of_severity(rows, "hosts"),
    )


def _of_severity(rows: ir.Table, what: str) -> ir.IntegerValue:
    found = ((rows.severity == word, rows[f"{what}_{word}"]) for word in counts.WORDS)
    return ibis.cases(*found).cast("int64")


QUESTION = Question(
    name="open-by-severity",
    title="Open findings by severity",
    doc="How many findings are open of each severity, and on how many hosts.",
    columns=(
        Heading("severity", FieldKind.SEVERITY, "effective severity"),
        number("findings", "open findings"),
        number("hosts", "hosts with at least one of them"),
    ),
    ask=_ask,
)

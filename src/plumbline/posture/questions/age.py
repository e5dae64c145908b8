"""How old are the open findings, of each severity?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import bands, counts
from plumbline.posture.questions.interface import Question, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_WORDS = bands.words(bands.AGE)


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    found = open_ages(estate)
    rows = found.group_by("place").aggregate(**counts.by_severity(found), total=found.count())
    every = ibis.array(list(range(len(_WORDS)))).unnest().name("place").as_table()
    rows = every.left_join(rows, "place", rname="found__{name}").order_by("place")
    names = (*counts.WORDS, "total")
    word = ibis.cases(*((rows.place == n, band) for n, band in enumerate(_WORDS)))
    return rows.select(
        word.name("days"), *(rows[name].fill_null(0).cast("int64").name(name) for name in names)
    )


def open_ages(estate: Estate) -> ir.Table:
    """Severity and place of the age band of each open finding."""
    rows = counts.open_findings(estate)
    return rows.select("severity", place=bands.place(estate, rows, "first_seen", bands.AGE))


QUESTION = Question(
    name="severity-by-age",
    title="Open findings by severity and age",
    doc="How many days ago the open findings were first seen.",
    columns=(
        text("days", "days since first seen, up to the snapshot"),
        *(number(word, f"open findings of severity {word}") for word in counts.WORDS),
        number("total", "open findings of this age"),
    ),
    ask=_ask,
)

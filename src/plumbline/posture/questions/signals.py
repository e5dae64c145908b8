"""Which plugins combine grave consequences with likely use: VPR against EPSS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import counts
from plumbline.posture.questions.interface import Question, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

VPR = ((9.0, ">=9"), (7.0, "7..9"), (4.0, "4..7"), (0.0, "<4"))
"""Lower ends, the worst first."""
EPSS = ((0.5, ">=50%"), (0.1, "10%..50%"), (0.01, "1%..10%"), (0.0, "<1%"))
NOT_SUPPLIED = "not supplied"
DOWN = (*(word for _, word in VPR), NOT_SUPPLIED)
ACROSS = (*(word for _, word in reversed(EPSS)), NOT_SUPPLIED)
"""The axes of a drawing, wherever it is: the upper right of what was supplied is worst."""


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    plugins = estate.table("plugins").select(*counts.PLUGIN, "vpr", "epss")
    rows = counts.by_plugin(estate).inner_join(plugins, counts.PLUGIN, rname="plugin__{name}")
    rows = rows.filter(rows.severity > 0)
    rows = rows.select(
        vpr=_band(rows.vpr, VPR),
        epss=_band(rows.epss, EPSS),
        findings=rows["findings"] - rows["info"],
    )
    told = rows.group_by("vpr", "epss").aggregate(
        plugins=rows.count(), findings=rows.findings.sum().cast("int64")
    )
    return told.order_by("vpr", "epss")


def label(word: str) -> str:
    """A band as people write it."""
    dashed = word.replace("%..", "..").replace("..", "\N{EN DASH}")
    return dashed.replace(">=", "\N{GREATER-THAN OR EQUAL TO}\N{NO-BREAK SPACE}")


def _band(value: ir.FloatingValue, bands: tuple[tuple[float, str], ...]) -> ir.StringValue:
    ends = ((value >= low, word) for low, word in bands)
    return ibis.cases((value.isnull(), NOT_SUPPLIED), *ends, else_=bands[-1][1])


QUESTION = Question(
    name="vpr-by-epss",
    title="Consequence against likelihood",
    doc="Open findings of severity low and above by the VPR and the EPSS of their plugins.",
    columns=(
        text("vpr", "band of the Vulnerability Priority Rating; `not supplied` without one"),
        text("epss", "band of the chance of exploitation; `not supplied` without one"),
        number("plugins", "plugins with an open finding there"),
        number("findings", "open findings of severity low and above"),
    ),
    ask=_ask,
)

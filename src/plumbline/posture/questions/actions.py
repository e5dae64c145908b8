"""Which actions remove most risk?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import counts, risk
from plumbline.posture.questions.interface import LIMIT, Question, limit, number, text
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate


def _ask(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    rows = estate.summed("by_solution", _by_solution)
    whole = rows.aggregate(whole=rows.burden.sum())
    rows = rows.cross_join(whole)
    rows = rows.select(
        *(c.name for c in QUESTION.columns if c.name != "share"),
        share=(rows.burden / rows.whole.nullif(0.0)).round(4),
        burden=rows.burden,
    )
    rows = rows.filter(rows.burden > 0)
    rows = rows.order_by(ibis.desc("burden"), "solution").limit(limit(arguments))
    return rows.select(*(column.name for column in QUESTION.columns))


def _by_solution(estate: Estate) -> ir.Table:
    """One row for each solution's text; what has none is no action."""
    plugins = estate.table("plugins").select(*counts.PLUGIN, "solution", "name")
    found = counts.open_findings(estate).select(*counts.PLUGIN, "host", "severity")
    rows = found.left_join(counts.weights(estate), counts.PLUGIN, rname="weight__{name}")
    exact = risk.of_finding(rows.severity, rows.impact, rows.slope, rows.lift)
    rows = rows.mutate(extent=risk.extent(exact), rank=exact)
    sums = rows.group_by(*counts.PLUGIN, "host").aggregate(
        burden=rows.extent.sum(), findings=rows.count(), worst=rows["rank"].max()
    )
    rows = sums.inner_join(plugins, counts.PLUGIN, rname="plugin__{name}")
    rows = rows.filter(rows.solution.strip().length() > 0)
    return rows.group_by("solution").aggregate(
        name=rows.name.argmax(rows.worst),
        plugins=rows.plugin_id.nunique(),
        hosts=rows.host.nunique(),
        findings=rows.findings.sum().cast("int64"),
        risk=risk.shown(rows.worst.max()),
        burden=rows.burden.sum(),
    )


QUESTION = Question(
    name="top-actions",
    title="Actions that remove most risk",
    doc="Solutions by how much of the extent of risk goes if each is carried out everywhere.",
    columns=(
        text("solution", "what to do, as the plugins tell it"),
        text("name", "the worst plugin it solves"),
        number("plugins", "plugins it solves"),
        number("hosts", "hosts it concerns"),
        number("findings", "open findings it solves"),
        Heading("risk", FieldKind.NUMBER, "risk of the worst of these findings, 0 to 10"),
        Heading("share", FieldKind.NUMBER, "part of the whole extent of risk, 0 to 1"),
    ),
    ask=_ask,
    parameters=(LIMIT,),
)

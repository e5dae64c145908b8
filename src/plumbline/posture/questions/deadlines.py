"""How do the findings stand to their deadlines, and how long do fixes take?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import FindingState
from plumbline.domain.severity import Severity
from plumbline.posture import counts, sla
from plumbline.posture.questions.interface import Question, number, text
from plumbline.posture.relation import FieldKind, Heading
from plumbline.posture.sla import PERIOD_DAYS, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

FIX_PERIOD_DAYS = 90
_DUE = tuple(severity for severity in counts.WORST_FIRST if severity is not Severity.INFO)
_NUMBERS = ("overdue", "within", "due", "met", "missed", "late")


def _standings(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    found = estate.table("findings")
    now, begin = estate.moment(found), estate.moment(found, timedelta(days=PERIOD_DAYS))
    end = sla.due(found, estate.deadlines)
    rows = found.select(
        "severity",
        standing=sla.standing(found, estate),
        recent=((end <= now) & (end >= begin)).fill_null(False),  # noqa: FBT003 - the engine's
    )
    is_ = {one: rows.standing == one.value for one in Standing}
    told = rows.group_by("severity").aggregate(
        overdue=rows.count(where=is_[Standing.OVERDUE]),
        within=rows.count(where=is_[Standing.WITHIN]),
        due=rows.count(where=rows.recent & rows.standing.notnull()),
        met=rows.count(where=rows.recent & is_[Standing.MET]),
        missed=rows.count(where=rows.recent & is_[Standing.MISSED]),
        late=rows.count(where=rows.recent & is_[Standing.OVERDUE]),
    )
    rows = _each_severity(told, _NUMBERS)
    days = ibis.cases(*((rows.severity == int(s), estate.deadlines.days(s)) for s in _DUE))
    return rows.select(
        counts.severity_word(rows.severity).name("severity"),
        days.cast("int64").name("days"),
        *(rows[name] for name in _NUMBERS),
    )


def _fixes(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    found = estate.table("findings")
    since = estate.moment(found, timedelta(days=FIX_PERIOD_DAYS))
    rows = found.filter((found.state == FindingState.FIXED.value) & (found.fixed_at >= since))
    rows = rows.select("severity", days=estate.days_since(rows, "first_seen", "fixed_at"))
    told = rows.group_by("severity").aggregate(
        fixed=rows.count(), median=rows.days.median().cast("float64")
    )
    still = counts.open_findings(estate)
    still = still.select("severity", days=estate.days_since(still, "first_seen"))
    ages = still.group_by("severity").aggregate(open_median=still.days.median().cast("float64"))
    rows = _each_severity(told, ("fixed",)).left_join(ages, "severity", rname="age__{name}")
    rows = rows.order_by(ibis.desc("severity"))
    word = counts.severity_word(rows.severity).name("severity")
    return rows.select(word, "fixed", "median", "open_median")


def _each_severity(told: ir.Table, numbers: tuple[str, ...]) -> ir.Table:
    """A row for each severity that has a deadline, worst first, even where there is nothing."""
    every = ibis.array([int(s) for s in _DUE]).unnest().name("severity").as_table()
    rows = every.left_join(told, "severity", rname="told__{name}")
    rows = rows.order_by(ibis.desc("severity"))
    return rows.mutate(**{name: rows[name].fill_null(0) for name in numbers})


SLA = Question(
    name="sla",
    title="Deadlines",
    doc=f"Open findings by their deadline, and what became of those due in the {PERIOD_DAYS} days "
    "up to the snapshot. Compliance is met / due.",
    columns=(
        text("severity", "severity"),
        number("days", "days from first seen to the deadline"),
        number("overdue", "open findings past their deadline"),
        number("within", "open findings whose deadline is still to come"),
        number("due", f"findings whose deadline fell in the last {PERIOD_DAYS} days"),
        number("met", "of these, fixed in time"),
        number("missed", "fixed too late"),
        number("late", "still open"),
    ),
    ask=_standings,
)

FIXES = Question(
    name="time-to-fix",
    title="How long fixes take",
    doc=f"Days from first seen to fixed, of findings fixed in the {FIX_PERIOD_DAYS} days up to the "
    "snapshot: half were fixed faster. Look at the age of what is open beside it: fixing old "
    "findings makes this number grow.",
    columns=(
        text("severity", "severity"),
        number("fixed", "findings fixed in that time"),
        Heading("median", FieldKind.NUMBER, "days half of them took at most; empty without any"),
        Heading("open_median", FieldKind.NUMBER, "days half of what is open is at most old"),
    ),
    ask=_fixes,
)

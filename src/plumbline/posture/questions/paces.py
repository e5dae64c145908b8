"""How the keeping of deadlines and the time to fix developed, week by week back from the snapshot.

Both follow from dates that findings carry, so one snapshot tells them for every week since the
first run. Week 0 is what `sla` and `time-to-fix` say. For weeks before it, a finding that was
reopened, accepted or vanished since is told as it is now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import OPEN_STATES, FindingState
from plumbline.domain.severity import Severity
from plumbline.posture import counts
from plumbline.posture.engine import DAY_SECONDS, Statement
from plumbline.posture.questions.deadlines import FIX_PERIOD_DAYS
from plumbline.posture.questions.interface import Question, number, text
from plumbline.posture.relation import FieldKind, Heading
from plumbline.posture.sla import PERIOD_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

WEEKS = 26
_WEEK = 7
_NUMBERS = ("due", "met", "fixed")


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    rows = _due(estate).union(_fixes(estate))
    rows = rows.group_by("severity", "weeks_ago").aggregate(
        **{name: rows[name].sum().fill_null(0).cast("int64") for name in _NUMBERS},
        median=rows["median"].max(),
    )
    return rows.order_by(ibis.desc("severity"), ibis.desc("weeks_ago")).select(
        counts.severity_word(rows.severity).name("severity"), "weeks_ago", *_NUMBERS, "median"
    )


def _due(estate: Estate) -> ir.Table:
    """What was due in the period up to each week, and how much of that was fixed in time."""
    found = estate.table("findings")
    # In seconds since 1970: moments with a time zone take ten times as long to add up.
    first, fixed = estate.seconds(found.first_seen), estate.seconds(found.fixed_at)
    patience = ibis.cases(*((found.severity == int(s), float(d)) for s, d in _deadlines(estate)))
    found = found.select(
        "console",
        "severity",
        is_open=found.state.isin(sorted(OPEN_STATES)),
        took=ibis.ifelse(
            found.state == FindingState.FIXED.value, fixed - first, ibis.null("float64")
        ),
        left=patience,
        past=estate.seconds(estate.moment(found)) - first - patience,
    )
    rows = found.filter((found.past >= 0) & (found.is_open | found.took.notnull()))
    rows = rows.select(
        "console",
        "severity",
        met=(rows.took <= rows.left).fill_null(False),  # noqa: FBT003 - the engine's
        **_weeks(rows.past / float(DAY_SECONDS), PERIOD_DAYS),
    )
    # Counted by weeks before each is told of all the weeks it lies in: few rows are left by then.
    rows = rows.group_by("console", "severity", "low", "last")
    rows = _in_weeks(estate, rows.aggregate(due=lambda r: r.count(), met=lambda r: r.met.sum()))
    return rows.group_by("severity", "weeks_ago").aggregate(
        due=rows.due.sum().cast("int64"),
        met=rows.met.sum().cast("int64"),
        fixed=ibis.null("int64"),
        median=ibis.null("float64"),
    )


def _deadlines(estate: Estate) -> Iterator[tuple[Severity, int]]:
    """Seconds that each severity may take."""
    for severity in Severity:
        days = estate.deadlines.days(severity)
        if days is not None:
            yield severity, days * DAY_SECONDS


def _fixes(estate: Estate) -> ir.Table:
    """What was fixed in the period up to each week, and how long half of it took at most."""
    found = estate.table("findings")
    since = estate.moment(found, timedelta(days=FIX_PERIOD_DAYS + _WEEK * WEEKS))
    found = found.filter((found.state == FindingState.FIXED.value) & (found.fixed_at >= since))
    found = found.filter(found.severity > 0)
    rows = found.select(
        "console",
        "severity",
        days=estate.days_since(found, "first_seen", "fixed_at"),
        **_weeks(_days(estate, found, found.fixed_at).clip(lower=0.0), FIX_PERIOD_DAYS),
    )
    rows = _in_weeks(estate, rows)
    return rows.group_by("severity", "weeks_ago").aggregate(
        due=ibis.null("int64"),
        met=ibis.null("int64"),
        fixed=rows.count(),
        median=rows.days.median().cast("float64"),
    )


def _days(estate: Estate, rows: ir.Table, at: ir.TimestampValue) -> ir.FloatingValue:
    """Days from a time to the snapshot."""
    return (estate.seconds(estate.moment(rows)) - estate.seconds(at)) / float(DAY_SECONDS)


def _weeks(age: ir.FloatingValue, period: int) -> dict[str, ir.IntegerValue]:
    """The first and the last week ago in whose period an age of so many days lies."""
    return {
        "low": ((age - period) / _WEEK).ceil().clip(lower=0).cast("int64"),
        "last": (age / _WEEK).floor().cast("int64"),
    }


def _in_weeks(estate: Estate, rows: ir.Table) -> ir.Table:
    """Each row once for every one of its weeks since the first run."""
    told = estate.kept("weeks_told", _told)
    if not told:
        rows = rows.filter(rows.low < 0)
    known = ((rows.console == name, weeks) for name, weeks in (told or {"": 0}).items())
    rows = rows.mutate(last=ibis.least(rows["last"], ibis.cases(*known, else_=-1), WEEKS - 1))
    rows = rows.filter(rows.low <= rows["last"])
    return rows.mutate(weeks_ago=ibis.range(rows.low, rows["last"] + 1).unnest())


def _told(estate: Estate) -> dict[str, int]:
    """Weeks from the first run of each connection to its snapshot."""
    facts = estate.table("facts")
    first = facts.group_by("console").aggregate(first=facts.at.min())
    rows = Statement.of(first, estate.backend).fetch().to_pylist()
    return {
        row["console"]: (estate.as_of[row["console"]] - row["first"]) // timedelta(weeks=1)
        for row in rows
        if row["console"] in estate.as_of
    }


QUESTION = Question(
    name="deadlines-by-week",
    title="Deadlines and fixes week by week",
    doc=f"For each week since the first run, {WEEKS} at most: findings whose deadline fell in the "
    f"{PERIOD_DAYS} days up to it, and how long those took that were fixed in the "
    f"{FIX_PERIOD_DAYS} days up to it. Findings count as they are now.",
    columns=(
        text("severity", "severity"),
        number("weeks_ago", "weeks before the snapshot; 0 is the snapshot itself"),
        number("due", f"findings whose deadline fell in the {PERIOD_DAYS} days up to it"),
        number("met", "of these, fixed in time"),
        number("fixed", f"findings fixed in the {FIX_PERIOD_DAYS} days up to it"),
        Heading("median", FieldKind.NUMBER, "days half of them took at most; empty without any"),
    ),
    ask=_ask,
)

"""The charts of pages: each with its axis, its legend and the numbers as a table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from plumbline.domain.finding import Event
from plumbline.posture.counts import WORDS
from plumbline.report.charts import bars
from plumbline.report.charts.bars import Column
from plumbline.report.reports import weeks as told_weeks
from plumbline.web import places
from plumbline.web.blocks import history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plumbline.web.estates import Seen

STACKED = tuple(reversed(WORDS[:-1]))
"""Without informational findings, which would hide all others; the worst on top."""
_CAME = ("opened", "reopened", "returned", "unaccepted")
_WENT = ("fixed", "vanished", "accepted", "out_of_sight")
_LABELS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing with all that belongs to it."""

    svg: str
    ys: Sequence[str]
    xs: Sequence[str]
    legend: Sequence[tuple[str, str]] = ()
    """Colours and what they mean."""
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    notes: Sequence[str] = field(default=())


def severities(
    seen: Seen, now: Mapping[str, Any], *here: object, of: str = "all", console: str = ""
) -> Chart | None:
    """Open findings by severity over the last half year; None before there is anything.

    `now` is what is open by severity, `here` the conditions of a list of just these.
    """
    weeks = history.weeks(seen, of, console)
    if not weeks:
        return None
    columns = [
        Column(label=w.label, parts=w.numbers and {s: w.numbers[s] for s in STACKED}) for w in weeks
    ]
    columns[-1] = replace(columns[-1], leads=_leads(columns[-1], now, *here))
    svg, ys = bars.stacked(columns, STACKED, "Open findings by severity, week by week")
    words = WORDS[:-1]
    return Chart(
        svg=svg,
        ys=ys,
        xs=_ends([w.monday for w in weeks]),
        legend=[(word, word) for word in words],
        headings=("week of", *words),
        rows=[(w.monday, *((w.numbers or {}).get(word) for word in words)) for w in weeks],
        notes=[*_joined(weeks), *_gaps(weeks)],
    )


def _leads(newest: Column, now: Mapping[str, Any], *here: object) -> dict[str, str]:
    """The newest week is what is open now, unless its run counted otherwise: then it leads nowhere.

    Parts of a week before have no list: the explorer shows the newest snapshot alone.
    """
    return {
        word: places.open_findings(*map(str, here), f"severity:{word}")
        for word, number in (newest.parts or {}).items()
        if number and number == now[word]
    }


def flow(seen: Seen) -> Chart | None:
    """What came and what went in each week; None before two runs are told."""
    told: dict[str, dict[date, dict[str, Any] | None]] = {}
    for row in seen.ask("flow"):
        known = row if row["opened"] is not None else None
        told.setdefault(row["console"], {})[date.fromisoformat(row["week"])] = known
    sums = [(m, _sum(told_weeks.whole(told, m))) for m in told_weeks.mondays(told)]
    while sums and not any(sums[0][1].values()):
        # The week of the first run: what it found was there before.
        del sums[0]
    if not sums:
        return None
    columns = [_column(monday, found) for monday, found in sums]
    svg, ys = bars.flow(columns, "Findings that came and went, week by week")
    names = (*_CAME, *_WENT)
    return Chart(
        svg=svg,
        ys=ys,
        xs=_ends([monday for monday, _ in sums]),
        legend=[("new", "new, reopened"), ("fixed", "fixed, vanished, accepted")],
        headings=("week of", *(_said(name) for name in names), "net"),
        rows=[(m, *(found.get(n) for n in names), _net(found)) for m, found in sums],
    )


def _sum(rows: Sequence[Mapping[str, Any]] | None) -> dict[str, int]:
    """Events of all connections in a week; empty where one of them does not tell."""
    return {n: sum(row[n] for row in rows) for n in (*_CAME, *_WENT)} if rows else {}


def _column(monday: date, found: dict[str, int]) -> Column:
    label = f"week of {monday:%-d %b %Y}"
    if not found:
        return Column(label=label, parts=None)
    came = {_said(name): found[name] for name in _CAME if found[name]}
    went = {_said(name): found[name] for name in _WENT if found[name]}
    return Column(label=label, parts=came, down=went)


def _said(event: str) -> str:
    """An event as sentences and tables of runs call it."""
    return "new" if event == Event.OPENED else event.replace("_", " ")


def _net(found: dict[str, int]) -> int | None:
    if not found:
        return None
    return sum(found[name] for name in _CAME) - sum(found[name] for name in _WENT)


def _ends(mondays: Sequence[date]) -> list[str]:
    """A few dates along the axis."""
    if len(mondays) <= _LABELS:
        return [f"{monday:%-d %b}" for monday in mondays]
    last = len(mondays) - 1
    return [f"{mondays[round(last * n / (_LABELS - 1))]:%-d %b}" for n in range(_LABELS)]


def _joined(weeks: Sequence[history.Week]) -> list[str]:
    """When a connection was read for the first time within the chart."""
    return [
        f"From the {after.label} on with {after.connections} connections."
        for before, after in pairwise(weeks)
        if after.connections > before.connections
    ]


def _gaps(weeks: Sequence[history.Week]) -> list[str]:
    """What an empty place in the chart means, where there is one."""
    gaps = sum(week.numbers is None for week in weeks)
    what = "a connection was not read in it, or was not counted"
    return [f"{gaps} {'week is' if gaps == 1 else 'weeks are'} left out: {what}."] if gaps else []

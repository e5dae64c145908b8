"""What came and what went, week by week?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import Event
from plumbline.posture.questions.interface import Question, number, text
from plumbline.posture.questions.trend import date, day_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_WEEK = 7
_MONDAY = 4
"""Day 4 since 1970 was the first Monday."""
_EVENTS = tuple(event.value for event in Event)
_NEEDED = ("console", "run", "at", "event")


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    facts = estate.table("facts")
    runs = facts.select("console", "run", "at").distinct()
    runs = runs.mutate(week=_week(estate, runs.at))
    # What the first run found was there before: nobody can say in which week it came.
    first = runs.group_by("console").aggregate(first=runs.run.min())
    every = estate.table("events").inner_join(first, "console").select(*_NEEDED, "first")
    every = every.mutate(week=_week(estate, every.at))
    events = every.filter(every.run > every["first"])
    told = events.group_by("console", "week").aggregate(
        **{event: events.count(where=events.event == event) for event in _EVENTS}
    )
    read = runs.group_by("console", "week").aggregate(runs=runs.count())
    rows = _weeks(runs).left_join(read, ["console", "week"], rname="read__{name}")
    rows = rows.left_join(told, ["console", "week"], rname="told__{name}")
    rows = rows.left_join(_told_from(every), "console", rname="since__{name}")
    rows = rows.order_by("console", "week")
    known = rows.runs.notnull() & (rows.week >= rows.told_from)
    counted = (
        ibis.ifelse(known, rows[name].fill_null(0), ibis.null("int64")).name(name)
        for name in _EVENTS
    )
    week = date(rows.week * _WEEK + _MONDAY)
    return rows.select("console", week.name("week"), rows.runs.fill_null(0).name("runs"), *counted)


def _told_from(events: ir.Table) -> ir.Table:
    """The first week of each console of which all events are still told.

    Those of the first run go first; as long as they are there, nothing was left out.
    """
    left_out = events.run.min() > events["first"].min()
    return events.group_by("console").aggregate(
        told_from=ibis.ifelse(left_out, events.week.min() + 1, events.week.min())
    )


def _week(estate: Estate, at: ir.TimestampValue) -> ir.IntegerValue:
    """The week of a time, counted from the first Monday of 1970."""
    return ((day_of(estate, at) - _MONDAY) / _WEEK).floor().cast("int64")


def _weeks(runs: ir.Table) -> ir.Table:
    """Every week of each console from its first run to its newest."""
    spans = runs.group_by("console").aggregate(first=runs.week.min(), last=runs.week.max())
    return spans.select("console", week=ibis.range(spans["first"], spans["last"] + 1).unnest())


QUESTION = Question(
    name="flow",
    title="What came and went, week by week",
    doc="Events of each week. What the first run found is left out, for it was there before; a "
    "week without a run, or whose events are no longer kept, has no numbers, which is not 0.",
    columns=(
        text("console", "connection they came through"),
        text("week", "Monday it begins with, in UTC"),
        number("runs", "published runs that began in it"),
        *(number(event, f"findings {event.replace('_', ' ')}") for event in _EVENTS),
    ),
    ask=_ask,
)

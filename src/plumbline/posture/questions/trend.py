"""How did the open findings develop, day by day?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import OPEN_STATES
from plumbline.errors import UsageError
from plumbline.posture import counts
from plumbline.posture.engine import DAY_SECONDS, Statement
from plumbline.posture.forms import Slots
from plumbline.posture.questions.interface import Parameter, Question, number, text
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

ALL, REPOSITORY, LIST = "all", "repository", "list"
_PARTS = {REPOSITORY: ("repositories", "repository_id"), LIST: ("asset_lists", "list_id")}
_NUMBERS = (*counts.WORDS, "open")
_EXPLOITABLE = "exploitable"
_MOST_DIGITS = 18


def _ask(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    return _days(estate, of_scope(estate, estate.table("facts"), arguments["of"]))


def _prepared(estate: Estate, arguments: Mapping[str, str]) -> Statement:
    """The same; made once for all parts that are told by their number."""
    kind, _, wanted = arguments["of"].partition(":")
    if kind not in _PARTS or not _is_number(wanted):
        return estate.prepared(("trend", *arguments.values()), lambda: _ask(estate, arguments))
    part, slots = (wanted, int(wanted)), Slots()
    form = slots.after(part)
    known = estate.formed(
        ("trend-part", kind, part), form, slots, lambda one: _keys(estate, kind, *one).limit(1)
    )
    if not known.fetch().num_rows:
        raise _unknown(kind, wanted)

    def make(one: tuple[str, int]) -> ir.Table:
        keys = _keys(estate, kind, *one)
        return _days(estate, estate.table("facts").semi_join(keys, keys.columns))

    return estate.formed(("trend", kind, part), form, slots, make)


def _days(estate: Estate, known: ir.Table) -> ir.Table:
    rows = known.filter(known.state.isin(sorted(OPEN_STATES)))
    found = rows.group_by("console", "run").aggregate(
        **{s.word: rows.findings.sum(where=rows.severity == int(s)) for s in counts.WORST_FIRST},
        open=rows.findings.sum(),
        exploitable=rows.exploitable.sum(),
    )
    since = known.group_by("console").aggregate(first=day_of(estate, known.at).min())
    told = runs_by_day(estate).left_join(found, ["console", "run"], rname="found__{name}")
    told = told.select(
        "console",
        "day",
        "run",
        "at",
        # A run that counted nothing counted none: what was not read at all has no run.
        **{name: told[name].fill_null(0) for name in _NUMBERS},
        exploitable=ibis.cases((told.counts_exploitable, told.exploitable.fill_null(0))),
    )
    days = calendar(estate, since)
    rows = days.left_join(told, ["console", "day"], rname="told__{name}")
    return rows.order_by("console", "day").select(
        "console",
        date(rows.day).name("day"),
        "run",
        "at",
        *(rows[name].cast("int64").name(name) for name in (*_NUMBERS, _EXPLOITABLE)),
    )


def of_scope(estate: Estate, facts: ir.Table, scope: str) -> ir.Table:
    """The counts of the whole estate, of a repository or of an asset list.

    Raises:
        UsageError: there is no such repository or list.
    """
    if scope == ALL:
        # Each finding counts once by its repository, and again for each list.
        return facts.filter(facts.list_id.isnull())
    kind, _, wanted = scope.partition(":")
    if kind in _PARTS and wanted:
        return _narrowed(estate, facts, kind, wanted)
    raise UsageError(
        f"{scope!r} is neither the whole estate nor a part of it.",
        advice=f"{ALL}, {REPOSITORY}:NAME or {LIST}:NAME; a number does as well.",
    )


def _narrowed(estate: Estate, facts: ir.Table, kind: str, wanted: str) -> ir.Table:
    """The counts of what is called so, at each console that has it."""
    keys = _keys(estate, kind, wanted, int(wanted) if _is_number(wanted) else None)
    if not Statement.of(keys.limit(1), estate.backend).fetch().num_rows:
        raise _unknown(kind, wanted)
    return facts.semi_join(keys, keys.columns)


def _keys(estate: Estate, kind: str, wanted: str, number: int | None) -> ir.Table:
    """Of the parts that have this name or number."""
    table, column = _PARTS[kind]
    known = estate.table(table)
    keys = known.filter(known.name.lower() == wanted.lower()).select("console", column)
    if number is not None:
        # By its number also what is no longer there.
        facts = estate.table("facts")
        counted = facts.filter(facts[column] == number).select("console", column)
        named = known.filter(known[column] == number).select("console", column)
        keys = keys.union(counted).union(named)
    return keys.distinct()


def _is_number(wanted: str) -> bool:
    return wanted.isascii() and wanted.isdigit() and len(wanted) <= _MOST_DIGITS


def _unknown(kind: str, wanted: str) -> UsageError:
    what, question = ("asset list", "list") if kind == LIST else (kind, kind)
    return UsageError(
        f"There is no {what} {wanted!r} in this snapshot.",
        advice=f"`plumbline ask by-{question}`.",
    )


def day_of(estate: Estate, at: ir.TimestampValue) -> ir.IntegerValue:
    """The day of a time, in UTC, counted from 1970."""
    return (estate.seconds(at) / DAY_SECONDS).floor().cast("int64")


def date(day: ir.IntegerValue) -> ir.StringValue:
    """A day as YYYY-MM-DD."""
    return (day * DAY_SECONDS).as_timestamp("s").strftime("%Y-%m-%d")


def runs_by_day(estate: Estate) -> ir.Table:
    """The last published run of each day on which there was one."""
    facts = estate.table("facts")
    runs = facts.group_by("console", "run", "at").aggregate(
        # Runs of older versions did not.
        counts_exploitable=facts.exploitable.notnull().any()
    )
    runs = runs.mutate(day=day_of(estate, runs.at))
    return runs.group_by("console", "day").aggregate(
        run=runs.run.max(),
        at=runs.at.argmax(runs.run),
        counts_exploitable=runs.counts_exploitable.argmax(runs.run),
    )


def calendar(estate: Estate, since: ir.Table) -> ir.Table:
    """Every day of each console from its first one to that of its newest run."""
    facts = estate.table("facts")
    until = facts.group_by("console").aggregate(last=day_of(estate, facts.at).max())
    spans = since.inner_join(until, "console").select("console", "first", "last")
    return spans.select("console", day=ibis.range(spans["first"], spans["last"] + 1).unnest())


QUESTION = Question(
    name="trend",
    title="Open findings day by day",
    doc="Open findings as the last run of each day counted them; a day without a run has no "
    "numbers, which is not 0.",
    columns=(
        text("console", "connection they came through"),
        text("day", "day, in UTC"),
        number("run", "last published run that began on that day; empty when there was none"),
        Heading("at", FieldKind.TIME, "when that run began"),
        *(number(word, f"open findings of severity {word}") for word in counts.WORDS),
        number("open", "open findings together"),
        number(
            _EXPLOITABLE,
            "of these, with an exploit or known to be exploited; empty where the run did not count",
        ),
    ),
    ask=_ask,
    statement=_prepared,
    parameters=(
        Parameter(
            name="of",
            doc=f"{ALL}, {REPOSITORY}:NAME or {LIST}:NAME",
            default=ALL,
        ),
    ),
)

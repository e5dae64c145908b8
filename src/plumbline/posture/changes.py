"""What changed between two snapshots of a console: the net of it, finding by finding.

The estate to ask is that of the later snapshot, with the findings of the earlier one beside it as
the table `EARLIER`. The rule that names a change is that of the events of a run, so that between
two neighbouring runs both tell the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import OPEN_STATES, Event, FindingState
from plumbline.posture import counts, sources
from plumbline.posture.engine import Statement
from plumbline.posture.questions.interface import number, text
from plumbline.posture.relation import Field, FieldKind, Relation, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

EARLIER = "findings_before"
_STANDING = tuple(sorted(OPEN_STATES))


def changes(estate: Estate) -> ir.Table:
    """One row for each finding that is not what it was."""
    earlier = estate.table(EARLIER)
    was = earlier.select(
        "finding",
        before=earlier.state,
        severity_before=earlier.severity,
        recast_before=earlier.recast,
    )
    rows = estate.table("findings").left_join(was, "finding", rname="earlier__{name}")
    same = (
        rows.state.identical_to(rows.before)
        & rows.severity.identical_to(rows.severity_before)
        & rows.recast.identical_to(rows.recast_before)
    )
    rows = rows.filter(~same)
    return rows.mutate(change=_change(rows), after=rows.state)


def _change(rows: ir.Table) -> ir.StringValue:
    fixed = rows.state == FindingState.FIXED.value
    gone = rows.before.isin((FindingState.VANISHED.value, FindingState.OUT_OF_SIGHT.value))
    again = (rows.before == FindingState.FIXED.value) | (rows.state == FindingState.REOPENED.value)
    return ibis.cases(
        (rows.before.isnull() & fixed, Event.FIXED.value),
        (rows.before.isnull(), Event.OPENED.value),
        (rows.before == rows.state, Event.RECAST.value),
        (~rows.state.isin(_STANDING), rows.state),
        (gone, Event.RETURNED.value),
        (rows.before == FindingState.ACCEPTED.value, Event.UNACCEPTED.value),
        (again, Event.REOPENED.value),
        # A mark of the console alone: it stood before as it stands now.
        else_=Event.RECAST.value,
    )


def happened(estate: Estate, spans: Mapping[str, tuple[int, int]]) -> Statement:
    """How often each run noted each event, behind one run of a connection up to another."""
    events = estate.table("events")
    within = [
        (events.console == name) & (events.run > first) & (events.run <= last)
        for name, (first, last) in spans.items()
    ]
    rows = events.filter(ibis.or_(*within))
    rows = rows.group_by("console", "run", "event").aggregate(findings=rows.count())
    return Statement.of(rows, estate.backend)


TOTALS = (
    text("change", "what became of them"),
    *(number(word, f"findings, now of severity {word}") for word in counts.WORDS),
    number("findings", "findings together"),
    number("events", "events of that name in the runs between, the later one included"),
)


def totals(estate: Estate, first: int, last: int) -> Statement:
    """How many findings changed how, by severity; behind run `first` up to run `last`."""
    rows = changes(estate)
    found = rows.group_by("change").aggregate(**counts.by_severity(rows), findings=rows.count())
    events = estate.table("events")
    events = events.filter(events.run > first, events.run <= last)
    told = events.group_by("event").aggregate(events=events.count())
    every = ibis.array([event.value for event in Event]).unnest().name("change").as_table()
    every = every.mutate(place=_place(every.change))
    every = every.left_join(found, "change", rname="found__{name}")
    every = every.left_join(told, every.change == told.event).order_by("place")
    names = [column.name for column in TOTALS[1:]]
    return Statement.of(
        every.select("change", *(every[n].fill_null(0).cast("int64").name(n) for n in names)),
        estate.backend,
    )


BY_REPOSITORY = (
    number("repository_id", "number of the repository"),
    text("repository", "name of the repository"),
    *TOTALS[:-1],
)


def by_repository(estate: Estate) -> Statement:
    """How many findings changed how in each repository, by severity."""
    rows = changes(estate)
    found = rows.group_by("repository_id", "change").aggregate(
        **counts.by_severity(rows), findings=rows.count()
    )
    known = estate.table("repositories").select("repository_id", repository="name")
    found = found.left_join(known, "repository_id", rname="known__{name}")
    found = found.order_by("repository_id", _place(found.change))
    names = [column.name for column in BY_REPOSITORY]
    return Statement.of(found.select(*names), estate.backend)


def _place(change: ir.StringValue) -> ir.IntegerValue:
    return ibis.cases(*((change == event.value, n) for n, event in enumerate(Event)))


def _severity_before(rows: ir.Table, _: Estate) -> ir.StringValue:
    return counts.severity_word(rows.severity_before)


def _severity(rows: ir.Table, _: Estate) -> ir.StringValue:
    return counts.severity_word(rows.severity)


def _rank(rows: ir.Table, _: Estate) -> ir.IntegerValue:
    return rows.severity


def _rank_before(rows: ir.Table, _: Estate) -> ir.IntegerValue:
    return rows.severity_before


def _hosts(estate: Estate, _: ir.Table | None) -> ir.Table:
    hosts = estate.table("hosts")
    return hosts.select("console", "host", "dns_name", "os", name=sources.host_name(hosts))


def _plugins(estate: Estate, _: ir.Table | None) -> ir.Table:
    return estate.table("plugins").select("console", "plugin_id", "name", "family")


_TEXT, _INTEGER, _WORD = FieldKind.TEXT, FieldKind.INTEGER, FieldKind.WORD
_SEVERITY, _TIME = FieldKind.SEVERITY, FieldKind.TIME

CHANGES = Relation(
    name="changes",
    doc="One row for each finding that is not what it was at the earlier run.",
    base=changes,
    key=("console", "alias", "plugin_id", "port", "protocol"),
    fields=(
        Field("change", _WORD, "what became of it", words=tuple(Event), shown=True),
        Field("before", _WORD, "state before", words=tuple(FindingState), shown=True),
        Field("after", _WORD, "state after", words=tuple(FindingState), shown=True),
        Field(
            "severity",
            _SEVERITY,
            "severity after",
            build=_severity,
            rank=_rank,
            needs=("severity",),
            shown=True,
        ),
        Field(
            "severity_before",
            _SEVERITY,
            "severity before",
            build=_severity_before,
            rank=_rank_before,
            needs=("severity_before",),
        ),
        Field("console", _TEXT, "connection it came through"),
        Field("repository_id", _INTEGER, "number of the repository"),
        Field("repository", _TEXT, "name of the repository", source="repository", column="name"),
        Field("host", FieldKind.KEY, "key of the host"),
        Field(
            "host_name",
            _TEXT,
            "what the host is called: its DNS name, else its NetBIOS name, address or id",
            source="hosts",
            column="name",
            shown=True,
        ),
        Field("ip", _TEXT, "address of the host", shown=True),
        Field("dns_name", _TEXT, "DNS name of the host", source="hosts", shown=True),
        Field("os", _TEXT, "operating system of the host", source="hosts"),
        Field("plugin_id", _INTEGER, "number of the plugin", shown=True),
        Field(
            "plugin_name", _TEXT, "name of the plugin", source="plugins", column="name", shown=True
        ),
        Field("family", _TEXT, "family of the plugin", source="plugins"),
        Field("port", _INTEGER, "port; 0 is the host itself", shown=True),
        Field("protocol", _TEXT, "protocol"),
        Field("first_seen", _TIME, "first observed by a scan"),
        Field("last_seen", _TIME, "last observed by a scan"),
        Field("fixed_at", _TIME, "when it was fixed"),
        Field("opened_run", _INTEGER, "run that first showed it"),
        Field("changed_run", _INTEGER, "run that last changed its state"),
        Field("finding", FieldKind.KEY, "key of the finding"),
    ),
    sources=(
        sources.REPOSITORY,
        Source(name="hosts", keys=sources.HOST, build=_hosts),
        Source(name="plugins", keys=("console", "plugin_id"), build=_plugins),
    ),
    searched=("plugin_name", "plugin_id", "family", "host_name", "ip", "os", "repository"),
    order=("change", "-severity", "plugin_id"),
)

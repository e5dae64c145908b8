"""What is known of one host besides its findings: names, asset lists, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import HostEvent
from plumbline.posture import consoles, counts, resident, sources
from plumbline.posture.forms import Slots
from plumbline.posture.questions.interface import LIMIT, Parameter, Question, limit, number, text
from plumbline.posture.questions.one import found_host
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate, Statement

    Asked = Callable[[Estate, Mapping[str, str]], ir.Table]
    Prepared = Callable[[Estate, Mapping[str, str]], Statement]
    Made = Callable[[Estate, tuple[str, ...], int], ir.Table]

_HOST = Parameter(name="host", doc="a host's key, address or DNS name")
_REPOSITORY = ["console", "repository_id"]
_SEEN = FieldKind.TIME


def _keys(estate: Estate, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """Every key that consoles have for the host that is meant."""
    return consoles.keys_of(estate, found_host(estate, arguments["host"]))


def _of_host(make: Made) -> Asked:
    """An answer made of the keys of a host and the number of rows that is asked for."""
    return lambda estate, given: make(estate, _keys(estate, given), _most(given))


def _prepared(name: str, make: Made) -> Prepared:
    """The same, made once for all hosts."""

    def statement(estate: Estate, given: Mapping[str, str]) -> Statement:
        keys, most, slots = _keys(estate, given), _most(given), Slots()
        form = tuple(map(slots.text, keys))
        # One that was made of the files goes on reading them.
        key = (name, most, resident.has_host_events(estate), keys)
        return estate.formed(key, form, slots, lambda k: make(estate, k, most))

    return statement


def _most(given: Mapping[str, str]) -> int:
    return limit(given) if LIMIT.name in given else 0


def _rows(rows: ir.Table, keys: tuple[str, ...]) -> ir.Table:
    """A table's rows of a host, at every console that sees it."""
    return rows.filter(rows.host.isin(keys))


def _names(estate: Estate, keys: tuple[str, ...], _: int) -> ir.Table:
    rows = _rows(estate.table("aliases"), keys)
    known = sources.repositories(estate).rename(repository="name")
    rows = rows.left_join(known, _REPOSITORY, rname="repository__{name}")
    rows = rows.mutate(present=consoles.present(rows))
    rows = rows.order_by(ibis.desc("last_seen", nulls_first=False), "console", "alias")
    return rows.select(*(column.name for column in NAMES.columns))


def _lists(estate: Estate, keys: tuple[str, ...], _: int) -> ir.Table:
    rows = _rows(estate.table("memberships"), keys)
    lists = estate.table("asset_lists").select("console", "list_id", "name", "type")
    rows = rows.inner_join(lists, ["console", "list_id"], rname="list__{name}")
    rows = rows.rename(id="list_id").order_by("console", "name")
    return rows.select(*(column.name for column in LISTS.columns))


def _events(estate: Estate, keys: tuple[str, ...], most: int) -> ir.Table:
    rows = _rows(resident.host_events(estate), keys)
    told = rows.group_by("console", "run", "at", "event", "names").aggregate(
        **counts.by_severity(rows),
        findings=rows.count(where=rows.event != HostEvent.RENAMED.value),
    )
    rows = told.order_by(ibis.desc("at"), "console", ibis.desc("run"), "event", "names").limit(most)
    return rows.select(*(column.name for column in EVENTS.columns))


def _history(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    return _of_finding(estate, arguments["finding"].strip().lower())


def _history_prepared(estate: Estate, arguments: Mapping[str, str]) -> Statement:
    finding, slots = arguments["finding"].strip().lower(), Slots()
    key = ("finding-events", finding)
    return estate.formed(key, slots.text(finding), slots, lambda one: _of_finding(estate, one))


def _of_finding(estate: Estate, finding: str) -> ir.Table:
    rows = estate.table("events")
    rows = rows.filter(rows.finding == finding)
    rows = rows.mutate(severity=counts.severity_word(rows.severity))
    rows = rows.order_by(ibis.desc("at"), "event")
    return rows.select(*(column.name for column in HISTORY.columns))


NAMES = Question(
    name="host-names",
    title="Names of one host",
    doc="How each repository knows a host, and by which rule its names were joined.",
    columns=(
        text("console", "connection it came through"),
        number("repository_id", "number of the repository"),
        text("repository", "name of the repository"),
        text("ip", "address there"),
        text("dns_name", "DNS name there"),
        text("netbios_name", "NetBIOS name there"),
        text("mac", "MAC address there"),
        text("os", "operating system there"),
        text("host_uuid", "the console's id of it"),
        text("uuid", "the agent's id"),
        text("host_uniqueness", "fields the console tells it apart by"),
        text("rule", "rule that joined this name; `single` for one name"),
        text("evidence", "the value that joined it"),
        Heading("last_seen", _SEEN, "latest finding there"),
        Heading("present", FieldKind.FLAG, "the console still has it"),
    ),
    ask=_of_host(_names),
    statement=_prepared("host-names", _names),
    parameters=(_HOST,),
)

LISTS = Question(
    name="host-lists",
    title="Asset lists of one host",
    doc="The asset lists a host is in, each with the range, name or id that says so.",
    columns=(
        text("console", "connection it came through"),
        number("id", "number of the list"),
        text("name", "name of the list"),
        text("type", "type of the list"),
        text("reason", "range, uuid or dns"),
        text("evidence", "what says so, as it was written"),
        text("origin", "definition or viewable"),
    ),
    ask=_of_host(_lists),
    statement=_prepared("host-lists", _lists),
    parameters=(_HOST,),
)

EVENTS = Question(
    name="host-events",
    title="What happened on one host",
    doc="Events of a host and of its findings, run by run, the newest first.",
    columns=(
        text("console", "connection it came through"),
        number("run", "run that found it out"),
        Heading("at", FieldKind.TIME, "when that run began"),
        text("event", "what happened"),
        text("names", "both names of a host that was renamed"),
        *(number(word, f"to findings of severity {word}") for word in counts.WORDS),
        number("findings", "to findings together"),
    ),
    ask=_of_host(_events),
    statement=_prepared("host-events", _events),
    parameters=(_HOST, LIMIT),
)

HISTORY = Question(
    name="finding-events",
    title="What happened to one finding",
    doc="Every event of a finding, the newest first, with what shows it.",
    columns=(
        Heading("at", FieldKind.TIME, "when the run began that found it out"),
        number("run", "that run"),
        text("event", "what happened"),
        text("before", "state before"),
        text("after", "state after"),
        text("severity", "severity at that time"),
        text("cause", "why, in words"),
        text("evidence", "what shows it"),
    ),
    ask=_history,
    statement=_history_prepared,
    parameters=(Parameter(name="finding", doc="a finding's key"),),
)

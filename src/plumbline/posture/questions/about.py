"""What is known of one host besides its findings: names, asset lists, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import consoles, counts, sources
from plumbline.posture.questions.interface import LIMIT, Parameter, Question, limit, number, text
from plumbline.posture.questions.one import found_host
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_HOST = Parameter(name="host", doc="a host's key, address or DNS name")
_REPOSITORY = ["console", "repository_id"]
_SEEN = FieldKind.TIME


def _of_host(estate: Estate, table: str, arguments: Mapping[str, str]) -> ir.Table:
    """A table's rows of the host that is meant, at every console that sees it."""
    keys = consoles.keys_of(estate, found_host(estate, arguments["host"]))
    rows = estate.table(table)
    return rows.filter(rows.host.isin(keys))


def _names(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    rows = _of_host(estate, "aliases", arguments)
    known = sources.repositories(estate).rename(repository="name")
    rows = rows.left_join(known, _REPOSITORY, rname="repository__{name}")
    rows = rows.mutate(present=consoles.present(rows))
    rows = rows.order_by(ibis.desc("last_seen", nulls_first=False), "console", "alias")
    return rows.select(*(column.name for column in NAMES.columns))


def _lists(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    rows = _of_host(estate, "memberships", arguments)
    lists = estate.table("asset_lists").select("console", "list_id", "name", "type")
    rows = rows.inner_join(lists, ["console", "list_id"], rname="list__{name}")
    rows = rows.rename(id="list_id").order_by("console", "name")
    return rows.select(*(column.name for column in LISTS.columns))


def _events(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    rows = _of_host(estate, "events", arguments)
    told = rows.group_by("console", "run", "at", "event").aggregate(
        **counts.by_severity(rows), findings=rows.count()
    )
    rows = told.order_by(ibis.desc("at"), "console", "event").limit(limit(arguments))
    return rows.select(*(column.name for column in EVENTS.columns))


def _history(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    rows = estate.table("events")
    rows = rows.filter(rows.finding == arguments["finding"].strip().lower())
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
    ask=_names,
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
    ask=_lists,
    parameters=(_HOST,),
)

EVENTS = Question(
    name="host-events",
    title="What happened on one host",
    doc="Events of a host's findings, run by run, the newest first.",
    columns=(
        text("console", "connection it came through"),
        number("run", "run that found it out"),
        Heading("at", FieldKind.TIME, "when that run began"),
        text("event", "what happened"),
        *(number(word, f"to findings of severity {word}") for word in counts.WORDS),
        number("findings", "to findings together"),
    ),
    ask=_events,
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
    parameters=(Parameter(name="finding", doc="a finding's key"),),
)

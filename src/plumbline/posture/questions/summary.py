"""The posture in one row."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from plumbline.domain.finding import FindingState
from plumbline.posture import consoles, counts, sources
from plumbline.posture.questions.exploitable import exploitable_plugins
from plumbline.posture.questions.interface import Question, number
from plumbline.posture.questions.unaligned import empty_lists, listless

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_CLOSED = tuple(state for state in FindingState if not state.is_open)


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    parts = (_open(estate), _states(estate), _exploitable(estate), _hosts(estate), _sizes(estate))
    rows = reduce(lambda one, other: one.cross_join(other), parts)
    return rows.select(*(rows[column.name].cast("int64") for column in QUESTION.columns))


def _open(estate: Estate) -> ir.Table:
    hosts = counts.by_host(estate)
    return hosts.aggregate(
        **{word: hosts[word].sum().fill_null(0) for word in counts.WORDS},
        open=hosts.findings.sum().fill_null(0),
        hosts_open=hosts.count(),
    )


def _states(estate: Estate) -> ir.Table:
    findings = estate.table("findings")
    return findings.aggregate(
        **{state.value: findings.count(where=findings.state == state.value) for state in _CLOSED},
        reopened=findings.count(where=findings.state == FindingState.REOPENED.value),
    )


def _exploitable(estate: Estate) -> ir.Table:
    found = counts.by_plugin(estate)
    rows = found.inner_join(
        exploitable_plugins(estate).select(*counts.PLUGIN, "kev"), counts.PLUGIN
    )
    return rows.aggregate(
        exploitable=rows.findings.sum().fill_null(0),
        kev=rows.findings.sum(where=rows.kev).fill_null(0),
    )


def _hosts(estate: Estate) -> ir.Table:
    hosts = consoles.hosts(estate)
    present = consoles.present(hosts)
    return hosts.aggregate(
        hosts=hosts.count(where=present),
        departed=hosts.count(where=~present),
        hosts_of_several=hosts.count(where=hosts.consoles.length() > 1),
    )


def _sizes(estate: Estate) -> ir.Table:
    sizes = {
        "reported_twice": consoles.reported_twice(estate),
        "lists": estate.table("asset_lists"),
        "repositories": sources.visible_repositories(estate),
        "plugins": counts.by_plugin(estate),
        "hosts_in_no_list": listless(estate),
        "lists_without_host": empty_lists(estate),
    }
    counted = [rows.aggregate(rows.count().name(name)) for name, rows in sizes.items()]
    return reduce(lambda one, other: one.cross_join(other), counted)


QUESTION = Question(
    name="summary",
    title="The posture in short",
    doc="The totals of the whole snapshot; a host counts once however many lists hold it.",
    columns=(
        number("open", "open findings, reopened ones among them"),
        *(number(word, f"of these, of severity {word}") for word in counts.WORDS),
        number("reopened", "open findings that had been fixed before"),
        number("exploitable", "open findings with an exploit, or in KEV"),
        number("kev", "open findings in CISA's catalogue of exploited ones"),
        number("accepted", "findings that a rule accepts"),
        number("fixed", "findings the console saw fixed"),
        number("vanished", "findings that are gone without proof of a fix"),
        number("out_of_sight", "findings the keys may no longer see"),
        number("hosts", "hosts; one that several consoles see counts once"),
        number("departed", "hosts no console has any more; they count in no other number"),
        number("hosts_of_several", "hosts that several consoles see"),
        number("reported_twice", "open vulnerabilities that several consoles report of one host"),
        number("hosts_open", "hosts with an open finding"),
        number("plugins", "plugins with an open finding"),
        number("repositories", "repositories"),
        number("lists", "asset lists"),
        number("hosts_in_no_list", "hosts that no asset list holds"),
        number("lists_without_host", "asset lists that hold no host"),
    ),
    ask=_ask,
)

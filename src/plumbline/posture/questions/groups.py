"""What is open in each asset list, repository and plugin family?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import counts, explore, sources
from plumbline.posture.lists import LISTS
from plumbline.posture.questions.interface import Question, headings, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_LIST = (
    "console", "id", "name", "type", "hosts", *counts.WORDS, "findings", "risk", "score", "prepared"
)  # fmt: skip
_NUMBERS = ("hosts", *counts.WORDS, "findings")
_COUNTS = (
    number("hosts", "hosts with an open finding"),
    *(number(word, f"open findings of severity {word}") for word in counts.WORDS),
    number("findings", "open findings together"),
)


def _lists(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    return explore.page(LISTS, estate, explore.Request(columns=_LIST))


def _repositories(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    known = sources.visible_repositories(estate).select(
        "console", "repository_id", "name", "data_format"
    )
    keys = ["console", "repository_id"]
    rows = known.left_join(counts.by_repository(estate), keys, rname="found__{name}")
    rows = rows.select(*known.columns, *(rows[n].fill_null(0).name(n) for n in _NUMBERS))
    return rows.order_by(*_worst_first(rows), *keys)


def _families(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    rows = counts.by_family(estate)
    rows = rows.select(
        "console", family=rows.family.fill_null(""), **{n: rows[n] for n in _NUMBERS}
    )
    return rows.order_by(*_worst_first(rows), "console", "family")


def _worst_first(rows: ir.Table) -> list[ir.Value]:
    return [ibis.desc(rows[word]) for word in counts.WORDS]


BY_LIST = Question(
    name="by-list",
    title="Open findings by asset list",
    doc="What is open on the hosts of each asset list. A host counts in every list that holds it.",
    columns=headings(LISTS, _LIST),
    ask=_lists,
)

BY_REPOSITORY = Question(
    name="by-repository",
    title="Open findings by repository",
    doc="What is open in each repository.",
    columns=(
        text("console", "connection it came through"),
        number("repository_id", "number of the repository"),
        text("name", "name of the repository"),
        text("data_format", "what it holds: IPv4, IPv6, agent, universal"),
        *_COUNTS,
    ),
    ask=_repositories,
)

BY_FAMILY = Question(
    name="by-family",
    title="Open findings by plugin family",
    doc="What is open of each plugin family.",
    columns=(
        text("console", "connection it came through"),
        text("family", "plugin family; empty when the console names none"),
        *_COUNTS,
    ),
    ask=_families,
)

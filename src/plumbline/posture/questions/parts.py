"""How asset lists and repositories compare: what they share, and who is where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.errors import UsageError
from plumbline.posture import consoles, counts, score
from plumbline.posture.forms import Slots
from plumbline.posture.questions.interface import Parameter, Question, number, text
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate, Statement

_MOST_DIGITS = 18
_LIST = ["console", "list_id"]


def _members(estate: Estate) -> ir.Table:
    """Hosts of each list that are still there."""
    rows = estate.table("memberships").select(*_LIST, "host")
    return rows.anti_join(consoles.departed(estate), ["console", "host"])


def _overlap(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    return _shared(estate, arguments["console"], _number(arguments["id"]))


def _overlap_prepared(estate: Estate, arguments: Mapping[str, str]) -> Statement:
    chosen, slots = (arguments["console"], _number(arguments["id"])), Slots()
    form = slots.after(chosen)
    return estate.formed(("list-overlap", chosen), form, slots, lambda one: _shared(estate, *one))


def _shared(estate: Estate, console: str, chosen: int) -> ir.Table:
    rows = _members(estate)
    is_it = (rows.console == console) & (rows.list_id == chosen)
    mine = rows.filter(is_it).select("console", "host")
    shared = rows.filter(~is_it).semi_join(mine, ["console", "host"])
    shared = shared.group_by(*_LIST).aggregate(shared=shared.count())
    sizes = rows.group_by(*_LIST).aggregate(hosts=rows.count())
    names = estate.table("asset_lists").select(*_LIST, "name")
    found = shared.inner_join(sizes, _LIST, rname="size__{name}")
    found = found.inner_join(names, _LIST, rname="name__{name}").rename(id="list_id")
    found = found.order_by(ibis.desc("shared"), "name")
    return found.select(*(column.name for column in OVERLAP.columns))


def _number(written: str) -> int:
    if written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS:
        return int(written)
    raise UsageError(f"{written!r} is no number of a list.", advice="`plumbline lists`.")


def _repositories(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    aliases = estate.table("aliases")
    aliases = aliases.filter(consoles.present(aliases))
    hosts = aliases.select(*counts.PLACE).distinct()
    found = counts.by_place(estate).select(*counts.PLACE, "extent")
    rows = hosts.left_join(found, counts.PLACE, rname="open__{name}")
    keys = ["console", "repository_id"]
    rows = rows.group_by(*keys).aggregate(
        score=score.shown(score.of_scope(rows.extent)), hosts=rows.count()
    )
    return rows.order_by(*keys)


OVERLAP = Question(
    name="list-overlap",
    title="What an asset list shares with others",
    doc="Other asset lists of the same console that hold hosts of a list.",
    columns=(
        text("console", "connection it came through"),
        number("id", "number of the other list"),
        text("name", "name of the other list"),
        number("hosts", "hosts in the other list"),
        number("shared", "of these, hosts in both"),
    ),
    ask=_overlap,
    statement=_overlap_prepared,
    parameters=(
        Parameter(name="console", doc="name of the connection"),
        Parameter(name="id", doc="number of the list"),
    ),
)

REPOSITORY_SCORES = Question(
    name="repository-scores",
    title="Posture of each repository",
    doc="The score of the hosts that each repository knows together; 100 is best.",
    columns=(
        text("console", "connection it came through"),
        number("repository_id", "number of the repository"),
        Heading("score", FieldKind.NUMBER, "0 to 100"),
        number("hosts", "hosts it knows"),
    ),
    ask=_repositories,
)

"""Filter, sort and page a relation, joining no more than what is asked for.

The rows are cut to the page before the columns of other tables are joined to them: a page of a
million findings then costs little more than finding out which rows are on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from plumbline.posture import lookalikes, shortcut
from plumbline.posture.coded import CODED
from plumbline.posture.filters import NO_QUERY, Query
from plumbline.posture.forms import Slots
from plumbline.posture.joins import joined
from plumbline.posture.narrowing import filtered
from plumbline.posture.paging import AT, beyond, directed

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate, Statement
    from plumbline.posture.relation import Field, Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a reader wants to see of a relation."""

    query: Query = NO_QUERY
    columns: tuple[str, ...] = ()
    """Fields in order; the relation's own choice when empty."""
    order: tuple[str, ...] = ()
    """Fields to sort by, `-` before one for descending; the relation's own choice when empty."""
    limit: int | None = None
    offset: int = 0
    after: tuple[Any, ...] | None = None
    """Only the rows behind the one of which `keyed` told these values."""
    keyed: bool = False
    """Tell beside each row what it is sorted by, as `at__0` and so on; a next page begins there."""


def columns(relation: Relation, request: Request, *, several: bool = False) -> tuple[Field, ...]:
    """The fields a request shows, in order; of several consoles, with the one a row is of.

    Raises:
        UsageError: a field is unknown.
    """
    if not request.columns:
        return tuple(f for f in relation.fields if f.shown or (several and f.tells_apart))
    return tuple({field.name: field for field in map(relation.field, request.columns)}.values())


def rows(relation: Relation, estate: Estate, request: Request) -> Statement:
    """The page a request asks for, ready to be run; compiled once for each request.

    Raises:
        UsageError: a field is unknown or a value does not fit its field.
    """
    lookalikes.refuse(relation, request.query)
    short = shortcut.of(relation, estate, request)
    told, asked = (relation, request) if short is None else (CODED, short)
    slots = Slots()
    query = slots.query(told, estate, asked.query)
    form = replace(asked, query=query, after=slots.after(asked.after))

    def make(asked: Request) -> ir.Table:
        if short is None:
            return page(relation, estate, asked)
        shown = columns(relation, asked, several=estate.several)
        found = shortcut.found(estate, asked, shown)
        cut = replace(asked, query=NO_QUERY, after=None, offset=0)
        return page(found, estate, cut, is_cut=True)

    key = (relation.name, short is None, asked)
    return estate.formed(key, form, slots, make)


def total(relation: Relation, estate: Estate, query: Query) -> int:
    """How many rows a query finds.

    Raises:
        UsageError: a field is unknown or a value does not fit its field.
        StorageError: the engine could not read its files.
    """
    lookalikes.refuse(relation, query)
    relation = shortcut.coded(relation, estate, query)
    slots = Slots()
    form, key = slots.query(relation, estate, query), (relation.name, relation is CODED, query)
    answer = estate.formed(key, form, slots, lambda asked: count(relation, estate, asked))
    return int(answer.fetch()["rows"][0].as_py())


def page(relation: Relation, estate: Estate, request: Request, *, is_cut: bool = False) -> ir.Table:
    """The rows a request asks for, sorted and cut; `is_cut` where the relation has few anyway.

    Raises:
        UsageError: a field is unknown or a value does not fit its field.
    """
    shown = columns(relation, request, several=estate.several)
    order = _order(relation, request)
    rows = filtered(relation, estate, request.query, [*shown, *(field for field, _ in order)])
    own = rows.columns
    rows = joined(rows, relation, estate, [field for field, _ in order])
    ranks = {f"rank__{n}": f.compared(rows, estate) for n, (f, _) in enumerate(order)}
    rows = rows.select(*own, **ranks)
    downs = [down for _, down in order]
    if request.after is not None:
        rows = rows.filter(beyond(rows, [*ranks, *relation.key], downs, request.after))
    keys = [
        *(directed(rows[rank], down) for rank, down in zip(ranks, downs, strict=True)),
        *relation.key,
    ]
    if request.limit is not None:
        rows = rows.order_by(keys).limit(request.limit, offset=request.offset)
    # A join forgets the order of its rows, so they are sorted after it in any case.
    few = is_cut or request.limit is not None or bool(request.query.terms)
    rows = joined(rows, relation, estate, shown, few=few).order_by(keys)
    place = enumerate((*ranks, *relation.key)) if request.keyed else ()
    return rows.select(
        *(field.value(rows, estate).name(field.name) for field in shown),
        *(rows[name].name(f"{AT}{n}") for n, name in place),
    )


def count(relation: Relation, estate: Estate, query: Query) -> ir.Table:
    """One row with the number of rows a query finds, as `rows`.

    Raises:
        UsageError: a field is unknown or a value does not fit its field.
    """
    rows = filtered(relation, estate, query)
    return rows.aggregate(rows=rows.count())


def _order(relation: Relation, request: Request) -> list[tuple[Field, bool]]:
    """Fields to sort by, each with whether it is descending."""
    names = (*(request.order or relation.order), *relation.ties)
    found: dict[str, tuple[Field, bool]] = {}
    for name in names:
        field = relation.field(name.removeprefix("-"))
        found.setdefault(field.name, (field, name.startswith("-")))
    return list(found.values())

"""How many rows there are of each value of a field, whatever the query says of that field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import lookalikes, refining, shortcut
from plumbline.posture.coded import CODED
from plumbline.posture.forms import Slots
from plumbline.posture.joins import joined
from plumbline.posture.narrowing import filtered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate, Statement
    from plumbline.posture.filters import Query
    from plumbline.posture.relation import Field, Relation

_ROWS, _VALUE = "rows", "value"


def counted(relation: Relation, estate: Estate, query: Query, name: str) -> Statement:
    """Values of a field with the rows they have, as `value` and `rows`, the most first.

    A condition of the query on the field itself is left out, so that other choices stay in sight.

    Raises:
        UsageError: a field is unknown or a value does not fit its field.
    """
    lookalikes.refuse(relation, query)
    rest = refining.without(query, relation, relation.field(name).name)
    relation = shortcut.coded(relation, estate, rest, [name])
    field = relation.field(name)
    slots = Slots()
    form = slots.query(relation, estate, rest)
    key = ("facet", relation.name, relation is CODED, field.name, rest)
    return estate.formed(key, form, slots, lambda asked: _counted(relation, estate, asked, field))


def together(relation: Relation, estate: Estate, query: Query, names: Sequence[str]) -> Statement:
    """The same of several fields that the query says nothing of, as `place`, `value` and `rows`.

    The rows are looked for once; `place` is that of the field among the names.

    Raises:
        UsageError: a field is unknown or a value does not fit its field.
    """
    lookalikes.refuse(relation, query)
    relation = shortcut.coded(relation, estate, query, names)
    fields = [relation.field(name) for name in names]
    slots = Slots()
    form = slots.query(relation, estate, query)
    key = ("facets", relation.name, relation is CODED, tuple(names), query)
    return estate.formed(key, form, slots, lambda asked: _together(relation, estate, asked, fields))


def _together(
    relation: Relation, estate: Estate, query: Query, fields: Sequence[Field]
) -> ir.Table:
    found = filtered(relation, estate, query, fields)
    each = (
        _values(relation, estate, found, field).mutate(place=ibis.literal(n, "int8"))
        for n, field in enumerate(fields)
    )
    rows = ibis.union(*each)
    return rows.order_by("place", ibis.desc(_ROWS), _VALUE)


def _counted(relation: Relation, estate: Estate, query: Query, field: Field) -> ir.Table:
    found = filtered(relation, estate, query, [field])
    return _values(relation, estate, found, field).order_by(ibis.desc(_ROWS), _VALUE)


def _values(relation: Relation, estate: Estate, found: ir.Table, field: Field) -> ir.Table:
    rows = (
        _of_many(relation, estate, found, field)
        if field.each
        else _of_one(relation, estate, found, field)
    )
    return rows.group_by(_VALUE).aggregate(rows=rows[_ROWS].sum().cast("int64"))


def _of_one(relation: Relation, estate: Estate, found: ir.Table, field: Field) -> ir.Table:
    """Counted before anything is joined: what is joined then is a row a key."""
    keys = relation.source(field.source).keys if field.source else ()
    sums = _sums(found, list(dict.fromkeys((*keys, *field.own, "console"))))
    rows = joined(sums, relation, estate, [field])
    return rows.select(field.value(rows, estate).cast("string").name(_VALUE), _ROWS)


def _of_many(relation: Relation, estate: Estate, found: ir.Table, field: Field) -> ir.Table:
    """A row counts once for each of its values."""
    source = relation.source(field.each)
    each = source.build(estate, None)
    if estate.several and source.qualified:
        # Names as a filter tells them apart.
        owned = (each.value.startswith(f"{name}/") for name in sorted(estate.as_of))
        each = each.filter(ibis.or_(*owned))
    each = each.select(*source.keys, _VALUE).distinct()
    sums = _sums(found, list(source.keys))
    rows = sums.inner_join(each, list(source.keys), rname="each__{name}")
    return rows.select(rows[_VALUE].cast("string").name(_VALUE), _ROWS)


def _sums(found: ir.Table, keys: list[str]) -> ir.Table:
    held = [name for name in keys if name in found.columns]
    return found.group_by(*held).aggregate(found.count().name(_ROWS))

"""From the terms of a query to the rows that satisfy them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ibis

from plumbline.errors import UsageError
from plumbline.posture import conditions
from plumbline.posture.joins import joined, own_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import timedelta

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate
    from plumbline.posture.filters import Query, Term, Value
    from plumbline.posture.relation import Field, Relation

    Holds = Callable[[ir.Value, conditions.Before], ir.BooleanValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """One condition on one field; a term is true where any of its tests is."""

    field: Field
    holds: Holds
    absent: bool = False
    """True where the condition does not hold."""


def fields_of(relation: Relation, query: Query) -> Iterator[Field]:
    """The fields that a query looks at.

    Raises:
        UsageError: a field is unknown; points at its character.
    """
    for term in query.terms:
        if term.name:
            yield _field(relation, query, term)
        else:
            yield from map(relation.field, relation.searched)


def filtered(
    relation: Relation, estate: Estate, query: Query, wanted: Iterable[Field] = ()
) -> ir.Table:
    """The rows that satisfy every term, with their key and what the wanted fields are made of.

    Raises:
        UsageError: a field is unknown or a value does not fit its field.
    """
    needed = [*wanted, *fields_of(relation, query)]
    rows = relation.base(estate).select(*own_columns(relation, needed))
    for term in query.terms:
        rows = narrowed(rows, relation, estate, query, term)
    return rows


def narrowed(
    rows: ir.Table, relation: Relation, estate: Estate, query: Query, term: Term
) -> ir.Table:
    """The rows that satisfy a term, with no column more than before.

    Raises:
        UsageError: the field is unknown or a value does not fit it; points at its character.
    """
    own = rows.columns
    found = enumerate(_tests(relation, estate, query, term))
    tests = [(test, f"mark__{place}") for place, test in found]
    for test, mark in tests:
        rows = _prepared(rows, relation, estate, test, mark)
    either = ibis.or_(*(_holds(rows, estate, test, mark) for test, mark in tests))
    return rows.filter(~either if term.negated else either).select(*own)


def _tests(relation: Relation, estate: Estate, query: Query, term: Term) -> Iterator[_Test]:
    if not term.name:
        words = [value.low.text for value in term.values if value.low]
        for name in relation.searched:
            yield _Test(field=relation.field(name), holds=_search(words))
        return
    field = _field(relation, query, term)
    told = [value for value in term.values if not conditions.is_bare(value, conditions.NONE)]
    if told:
        meant = [one for value in told for one in _meant(field, value, estate)]
        yield _Test(field=field, holds=_comparison(field, meant, query))
    if len(told) < len(term.values):
        yield _Test(field=field, holds=lambda column, _: column.notnull(), absent=True)


def _field(relation: Relation, query: Query, term: Term) -> Field:
    try:
        return relation.field(term.name)
    except UsageError as error:
        query.refuse(error.what, term.at + term.negated, error.advice)


def _meant(field: Field, value: Value, estate: Estate) -> list[Value]:
    """What a value stands for: a host's key for every key that its consoles have for it."""
    if field.meant is None or value.low is None or conditions.is_bare(value, conditions.ANY):
        return [value]
    keys = field.meant(estate, value.low.text.lower())
    return [replace(value, low=replace(value.low, text=key)) for key in keys]


def _search(words: list[str]) -> Holds:
    return lambda column, _: ibis.or_(*(conditions.contains(column, word) for word in words))


def _comparison(field: Field, values: list[Value], query: Query) -> Holds:
    return lambda column, before: ibis.or_(
        *(conditions.matches(column, field, value, query, before) for value in values)
    )


def _is_looked_up(field: Field) -> bool:
    """Whether the field is tested where it comes from, a row a key, before anything is joined.

    A value that is made may be one even where its source has no row: a count is 0 there.
    """
    return bool(field.each or (field.source and field.build is None))


def _prepared(
    rows: ir.Table, relation: Relation, estate: Estate, test: _Test, mark: str
) -> ir.Table:
    """The rows with what a test needs joined to them."""
    field = test.field
    if not _is_looked_up(field):
        # A term with several tests of one field joins its source once.
        is_there = any(c.startswith(f"{field.source}__") for c in rows.columns)
        return rows if field.meant or is_there else joined(rows, relation, estate, [field])
    source = relation.source(field.each or field.source)
    table = source.table(estate)
    column = table[source.column("value")] if field.each else field.compared(table, estate)
    keys = table.filter(_true(table, column, estate, test)).select(*source.keys)
    keys = (keys.distinct() if source.many else keys).mutate(ibis.literal(1).name(mark))
    marked = rows.left_join(keys, list(source.keys), rname=f"{mark}__{{name}}")
    return marked.select(*rows.columns, mark)


def _holds(rows: ir.Table, estate: Estate, test: _Test, mark: str) -> ir.BooleanValue:
    """A test's answer on rows that were prepared for it."""
    if _is_looked_up(test.field):
        return rows[mark].isnull() if test.absent else rows[mark].notnull()
    field = test.field
    column = rows[field.name] if field.meant else field.compared(rows, estate)
    true = _true(rows, column, estate, test)
    return ~true if test.absent else true


def _true(table: ir.Table, column: ir.Value, estate: Estate, test: _Test) -> ir.BooleanValue:
    def before(age: timedelta) -> ir.TimestampValue:
        return estate.moment(table, age)

    # What was not supplied satisfies no condition, and so every negated one.
    return test.holds(column, before).fill_null(False)  # noqa: FBT003 - the engine's signature

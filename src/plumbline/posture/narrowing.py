"""From the terms of a query to the rows that satisfy them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ibis

from plumbline.errors import UsageError
from plumbline.posture import conditions
from plumbline.posture.joins import joined, own_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import timedelta

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate
    from plumbline.posture.filters import Query, Term, Text, Value
    from plumbline.posture.relation import Field, Relation, Source

    Holds = Callable[[ir.Value, Field, conditions.Before], ir.BooleanValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """One condition on some fields; a term is true where any of its tests is."""

    fields: tuple[Field, ...]
    """True where it holds for any of them. Several are looked up by the same keys, or none is."""
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
        yield from _search(relation, estate, [v.low for v in term.values if v.low])
        return
    field = _field(relation, query, term)
    told = [value for value in term.values if not conditions.is_bare(value, conditions.NONE)]
    if told:
        meant = [one for value in told for one in _meant(field, value, estate)]
        yield _Test(fields=(field,), holds=_comparison(meant, query))
    if len(told) < len(term.values):
        yield _Test(fields=(field,), holds=lambda column, _, __: column.notnull(), absent=True)


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


def _search(relation: Relation, estate: Estate, words: list[Text]) -> Iterator[_Test]:
    """Whether a searched field holds any of the words; one test for all that need the same join."""
    by_join: dict[tuple[str, ...], list[Field]] = {}
    for field in map(relation.field, relation.searched):
        source = field.each or field.source
        keys = relation.source(source).keys if _is_looked_up(field) else ()
        by_join.setdefault(keys, []).append(field)

    def holds(column: ir.Value, field: Field, _: conditions.Before) -> ir.BooleanValue:
        if field.each and relation.source(field.each).qualified:
            column = _unqualified(column, estate)
        return ibis.or_(*(conditions.searched(column, field, word) for word in words))

    for fields in by_join.values():
        yield _Test(fields=tuple(fields), holds=holds)


def _unqualified(column: ir.StringValue, estate: Estate) -> ir.StringValue:
    """A name without its console, so that a word finds no row by the name of a connection."""
    if not estate.several:
        return column
    begun = sorted((f"{name}/" for name in estate.as_of), key=len, reverse=True)
    return ibis.cases(
        *((column.startswith(begin), column.substr(len(begin))) for begin in begun), else_=column
    )


def _comparison(values: list[Value], query: Query) -> Holds:
    return lambda column, field, before: ibis.or_(
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
    if not _is_looked_up(test.fields[0]):
        # A term with several tests of one field joins its source once.
        there = {c.partition("__")[0] for c in rows.columns if "__" in c}
        wanted = [f for f in test.fields if not f.meant and f.source not in there]
        return joined(rows, relation, estate, wanted)
    by_source: dict[str, list[Field]] = {}
    for field in test.fields:
        by_source.setdefault(field.each or field.source, []).append(field)
    found = [
        _keys(relation.source(name), estate, fields, test) for name, fields in by_source.items()
    ]
    source = relation.source(next(iter(by_source)))
    keys = ibis.union(*found, distinct=True) if len(found) > 1 else found[0]
    keys = keys.mutate(ibis.literal(1).name(mark))
    marked = rows.left_join(keys, list(source.keys), rname=f"{mark}__{{name}}")
    return marked.select(*rows.columns, mark)


def _keys(source: Source, estate: Estate, fields: Sequence[Field], test: _Test) -> ir.Table:
    """The keys under which a source has a row that a test is true of; each once."""
    table = source.table(estate)
    columns = [
        (table[source.column("value")] if field.each else field.compared(table, estate), field)
        for field in fields
    ]
    keys = table.filter(_true(table, columns, estate, test)).select(*source.keys)
    return keys.distinct() if source.many else keys


def _holds(rows: ir.Table, estate: Estate, test: _Test, mark: str) -> ir.BooleanValue:
    """A test's answer on rows that were prepared for it."""
    if _is_looked_up(test.fields[0]):
        return rows[mark].isnull() if test.absent else rows[mark].notnull()
    columns = [
        (rows[field.name] if field.meant else field.compared(rows, estate), field)
        for field in test.fields
    ]
    true = _true(rows, columns, estate, test)
    return ~true if test.absent else true


def _true(
    table: ir.Table, columns: Sequence[tuple[ir.Value, Field]], estate: Estate, test: _Test
) -> ir.BooleanValue:
    def before(age: timedelta) -> ir.TimestampValue:
        return estate.moment(table, age)

    held = (test.holds(column, field, before) for column, field in columns)
    # What was not supplied satisfies no condition, and so every negated one.
    return ibis.or_(*(one.fill_null(False) for one in held))  # noqa: FBT003 - the engine's signature

"""Changing a query as facets, tiles and cells do: the same text a person would have written."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from plumbline.errors import UsageError
from plumbline.posture import conditions
from plumbline.posture.filters import Comparison, Query, Term, Text, Value, parse
from plumbline.posture.relation import PARTIAL, FieldKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.posture.relation import Relation

_PLAIN = re.compile(r"[\w/:@+-]+(\.[\w/:@+-]+)*", re.ASCII)
_COMPARED = ("-", ">", "<")
_YES = frozenset({"yes", "true", "1", conditions.ANY})


def term(name: str, *values: str, negated: bool = False) -> Term:
    """A condition with values that are taken as they stand."""
    told = tuple(_exactly(value, part=name in PARTIAL) for value in values)
    return Term(name=name, values=told, negated=negated)


def written(*terms: Term | str) -> str:
    """A query made of conditions, some of them written already."""
    return " ".join(str(one) for one in terms if str(one))


def defaulted(query: Query, relation: Relation) -> Query:
    """The query with the relation's default condition, where it says nothing of that itself.

    It stands at the end, so that an error still points at the character that was written.
    """
    if not relation.default or any(_settles(relation, one) for one in query.terms):
        return query
    return parse(f"{query.written or query} {relation.default}".strip())


def loosened(query: Query, relation: Relation, place: int) -> Query:
    """The query without the condition at a place, and without the default coming back for it."""
    return undefaulted(dropped(query, place), relation, query.terms[place])


def undefaulted(query: Query, relation: Relation, instead: Term | None = None) -> Query:
    """The query with any value in place of the default; `instead` is what stood there before."""
    name = relation.default.partition(":")[0]
    everything = {f"{name}:{word}" for word in (conditions.ANY, conditions.EVERY)}
    if defaulted(query, relation) == query or str(instead) in everything:
        return query
    return parse(f"{query} {name}:{conditions.ANY}".strip())


def _settles(relation: Relation, one: Term) -> bool:
    try:
        field = relation.field(one.name) if one.name else None
    except UsageError:
        # It is refused where the rows are asked for.
        return False
    if field is None or field.name not in relation.settling:
        return False
    if field.kind is FieldKind.FLAG:
        # What is not accepted may be in any other state: that says nothing of it.
        asked = any(str(value).lower() in _YES for value in one.values)
        return asked is not one.negated
    return True


def without(query: Query, relation: Relation, *names: str) -> Query:
    """The query without its conditions on fields, those turned round left in place."""
    kept = (t for t in query.terms if t.negated or _name(relation, t) not in names)
    return _made(kept)


def narrowed(query: Query, relation: Relation, name: str, *values: str) -> Query:
    """The query with a field held to values, in place of what it was held to."""
    rest = without(query, relation, name)
    written = _grouped(relation, name, values)
    return _made((*rest.terms, term(name, *written))) if values else rest


def chosen(query: Query, relation: Relation, name: str) -> tuple[str, ...]:
    """The values a query holds a field to, as far as they are plain ones."""
    found = [t for t in query.terms if not t.negated and _name(relation, t) == name]
    values = (value for one in found for value in one.values)
    whole = [v.low.text for v in values if v.low and _is_whole(v, name)]
    groups = dict(relation.field(name).groups)
    if conditions.EVERY in groups:
        groups[conditions.ANY] = groups[conditions.EVERY]
    return tuple(one for value in whole for one in groups.get(value.lower(), (value,)))


def _is_whole(value: Value, name: str) -> bool:
    """Whether a value is one of the field, and no part or range of them."""
    if name in PARTIAL and not conditions.is_bare(value, conditions.NONE):
        return value.comparison is Comparison.EXACT
    return value.comparison in {Comparison.EQUAL, Comparison.EXACT}


def _grouped(relation: Relation, name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Values with a word that stands for several of them in place of these."""
    for word, members in reversed(relation.field(name).groups):
        if set(members) <= set(values):
            return (word, *(value for value in values if value not in members))
    return values


def toggled(query: Query, relation: Relation, name: str, value: str) -> Query:
    """The query with a value of a field added to what it is held to, or taken away again."""
    held = chosen(query, relation, name)
    values = [one for one in held if one.lower() != value.lower()]
    return narrowed(query, relation, name, *(values if len(values) < len(held) else [*held, value]))


def excluded(query: Query, name: str, value: str) -> Query:
    """The query without rows of a value."""
    return _made((*query.terms, term(name, value, negated=True)))


def only(query: Query, place: int) -> Query:
    """The condition at a place alone."""
    return _made((query.terms[place],))


def dropped(query: Query, place: int) -> Query:
    """The query without the condition at a place."""
    return _made(one for n, one in enumerate(query.terms) if n != place)


def _exactly(value: str, *, part: bool = False) -> Value:
    """A value that means just this text: in quotes unless it is plain.

    With `=` before it where a `part` of the text would do.
    """
    plain = _PLAIN.fullmatch(value) and not value.startswith(_COMPARED)
    absent = value == conditions.NONE
    text = Text(value, quoted=not (plain or absent))
    exact = part and not absent
    return Value(comparison=Comparison.EXACT if exact else Comparison.EQUAL, low=text)


def _name(relation: Relation, one: Term) -> str:
    return relation.field(one.name).name if one.name else ""


def _made(terms: Iterable[Term]) -> Query:
    """A query as if it had been written so: errors can then point into it."""
    return parse(str(replace(Query(), terms=tuple(terms))))

"""The facets beside a list: values with the rows they would have, whatever is chosen there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.domain.finding import FindingState
from plumbline.posture import conditions, facets, refining
from plumbline.posture.counts import WORDS
from plumbline.posture.relation import FieldKind
from plumbline.web import cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plumbline.posture.relation import Field
    from plumbline.web.estates import Seen
    from plumbline.web.explorer.asking import Asked

_MOST = 12
_FLAGS = {"true": "yes", "false": "no"}
_STATE = "state"
_STATES = {
    FindingState.OPEN.value: "open, never fixed before",
    FindingState.REOPENED.value: "reopened, fixed before",
}
"""What tells the two states apart that numbers call open together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value."""

    text: str
    rows: int
    on: bool
    take: str
    """The list with it chosen, or no longer chosen."""
    alone: str
    """The list of this value alone: its total is `rows`."""
    leave: str
    """The list without its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A field and its values."""

    name: str
    label: str
    severity: bool
    choices: Sequence[Choice]
    more: int
    """Values that are not shown."""
    open: bool


def of(asked: Asked, seen: Seen) -> list[Facet]:
    """The facets of a list, those with a single value left out unless it is chosen."""
    fields = list(map(asked.kind.relation.field, asked.kind.facets))
    free = _free(asked, seen, fields)
    found = [
        _facet(asked, field, n, free.get(field.name) or values(asked, seen, field))
        for n, field in enumerate(fields)
    ]
    return [one for one in found if len(one.choices) > 1 or any(c.on for c in one.choices)]


def _facet(asked: Asked, field: Field, place: int, told: list[tuple[str, int]]) -> Facet:
    chosen = refining.chosen(asked.query, asked.kind.relation, field.name)
    held = tuple(one.lower() for one in chosen)
    told.sort(key=lambda one: one[0].lower() not in held)
    shown = ordered(field, told)[:_MOST]
    choices = [_choice(asked, field, value, rows, held) for value, rows in shown]
    return Facet(
        name=field.name,
        label=cells.label(field),
        severity=field.kind is FieldKind.SEVERITY,
        choices=choices,
        more=max(0, len(told) - len(shown)),
        open=place < 5 or any(choice.on for choice in choices),  # noqa: PLR2004 - the first few
    )


def values(asked: Asked, seen: Seen, field: Field) -> list[tuple[str, int]]:
    """Values of a field and their rows, as a filter writes them."""
    rest = refining.without(asked.query, asked.kind.relation, field.name)
    key = ("facet", asked.kind.page, field.name, rest)
    rows = seen.answer(
        key, lambda e: facets.counted(asked.kind.relation, e, asked.query, field.name)
    ).to_pylist()
    return _told(field, rows)


def _free(asked: Asked, seen: Seen, fields: Sequence[Field]) -> dict[str, list[tuple[str, int]]]:
    """The same of all fields that are not chosen from, asked at once."""
    relation = asked.kind.relation
    names = [
        f.name for f in fields if refining.without(asked.query, relation, f.name) == asked.query
    ]
    if not names:
        return {}
    key = ("facets", asked.kind.page, tuple(names), asked.query)
    rows = seen.answer(key, lambda e: facets.together(relation, e, asked.query, names)).to_pylist()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for row in rows:
        found[names[row["place"]]].append(row)
    return {f.name: _told(f, found[f.name]) for f in fields if f.name in found}


def _told(field: Field, rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    told = [(_written(field, row["value"]), row["rows"]) for row in rows]
    if field.words:
        told += [(word, 0) for word in field.words if word not in dict(told)]
    return told


def _written(field: Field, value: str | None) -> str:
    if value is None or value == "":
        return conditions.NONE
    return _FLAGS.get(value, value) if field.kind is FieldKind.FLAG else value


def _shown(field: Field, value: str) -> str:
    if value == conditions.NONE:
        return cells.ABSENCES.get(field.name, "not supplied")
    if field.name == _STATE:
        return _STATES.get(value, value.replace("_", " "))
    return value.replace("_", " ") if field.words else value


def ordered(field: Field, told: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Severities by what they mean, the worst first; other values as they come."""
    if field.kind is not FieldKind.SEVERITY:
        return told
    known = dict(told)
    return [(word, known.get(word, 0)) for word in WORDS]


def _choice(asked: Asked, field: Field, value: str, rows: int, held: tuple[str, ...]) -> Choice:
    relation = asked.kind.relation
    toggled = refining.undefaulted(
        refining.toggled(asked.query, relation, field.name, value), relation
    )
    alone = refining.narrowed(asked.query, relation, field.name, value)
    leave = refining.excluded(asked.query, field.name, value)
    return Choice(
        text=_shown(field, value),
        rows=rows,
        on=value.lower() in held,
        take=asked.address(q=str(toggled)),
        alone=asked.address(q=str(alone)),
        leave=asked.address(q=str(leave)),
    )

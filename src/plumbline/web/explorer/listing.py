"""A page of a list as its template wants it: chips, headings, rows and what leads on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from plumbline.errors import UsageError
from plumbline.posture import filters, refining
from plumbline.posture.counts import WORDS
from plumbline.posture.relation import FieldKind
from plumbline.report.formats import Format
from plumbline.web import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from plumbline.posture.filters import Query
    from plumbline.posture.relation import Field
    from plumbline.web.estates import Seen
    from plumbline.web.explorer.asking import Asked

_UNSORTED = frozenset(
    {"asset_lists", "repositories", "cves", "xrefs", "plugins", "ips", "consoles"}
)
_KEYS = {"findings": "finding", "hosts": "host", "vulnerabilities": "plugin_id", "lists": "id"}
_TRIED = 6
EXPORTS = tuple(form for form in Format if form not in {Format.TABLE, Format.JSON})


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition of the query, and the list without it."""

    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Looser:
    """Another query, and what it finds."""

    total: int
    href: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A condition of a query that finds nothing, and what is found otherwise."""

    term: str
    alone: Looser | None
    """None where it is the only condition."""
    without: Looser
    meant: Looser | None
    """The condition that a word may stand for."""


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head."""

    name: str
    label: str
    doc: str
    number: bool
    href: str
    """The list sorted by it; empty where it cannot be."""
    direction: str
    """As `aria-sort` writes it; empty where the list is not sorted by it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row, where it leads, and what can be looked at beside the list."""

    cells: Sequence[cells.Cell]
    peek: str
    pick: tuple[str, str] | None
    """The field and the value by which a filter finds just this row; None where none does."""


def context(asked: Asked, seen: Seen) -> dict[str, Any]:
    """Everything of a page but the facets."""
    several = seen.estate.several
    shown = asked.fields(several=several)
    base = {
        "kind": asked.kind,
        "asked": asked,
        "q": asked.written,
        "chips": _chips(asked),
        "heads": [_head(asked, field) for field in shown],
        "columns": _choices(asked, shown),
        "facets": asked.address(f"{asked.kind.page}-facets"),
        "complete": reverse(f"{asked.kind.page}-complete"),
    }
    return base | _found(asked, seen, shown)


def _found(asked: Asked, seen: Seen, shown: Sequence[Field]) -> dict[str, Any]:
    """The rows; where the query cannot be used, the mistake in their place."""
    if asked.mistake is None:
        try:
            return _rows(asked, seen, shown)
        except UsageError as error:
            return {"mistake": error}
    return {"mistake": asked.mistake}


def _rows(asked: Asked, seen: Seen, shown: Sequence[Field]) -> dict[str, Any]:
    several, relation = seen.estate.several, asked.kind.relation.name
    page = seen.page(relation, asked.request(several=several), asked.after)
    total = seen.total(relation, asked.query)
    rows = [
        Row(
            [cells.cell(relation, f, row, several=several) for f in shown],
            _peek(asked, row),
            _pick(asked, row, several=several),
        )
        for row in page.rows
    ]
    return {
        "rows": rows,
        "total": total,
        "following": asked.address(after=page.following) if page.following else "",
        "first": asked.address() if asked.after else "",
        "report": _report(asked),
        "exports": [(form.value, _export(asked, form)) for form in EXPORTS],
        "tried": () if total else _tried(asked, seen),
        "searched": () if total else _searched(asked),
    }


def _export(asked: Asked, form: Format) -> str:
    return asked.address(f"{asked.kind.page}-export", format=form)


def _report(asked: Asked) -> str:
    """The report about just these findings; none of another list."""
    if asked.kind.page != "findings":
        return ""
    default = asked.kind.relation.default
    terms = [str(term) for term in asked.query.terms if str(term) != default]
    return f"{reverse('report')}?{urlencode({'q': ' '.join(terms)})}"


def _peek(asked: Asked, row: dict[str, Any]) -> str:
    return reverse("finding", args=[row["finding"]]) if asked.kind.page == "findings" else ""


def _pick(asked: Asked, row: dict[str, Any], *, several: bool) -> tuple[str, str] | None:
    """Numbers of plugins and lists are each console's own; keys of findings and hosts are not."""
    field = _KEYS[asked.kind.page]
    if several and field not in {"finding", "host"}:
        return None
    return field, str(row[field])


def _chips(asked: Asked) -> list[Chip]:
    return [
        Chip(str(term), asked.address(q=_without(asked, place)))
        for place, term in enumerate(asked.query.terms)
    ]


def _without(asked: Asked, place: int) -> str:
    return str(refining.loosened(asked.query, asked.kind.relation, place))


def _tried(asked: Asked, seen: Seen) -> list[Tried]:
    """The first conditions of a query that finds nothing, each with what it is to blame for."""
    relation, terms = asked.kind.relation, asked.query.terms

    def looser(query: Query) -> Looser:
        whole = refining.defaulted(query, relation)
        return Looser(seen.total(relation.name, whole), asked.address(q=str(whole)))

    return [
        Tried(
            term=str(term),
            alone=looser(refining.only(asked.query, place)) if len(terms) > 1 else None,
            without=looser(filters.parse(_without(asked, place))),
            meant=_meant(asked, place, looser),
        )
        for place, term in enumerate(terms[:_TRIED])
    ]


def _searched(asked: Asked) -> list[str]:
    """Where the words without a field are looked for, if there are any."""
    relation = asked.kind.relation
    if all(term.name for term in asked.query.terms):
        return []
    return [cells.label(relation.field(name)) for name in relation.searched]


def _meant(asked: Asked, place: int, looser: Callable[[Query], Looser]) -> Looser | None:
    """`critical` typed for `severity:critical`, `kev` for `kev:yes`."""
    term, terms = asked.query.terms[place], asked.query.terms
    word = str(term).lower()
    found = (
        refining.term(field.name, "yes" if field.kind is FieldKind.FLAG else word)
        for field in asked.kind.relation.fields
        if word
        in {FieldKind.FLAG: (field.name,), FieldKind.SEVERITY: WORDS}.get(field.kind, field.words)
    )
    meant = next(found, None) if not term.name else None
    if meant is None:
        return None
    return looser(filters.parse(refining.written(*terms[:place], meant, *terms[place + 1 :])))


def _head(asked: Asked, field: Field) -> Head:
    order = asked.order or asked.kind.relation.order
    now = next((n for n in order[:1] if n.removeprefix("-") == field.name), "")
    is_worst_first = cells.is_number(field) or field.name in {"severity", "risk"}
    first = f"-{field.name}" if is_worst_first else field.name
    turned = field.name if now.startswith("-") else f"-{field.name}"
    direction = ("descending" if now.startswith("-") else "ascending") if now else ""
    sortable = field.name not in _UNSORTED
    href = asked.address(sort=turned if now else first) if sortable else ""
    number = cells.is_number(field)
    return Head(field.name, cells.label(field), field.doc, number, href, direction)


def _choices(asked: Asked, shown: Sequence[Field]) -> list[tuple[str, str, str, bool]]:
    """Every column: name, label, meaning and whether it is shown; those shown first, in order."""
    names = {field.name for field in shown}
    others = [f for f in asked.kind.relation.fields if f.name not in names and not f.lengthy]
    return [(f.name, cells.label(f), f.doc, f.name in names) for f in (*shown, *others)]

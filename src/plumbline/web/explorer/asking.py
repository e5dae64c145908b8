"""What a visitor asked of a list, read from the address and from what they chose before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from plumbline.errors import UsageError
from plumbline.posture import explore, filters
from plumbline.posture.filters import NO_QUERY, Query

if TYPE_CHECKING:
    from django.http import HttpRequest

    from plumbline.posture.relation import Field
    from plumbline.web.explorer.kinds import Kind

ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query, columns and an order; `mistake` where the query cannot be used."""

    kind: Kind
    written: str
    query: Query
    columns: tuple[str, ...]
    order: tuple[str, ...]
    after: str
    mistake: UsageError | None = None

    def fields(self, *, several: bool) -> tuple[Field, ...]:
        """The columns that are shown."""
        names = dict.fromkeys(self.columns)
        if several and not {"console", "consoles"} & set(names) and not self.chosen:
            names |= dict.fromkeys(f.name for f in self.kind.relation.fields if f.tells_apart)
        return tuple(self.kind.relation.field(name) for name in names)

    @property
    def chosen(self) -> bool:
        """Whether the columns are other than the list's own."""
        return self.columns != self.kind.columns

    def request(self, *, several: bool) -> explore.Request:
        """What the engine is asked for a page."""
        shown = tuple(field.name for field in self.fields(several=several))
        return explore.Request(
            query=self.query,
            columns=tuple(dict.fromkeys((*shown, *self.kind.hidden))),
            order=self.order,
            limit=ROWS,
        )

    def address(self, page: str = "", **other: Any) -> str:
        """The address of this, with some of it other than it is; `page` for another page."""
        given = {
            "q": self.written,
            "sort": ",".join(self.order),
            "columns": ",".join(self.columns) if self.chosen else "",
            **other,
        }
        told = {key: str(value) for key, value in given.items() if value or key == "q"}
        return f"{reverse(page or self.kind.page)}?{urlencode(told)}"


def asked(request: HttpRequest, kind: Kind) -> Asked:
    """What the address says; a list without a query begins with its own.

    Raises:
        UsageError: a column or the order cannot be used.
    """
    written = request.GET.get("q", kind.begins).strip()
    query, mistake = _read(kind, written)
    order = _names(request.GET.get("sort", ""))
    for name in order:
        kind.relation.field(name.removeprefix("-"))
    return Asked(
        kind=kind,
        written=written,
        query=query,
        columns=_columns(request, kind),
        order=order,
        after=request.GET.get("after", ""),
        mistake=mistake,
    )


def _read(kind: Kind, written: str) -> tuple[Query, UsageError | None]:
    try:
        query = filters.parse(written)
        for term in query.terms:
            if term.name:
                kind.relation.field(term.name)
    except UsageError as error:
        return NO_QUERY, error
    return query, None


def _columns(request: HttpRequest, kind: Kind) -> tuple[str, ...]:
    """Those of the address; else those chosen before; else the list's own."""
    told = _names(request.GET.get("columns", "")) or tuple(
        name for name in kept_columns(request, kind) if _known(kind, name)
    )
    return tuple(kind.relation.field(name).name for name in told) or kind.columns


def kept_columns(request: HttpRequest, kind: Kind) -> tuple[str, ...]:
    """The columns the visitor chose for a list."""
    return tuple(request.session.get(_key(kind), ()))


def keep_columns(request: HttpRequest, kind: Kind, names: tuple[str, ...]) -> None:
    """Remember the columns the visitor chose; none for the list's own."""
    request.session[_key(kind)] = [name for name in names if _known(kind, name)]


def _key(kind: Kind) -> str:
    return f"columns-{kind.page}"


def _known(kind: Kind, name: str) -> bool:
    return any(field.name == name for field in kind.relation.fields)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))

"""What a visitor asked of a list, read from the address and from what they chose before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from plumbline.errors import UsageError
from plumbline.ledger.people import layouts
from plumbline.posture import explore, filters, lookalikes
from plumbline.posture.filters import NO_QUERY, Query
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest

    from plumbline.ledger.people.records import Layout
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
    layout: Layout = layouts.PLAIN
    """How the visitor wants this list to look."""
    told: frozenset[str] = frozenset()
    """What of order and columns the address says, be it nothing: the layout says no more then."""
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

    @property
    def pinned(self) -> dict[str, str]:
        """Order and columns where an address has to tell them."""
        given = {
            "sort": ",".join(self.order),
            "columns": ",".join(self.columns) if self.chosen or "columns" in self.told else "",
        }
        return {key: value for key, value in given.items() if value or key in self.told}

    @property
    def is_kept_order(self) -> bool:
        """Whether the list is sorted as the visitor wants it always."""
        return bool(self.order) and self.order == self.layout.order

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
        """The address of this, with some of it other than it is; `page` for another page.

        What is given as None is left out.
        """
        given = {"q": self.written, **self.pinned, **other}
        empty = {"q", *self.pinned} - set(other)
        told = {key: str(value) for key, value in given.items() if value or key in empty | {"q"}}
        return f"{reverse(page or self.kind.page)}?{urlencode(told)}"


def asked(request: HttpRequest, kind: Kind) -> Asked:
    """What the address says; a list without a query begins with its own.

    The default condition of the list is written into the query, so that it is seen and can be
    taken away.

    Raises:
        UsageError: a column or the order cannot be used.
    """
    written = request.GET.get("q", kind.begins).strip()
    query, mistake = read(kind, written)
    written, query = kind.effective(written, query) if mistake is None else (written, query)
    layout = layouts.find(visitor(request).name, kind.page)
    return Asked(
        kind=kind,
        written=written,
        query=query,
        columns=_columns(request, kind, layout),
        order=_order(request, kind, layout),
        after=request.GET.get("after", ""),
        layout=layout,
        told=frozenset({"sort", "columns"} & set(request.GET)),
        mistake=mistake,
    )


def keep(request: HttpRequest, kind: Kind, names: tuple[str, ...]) -> None:
    """Remember how the visitor wants the list: columns, density, and the order if they say so."""
    order = tuple(_names(request.POST.get("order", "")))
    for name in order:
        kind.relation.field(name.removeprefix("-"))
    columns = [name for name in names if known(kind, name)]
    dense = "dense" in request.POST
    layouts.keep(visitor(request).name, kind.page, columns, order, dense=dense)


def known(kind: Kind, name: str) -> bool:
    """Whether a list has a column, be it to sort by."""
    return any(field.name == name.removeprefix("-") for field in kind.relation.fields)


def read(kind: Kind, written: str) -> tuple[Query, UsageError | None]:
    """A query of a list; where it cannot be used, why not."""
    try:
        query = filters.parse(written)
        lookalikes.refuse(kind.relation, query)
    except UsageError as error:
        return NO_QUERY, error
    return query, None


def _columns(request: HttpRequest, kind: Kind, layout: Layout) -> tuple[str, ...]:
    """Those of the address; else those of the visitor's layout; else the list's own."""
    if "columns" in request.GET:
        told = _names(request.GET["columns"])
    else:
        told = tuple(name for name in layout.columns if known(kind, name))
    return tuple(kind.relation.field(name).name for name in told) or kind.columns


def _order(request: HttpRequest, kind: Kind, layout: Layout) -> tuple[str, ...]:
    """That of the address; else that of the visitor's layout."""
    if "sort" not in request.GET:
        return tuple(name for name in layout.order if known(kind, name))
    order = _names(request.GET["sort"])
    for name in order:
        kind.relation.field(name.removeprefix("-"))
    return order


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))

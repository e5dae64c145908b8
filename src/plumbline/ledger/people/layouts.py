"""How each person wants each list to look: columns, order, density, and where it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.errors import UsageError
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.people import register, views
from plumbline.ledger.people.models import LayoutRow, ViewRow
from plumbline.ledger.people.records import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN = Layout()


@storage_faults()
def find(person: str, kind: str) -> Layout:
    """The layout of a list for a person; the plain one where they chose none."""
    rows = LayoutRow.objects.select_related("begins__person")
    row = rows.filter(person__name=person, kind=kind).first()
    return PLAIN if row is None else _layout(row, person)


@storage_faults()
def keep(
    person: str, kind: str, columns: Sequence[str], order: Sequence[str], *, dense: bool
) -> None:
    """Keep how a person wants a list to look.

    Raises:
        UsageError: there is no such person.
    """
    told = {"columns": list(columns), "order": list(order), "dense": dense}
    LayoutRow.objects.update_or_create(person=register.row_of(person), kind=kind, defaults=told)


@storage_faults()
def begin(person: str, kind: str, slug: str = "") -> None:
    """Let a list begin with a view, or with itself.

    Raises:
        UsageError: the person sees no such view, or it is of another list.
    """
    row = None
    if slug:
        found = views.get(slug, person)
        if found.kind != kind:
            raise UsageError(f"The view {found.name} is of another list: {found.kind}.")
        row = ViewRow.objects.get(slug=slug)
    LayoutRow.objects.update_or_create(
        person=register.row_of(person), kind=kind, defaults={"begins": row}
    )


def _layout(row: LayoutRow, person: str) -> Layout:
    view = row.begins
    # One that is shared no more is not begun with, either.
    theirs = view is not None and (view.shared or view.person.name == person)
    return Layout(
        columns=tuple(row.columns),
        order=tuple(row.order),
        dense=row.dense,
        begins=view.slug if view is not None and theirs else "",
    )

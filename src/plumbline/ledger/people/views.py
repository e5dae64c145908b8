"""Views that people save: their own, and those they share. What is shared is in the audit.

A view holds a filter, an order and columns. Its rows are asked for by whoever opens it, so it
never shows anybody more than they may see.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q

from plumbline.domain.person import Right, Role
from plumbline.errors import NotFoundError, UsageError
from plumbline.ledger import audit
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.people import register
from plumbline.ledger.people.models import ViewRow
from plumbline.ledger.people.records import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

MOST = 200
"""Views of one person."""
LONGEST_NAME = 64
_LONGEST_QUERY = 8_000
_STEM = 48


@storage_faults()
def listing(person: str, kind: str | None = None) -> tuple[View, ...]:
    """What a person finds: their own views and those that are shared, by name."""
    rows = _found_by(person).order_by("name", "pk")
    return tuple(map(_view, rows if kind is None else rows.filter(kind=kind)))


@storage_faults()
def get(slug: str, person: str) -> View:
    """A view that a person finds.

    Raises:
        UsageError: there is none of that address, or it is somebody else's own.
    """
    row = _found_by(person).filter(slug=slug).first()
    if row is None:
        raise NotFoundError("There is no such view, or it is not shared with you.")
    return _view(row)


@storage_faults()
def add(
    person: str,
    kind: str,
    name: str,
    query: str,
    *,
    order: Sequence[str] = (),
    columns: Sequence[str] = (),
    shared: bool = False,
) -> View:
    """Save a view.

    Raises:
        UsageError: the name cannot be used or is taken, there are too many, or the person may
            not share.
    """
    row, named = register.row_of(person), _name(name)
    if len(query) > _LONGEST_QUERY:
        raise UsageError(f"A filter of a view has at most {_LONGEST_QUERY} characters.")
    if row.views.count() >= MOST:
        raise UsageError(f"A person has at most {MOST} views.", advice="delete some.")
    _may_share(row.may, shared=shared)
    with _free(named), transaction.atomic():
        made = ViewRow.objects.create(
            slug=_slug(named),
            person=row,
            kind=kind,
            name=named,
            query=query,
            order=list(order),
            columns=list(columns),
            shared=shared,
        )
        if shared:
            audit.note("share view", named, _told(made))
    return _view(made)


@storage_faults()
def change(slug: str, person: str, name: str, *, shared: bool) -> View:
    """Rename a view, share it, or keep it to its owner again.

    Raises:
        UsageError: it is not theirs to change, the name cannot be used or is taken, or the person
            may not share.
    """
    row, by = _to_change(slug, person), register.row_of(person)
    named, before = _name(name), (row.name, row.shared)
    if shared and not row.shared:
        _may_share(by.may, shared=True)
    with _free(named), transaction.atomic():
        row.name, row.shared = named, shared
        row.save(update_fields=["name", "shared", "changed"])
        if shared and not before[1]:
            audit.note("share view", named, _told(row))
        elif before[1] and not shared:
            audit.note("unshare view", named, _told(row))
        elif shared and before[0] != named:
            audit.note("rename view", named, f"was {before[0]}; {_told(row)}")
    return _view(row)


@storage_faults()
def replace(
    slug: str, person: str, query: str, order: Sequence[str], columns: Sequence[str]
) -> View:
    """Give a view another filter, order and columns.

    Raises:
        UsageError: it is not theirs to change, or the filter is too long.
    """
    row = _to_change(slug, person)
    if len(query) > _LONGEST_QUERY:
        raise UsageError(f"A filter of a view has at most {_LONGEST_QUERY} characters.")
    with transaction.atomic():
        row.query, row.order, row.columns = query, list(order), list(columns)
        row.save(update_fields=["query", "order", "columns", "changed"])
        if row.shared:
            audit.note("change view", row.name, _told(row))
    return _view(row)


@storage_faults()
def remove(slug: str, person: str) -> View:
    """Delete a view.

    Raises:
        UsageError: it is not theirs to delete.
    """
    with transaction.atomic():
        row = _to_change(slug, person)
        view = _view(row)
        if row.shared:
            audit.note("delete view", row.name, _told(row))
        row.delete()
    return view


def may_change(view: View, person: str, rights: frozenset[Right]) -> bool:
    """Whether a person may change a view: their own, or a shared one if they administer people."""
    return view.person == person or (view.shared and Right.PEOPLE in rights)


def _to_change(slug: str, person: str) -> ViewRow:
    by = register.row_of(person)
    row = _found_by(by.name).filter(slug=slug).first()
    if row is None:
        raise NotFoundError("There is no such view, or it is not shared with you.")
    if not may_change(_view(row), by.name, by.may):
        raise UsageError(
            f"The view {row.name} is {row.person.name}'s.",
            advice="save one of your own.",
            unchanged=f"the view {row.name}.",
        )
    return row


def _found_by(person: str) -> QuerySet[ViewRow]:
    return ViewRow.objects.select_related("person").filter(Q(person__name=person) | Q(shared=True))


def _may_share(rights: frozenset[Right], *, shared: bool) -> None:
    if shared and Right.SHARE not in rights:
        roles = " or ".join(Role.having(Right.SHARE))
        raise UsageError(f"Sharing a view takes the role {roles}.", unchanged="the views.")


def _name(text: str) -> str:
    named = " ".join(text.split())
    if not 1 <= len(named) <= LONGEST_NAME or not named.isprintable():
        raise UsageError(f"A view needs a name of 1 to {LONGEST_NAME} characters.")
    return named


def _slug(name: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_STEM].strip("-")
    return f"{stem or 'view'}-{secrets.token_hex(4)}"


def _told(row: ViewRow) -> str:
    return f"{row.kind}: {row.query or 'everything'}; of {row.person.name}"


class _free:  # noqa: N801 - reads as a clause
    """Tells that a name is taken."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise UsageError(
                f"There is a view called {self.name} already.", advice="another name."
            ) from error


def _view(row: ViewRow) -> View:
    return View(
        slug=row.slug,
        person=row.person.name,
        kind=row.kind,
        name=row.name,
        query=row.query,
        order=tuple(row.order),
        columns=tuple(row.columns),
        shared=row.shared,
        created=row.created,
        changed=row.changed,
    )

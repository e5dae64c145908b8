"""Links that can be used once: made, looked at, used up."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from plumbline.domain.person import Role
from plumbline.errors import UsageError
from plumbline.ledger import audit, connections, seal
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.people import register
from plumbline.ledger.people.models import LinkRow
from plumbline.ledger.people.records import Link, LinkKind
from plumbline.ledger.people.tokens import digest

if TYPE_CHECKING:
    from datetime import timedelta

    from plumbline.domain.connection import Keys
    from plumbline.ledger.people.records import Person


@storage_faults()
def make(
    kind: LinkKind, *, lasts: timedelta, person: str | None = None, subject: str = "", by: str = ""
) -> str:
    """The secret of a new link; earlier ones for the same end.

    Raises:
        UsageError: there is no such person.
    """
    row = None if person is None else register.row_of(person)
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        LinkRow.objects.filter(kind=kind.value, person=row, subject=subject, used=None).delete()
        LinkRow.objects.create(
            kind=kind.value,
            digest=digest(secret),
            person=row,
            subject=subject,
            created_by=by,
            expires=timezone.now() + lasts,
        )
        audit.note(f"make {kind} link", person or subject or "the first administrator")
    return secret


@storage_faults()
def look(kind: LinkKind, secret: str) -> Link | None:
    """What a link is for; None for one that is unknown, used or over."""
    row = _row(kind, secret)
    return None if row is None else _link(row)


@storage_faults()
def use(kind: LinkKind, secret: str) -> Link | None:
    """Use a link up; None when it was not good any more. Of two at once one gets it."""
    with transaction.atomic():
        row = _row(kind, secret)
        if row is None:
            return None
        now = timezone.now()
        if not LinkRow.objects.filter(pk=row.pk, used=None).update(used=now):
            return None
        audit.note(f"use {kind} link", str(row.person or row.subject or "the first administrator"))
    return _link(row)


@storage_faults()
def begin(secret: str, name: str, password: str) -> Person:
    """Make the first administrator; the link stays good when that fails.

    Raises:
        UsageError: link, name or password cannot be used, or there is an administrator already.
    """
    with transaction.atomic():
        if use(LinkKind.FIRST, secret) is None or register.anybody():
            raise _over()
        person = register.add(name, Role.ADMIN, by="one-time link")
        register.set_password(person.name, password)
    return person


@storage_faults()
def renew(secret: str, password: str) -> None:
    """Set the password of the person a link is for; the link stays good when that fails.

    Raises:
        UsageError: link or password cannot be used.
    """
    with transaction.atomic():
        found = use(LinkKind.PASSWORD, secret)
        if found is None or found.person is None:
            raise _over()
        register.set_password(found.person, password)


@storage_faults()
def enter(secret: str) -> Person | None:
    """The person a link signs in, once; None when it is not good, or they may not sign in."""
    found = use(LinkKind.ENTRY, secret)
    if found is None or found.person is None:
        return None
    person = register.get(found.person)
    return person if person.active else None


@storage_faults()
def hand_over(secret: str, keys: Keys) -> str:
    """Seal the keys of the connection a link is for; the link is dead then, and tells its name.

    Raises:
        UsageError: the link cannot be used, or there is no such connection any more.
        ConfigurationError: the sealing keys cannot be used; the link stays good.
    """
    with seal.turn(), transaction.atomic():
        found = use(LinkKind.KEYS, secret)
        if found is None:
            raise _over()
        connections.put_keys(found.subject, keys)
    return found.subject


def _over() -> UsageError:
    return UsageError("This link was used already, is too old, or was never made.")


def _row(kind: LinkKind, secret: str) -> LinkRow | None:
    rows = LinkRow.objects.select_related("person").filter(
        kind=kind.value, digest=digest(secret), used=None, expires__gt=timezone.now()
    )
    return rows.first()


def _link(row: LinkRow) -> Link:
    return Link(
        kind=LinkKind(row.kind),
        person=None if row.person is None else row.person.name,
        subject=row.subject,
        created_by=row.created_by,
        created=row.created,
        expires=row.expires,
    )

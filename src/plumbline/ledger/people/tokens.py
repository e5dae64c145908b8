"""Keys for programs: made, shown once, looked up by their hash, revoked."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from plumbline.domain.person import WHOLE, Purview, Role
from plumbline.errors import NotFoundError, UsageError
from plumbline.ledger import audit
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.people import register
from plumbline.ledger.people.models import TokenRow
from plumbline.ledger.people.records import Bearer, Token

if TYPE_CHECKING:
    from datetime import datetime

PREFIX = "plumb_"
MOST_DAYS = 366
_HINT = len(PREFIX) + 6
_TOUCH = timedelta(minutes=1)
_LONGEST_NAME = 64


@storage_faults()
def add(
    person: str, name: str, role: Role, *, days: int, purview: Purview = WHOLE
) -> tuple[Token, str]:
    """Make a token; its text is told now and never again.

    Raises:
        UsageError: no such person, a role with rights the person lacks, or days out of range.
    """
    row = register.row_of(person)
    if not 1 <= days <= MOST_DAYS:
        raise UsageError(f"A token is good for 1 to {MOST_DAYS} days, not {days}.")
    if not 1 <= len(name.strip()) <= _LONGEST_NAME:
        raise UsageError("A token needs a name of 1 to 64 characters.", advice="what it is for.")
    if not role.rights <= row.may:
        raise UsageError(
            f"A token of the role {role} could do more than {row.name}.",
            advice=f"the role {row.role}, or a lesser one.",
        )
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        made = TokenRow.objects.create(
            person=row,
            name=name.strip(),
            digest=digest(text),
            hint=text[:_HINT],
            role=role.value,
            purview=list(purview.texts),
            expires=timezone.now() + timedelta(days=days),
        )
        what = f"{register.told(role, (), purview)}; {days} days"
        audit.note("add token", f"{row.name}: {made.name}", what)
    return _token(made), text


@storage_faults()
def listing(person: str | None = None) -> tuple[Token, ...]:
    """Tokens of a person, or of everybody; the newest first."""
    rows = TokenRow.objects.select_related("person").order_by("-pk")
    if person is not None:
        rows = rows.filter(person__name=person)
    return tuple(map(_token, rows))


@storage_faults()
def revoke(number: int, person: str | None = None) -> None:
    """End a token at once; with a name, only if it is that person's.

    Raises:
        UsageError: there is no such token.
    """
    with transaction.atomic():
        rows = TokenRow.objects.select_related("person").filter(pk=number, revoked=None)
        row = (rows if person is None else rows.filter(person__name=person)).first()
        if row is None:
            raise NotFoundError(f"There is no token {number} to revoke.")
        row.revoked = timezone.now()
        row.save(update_fields=["revoked"])
        audit.note("revoke token", f"{row.person.name}: {row.name}")


@storage_faults()
def bearer(text: str) -> Bearer | None:
    """Whom a token speaks for; None for one that is unknown, over, revoked or of nobody active.

    A token never may more than its person may now.
    """
    now = timezone.now()
    row = (
        TokenRow.objects.select_related("person")
        .filter(digest=digest(text), revoked=None, expires__gt=now, person__is_active=True)
        .first()
    )
    if row is None:
        return None
    _touch(row, now)
    token, person = _token(row), register.person_of(row.person)
    return Bearer(
        token=token,
        person=person,
        rights=token.role.rights & person.rights,
        purviews=tuple(p for p in (person.purview, token.purview) if not p.whole),
    )


def digest(text: str) -> str:
    """The hash a secret is found by; it is random and long, so no salt is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def _touch(row: TokenRow, now: datetime) -> None:
    if row.used is None or now - row.used > _TOUCH:
        TokenRow.objects.filter(pk=row.pk).update(used=now)


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.pk,
        person=row.person.name,
        name=row.name,
        hint=row.hint,
        role=Role(row.role),
        purview=Purview.parse(row.purview),
        created=row.created,
        expires=row.expires,
        used=row.used,
        revoked=row.revoked,
    )

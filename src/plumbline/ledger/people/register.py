"""Who may sign in, with which role: reading and changing it, each change in the audit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from plumbline.domain.person import GRANTABLE, WHOLE, Purview, Right, Role
from plumbline.errors import NotFoundError, UsageError
from plumbline.ledger import audit
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.people.models import PersonRow
from plumbline.ledger.people.records import Person

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORDS = "Several words are long, and easy to keep."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


@storage_faults()
def everybody() -> tuple[Person, ...]:
    """All people, by name."""
    return tuple(map(person_of, PersonRow.objects.order_by("name")))


@storage_faults()
def get(name: str) -> Person:
    """One person.

    Raises:
        UsageError: there is none of that name.
    """
    return person_of(row_of(name))


@storage_faults()
def anybody() -> bool:
    """Whether there is anybody who could sign in."""
    return PersonRow.objects.filter(is_active=True, role=Role.ADMIN.value).exists()


@storage_faults()
def add(name: str, role: Role, *, purview: Purview = WHOLE, by: str = "") -> Person:
    """Add a person, who cannot sign in before a password or passkey is set.

    Raises:
        UsageError: the name cannot be used or is taken, or an administrator is to see a part only.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name to sign in with.",
            advice="1 to 64 letters, digits and . _ @ + -, a letter or digit first.",
        )
    _check(role, purview)
    row = PersonRow(name=name, role=role.value, purview=list(purview.texts), created_by=by)
    row.set_unusable_password()
    with _free_name(name), transaction.atomic():
        if PersonRow.objects.filter(name__iexact=name).exists():
            raise _taken(name)
        row.save(force_insert=True)
        audit.note("add person", name, told(role, (), purview))
    return person_of(row)


@storage_faults()
def entitle(
    name: str, role: Role, *, rights: Iterable[Right] = (), purview: Purview = WHOLE
) -> Person:
    """Say what a person may do and see.

    Raises:
        UsageError: no such person, a right that comes with a role only, an administrator who is
            to see a part only, or nobody would administer any more.
    """
    granted = sorted(set(rights))
    if wrong := [right for right in granted if right not in GRANTABLE]:
        raise UsageError(
            f"The right {wrong[0]} cannot be given by itself.",
            advice=f"one of {', '.join(GRANTABLE)}, or another role.",
        )
    _check(role, purview)
    with transaction.atomic():
        row = row_of(name)
        _keep_one_admin(row, stays=role is Role.ADMIN)
        row.role, row.rights, row.purview = role.value, granted, list(purview.texts)
        row.save(update_fields=["role", "rights", "purview"])
        audit.note("set role", name, told(role, granted, purview))
    return person_of(row)


@storage_faults()
def disable(name: str, *, active: bool = False) -> Person:
    """Keep a person from signing in, at once and with every token; or let them in again.

    Raises:
        UsageError: no such person, or nobody would administer any more.
    """
    with transaction.atomic():
        row = row_of(name)
        _keep_one_admin(row, stays=active)
        row.is_active = active
        row.save(update_fields=["is_active"])
        audit.note("enable person" if active else "disable person", name)
    return person_of(row)


@storage_faults()
def set_password(name: str, password: str) -> None:
    """Give a person a password; every session of theirs ends.

    Raises:
        UsageError: no such person, or the password is too easily guessed.
    """
    row = row_of(name)
    try:
        validate_password(password, row)
    except ValidationError as error:
        raise UsageError(" ".join(error.messages), advice=_WORDS) from error
    with transaction.atomic():
        row.set_password(password)
        row.save(update_fields=["password"])
        audit.note("set password", name)


def row_of(name: str) -> PersonRow:
    """The row of a person, however its letters' case is written.

    Raises:
        UsageError: there is none of that name.
    """
    row = PersonRow.objects.filter(name__iexact=name).first()
    if row is None:
        raise NotFoundError(f"There is no person {name!r}.", advice="`plumbline user list`")
    return row


def person_of(row: PersonRow) -> Person:
    """The record of a row."""
    return Person(
        id=row.pk,
        name=row.name,
        role=Role(row.role),
        granted=frozenset(map(Right, row.rights)),
        rights=row.may,
        purview=row.sees,
        active=row.is_active,
        has_password=row.has_usable_password(),
        created=row.created,
        created_by=row.created_by,
        last_sign_in=row.last_login,
    )


def told(role: Role, rights: Iterable[Right], purview: Purview) -> str:
    """Role, rights and purview in words."""
    extra = "".join(f", {right}" for right in rights)
    return f"{role}{extra}; sees {', '.join(purview.texts) or 'everything'}"


def _check(role: Role, purview: Purview) -> None:
    if role is Role.ADMIN and not purview.whole:
        raise UsageError(
            "An administrator sees everything, for they could grant it to themselves.",
            advice="another role, or no scope.",
        )


def _keep_one_admin(row: PersonRow, *, stays: bool) -> None:
    if stays or row.role != Role.ADMIN.value or not row.is_active:
        return
    others = PersonRow.objects.filter(role=Role.ADMIN.value, is_active=True).exclude(pk=row.pk)
    if not others.exists():
        raise UsageError(
            f"{row.name} is the only administrator.",
            advice="make somebody else an administrator first.",
            unchanged=row.name,
        )


class _free_name:  # noqa: N801 - reads as a clause
    """Two who add the same name at once: one of them is told."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise _taken(self.name) from error


def _taken(name: str) -> UsageError:
    return UsageError(f"The name {name} is taken.", advice="another name.", unchanged="everybody.")

"""Who did what. Entries can be added and read, never changed."""

from __future__ import annotations

import getpass
import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import AuditRow
from plumbline.ledger.records import Act

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_actor: ContextVar[str] = ContextVar("actor", default="")


@contextmanager
def acting(who: str) -> Iterator[None]:
    """Whatever is noted within is noted in this name."""
    before = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(before)


@storage_faults()
def note(action: str, subject: str, detail: str = "") -> None:
    """Add an entry in the name of who acts; never give it a secret.

    That is the person who signed in, else the user this process runs as.
    """
    AuditRow.objects.create(who=_who(), action=action, subject=subject[:200], detail=detail)


@storage_faults()
def listing(limit: int = 100, *, before: int | None = None) -> tuple[Act, ...]:
    """The newest entries, newest first; of those before an entry's number, if one is given."""
    rows = AuditRow.objects.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return tuple(map(_act, rows[:limit]))


@storage_faults()
def last(action: str) -> datetime | None:
    """When something was done the last time."""
    row = AuditRow.objects.filter(action=action).order_by("pk").last()
    return None if row is None else row.at


def whole() -> Iterator[Act]:
    """Every entry, oldest first, without holding them all in memory."""
    with storage_faults():
        yield from map(_act, AuditRow.objects.order_by("pk").iterator(chunk_size=2_000))


def _act(row: AuditRow) -> Act:
    return Act(
        id=row.pk,
        at=row.at,
        who=row.who,
        action=row.action,
        subject=row.subject,
        detail=row.detail,
    )


def _who() -> str:
    if actor := _actor.get():
        return actor
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return f"uid {os.getuid()}"

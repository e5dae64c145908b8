"""Who did what. Entries can be added and read, never changed."""

from __future__ import annotations

import getpass
import os
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from plumbline.errors import UsageError
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import AuditRow
from plumbline.ledger.records import Act, Sought

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

EVERYTHING = Sought()
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
    AuditRow.objects.create(who=who(), action=action, subject=subject[:200], detail=detail)


@storage_faults()
def listing(
    limit: int = 100, *, before: int | None = None, sought: Sought = EVERYTHING
) -> tuple[Act, ...]:
    """The newest entries, newest first; of those before an entry's number, if one is given."""
    rows = _found(sought).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return tuple(map(_act, rows[:limit]))


@storage_faults()
def last(action: str) -> datetime | None:
    """When something was done the last time."""
    row = AuditRow.objects.filter(action=action).order_by("pk").last()
    return None if row is None else row.at


def whole(sought: Sought = EVERYTHING) -> Iterator[Act]:
    """Every entry, oldest first, without holding them all in memory."""
    with storage_faults():
        yield from map(_act, _found(sought).order_by("pk").iterator(chunk_size=2_000))


def sought(
    *, who: str = "", action: str = "", subject: str = "", since: str = "", until: str = ""
) -> Sought:
    """What is wanted, from texts; times are ISO 8601, UTC without a zone, a day as a whole.

    Raises:
        UsageError: a time cannot be read.
    """
    return Sought(
        who=_text(who),
        action=_text(action),
        subject=_text(subject),
        since=_moment(since) if since.strip() else None,
        until=_moment(until, end=True) if until.strip() else None,
    )


def _text(given: str) -> str:
    """Without what no database takes."""
    return given.replace("\0", "").strip()


def _moment(text: str, *, end: bool = False) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        is_day = len(text.strip()) == len("2026-01-31")
        return found + timedelta(days=1) if end and is_day else found
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no time.", advice="write 2026-01-31 or 2026-01-31T18:00."
        ) from None


def _found(wanted: Sought) -> QuerySet[AuditRow]:
    told = {
        "who__icontains": wanted.who,
        "action__icontains": wanted.action,
        "subject__icontains": wanted.subject,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    return AuditRow.objects.filter(**{name: value for name, value in told.items() if value})


def _act(row: AuditRow) -> Act:
    return Act(
        id=row.pk,
        at=row.at,
        who=row.who,
        action=row.action,
        subject=row.subject,
        detail=row.detail,
    )


def who() -> str:
    """Who acts: the person who signed in, else the user this process runs as."""
    if actor := _actor.get():
        return actor
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return f"uid {os.getuid()}"

"""The policy of deadlines: what somebody set, else what the settings say. Changes are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from plumbline.domain.deadlines import LEAST_DAYS, MOST_DAYS, Deadlines
from plumbline.errors import UsageError
from plumbline.ledger import audit
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import DeadlineRow
from plumbline.ledger.records import Ruling

if TYPE_CHECKING:
    from plumbline.config.settings import Settings

_FIELDS = ("critical", "high", "medium", "low")


def configured(settings: Settings) -> Deadlines:
    """What holds as long as nobody set anything else."""
    return Deadlines(
        critical=settings.sla_critical_days,
        high=settings.sla_high_days,
        medium=settings.sla_medium_days,
        low=settings.sla_low_days,
    )


@storage_faults()
def current(settings: Settings) -> Deadlines:
    """The deadlines that hold now, for every page, command and report."""
    row = DeadlineRow.objects.order_by("-pk").first()
    return _ruled(row) or configured(settings)


@storage_faults()
def history(limit: int = 20) -> tuple[Ruling, ...]:
    """Who set what and when, the newest first."""
    return tuple(map(_ruling, DeadlineRow.objects.order_by("-pk")[:limit]))


@storage_faults()
def put(settings: Settings, wanted: Deadlines) -> None:
    """Set the deadlines, in the name of who acts; the same again changes nothing.

    Raises:
        UsageError: days out of range, or a worse finding that has more time than a lesser one.
    """
    _check(wanted)
    with transaction.atomic():
        before = current(settings)
        if wanted == before and _is_set():
            return
        days = {name: getattr(wanted, name) for name in _FIELDS}
        DeadlineRow.objects.create(who=audit.who(), **days)
        audit.note("set deadlines", "deadlines", f"{wanted}; before: {before}")


@storage_faults()
def reset(settings: Settings) -> None:
    """Let the settings decide again."""
    with transaction.atomic():
        if not _is_set():
            return
        DeadlineRow.objects.create(who=audit.who())
        audit.note("reset deadlines", "deadlines", f"as in the settings: {configured(settings)}")


def _is_set() -> bool:
    row = DeadlineRow.objects.order_by("-pk").first()
    return _ruled(row) is not None


def _check(wanted: Deadlines) -> None:
    days = [getattr(wanted, name) for name in _FIELDS]
    if not all(LEAST_DAYS <= one <= MOST_DAYS for one in days):
        raise UsageError(f"A deadline is {LEAST_DAYS} to {MOST_DAYS:,} days.")
    if days != sorted(days):
        raise UsageError(
            "A worse finding has more time than a lesser one.",
            advice="as many days or fewer, the worse it is.",
            unchanged="the deadlines.",
        )


def _ruled(row: DeadlineRow | None) -> Deadlines | None:
    if row is None or row.critical is None:
        return None
    return Deadlines(**{name: getattr(row, name) for name in _FIELDS})


def _ruling(row: DeadlineRow) -> Ruling:
    return Ruling(at=row.at, who=row.who, deadlines=_ruled(row))

"""When connections are to be read without anybody asking: kept here, reckoned by `jobs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from plumbline.errors import UsageError
from plumbline.ledger import audit
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import ConnectionRow, ScheduleRow
from plumbline.ledger.records import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from django.db.models import QuerySet


@storage_faults()
def put(
    connection: str, rule: str, blackout: Sequence[str], jitter_minutes: int, *, changed: datetime
) -> Schedule:
    """Give a connection a schedule instead of the one it had; it has no next time yet.

    Raises:
        UsageError: there is no such connection.
    """
    with transaction.atomic():
        parent = ConnectionRow.objects.filter(name=connection).first()
        if parent is None:
            raise _no_connection(connection)
        row, _ = ScheduleRow.objects.update_or_create(
            connection=parent,
            defaults={
                "rule": rule,
                "blackout": list(blackout),
                "jitter_minutes": jitter_minutes,
                "next_at": None,
            },
        )
        # The field writes the time of saving by itself; what is reckoned with is the caller's.
        ScheduleRow.objects.filter(pk=row.pk).update(changed=changed)
        audit.note("schedule", connection, rule)
    return get(connection)


@storage_faults()
def plan(connection: str, next_at: datetime | None) -> None:
    """Write down when the next run is due."""
    ScheduleRow.objects.filter(connection__name=connection).update(next_at=next_at)


@storage_faults()
def remove(connection: str) -> None:
    """Forget the schedule of a connection.

    Raises:
        UsageError: it has none.
    """
    with transaction.atomic():
        get(connection)
        ScheduleRow.objects.filter(connection__name=connection).delete()
        audit.note("unschedule", connection)


@storage_faults()
def get(connection: str) -> Schedule:
    """The schedule of a connection.

    Raises:
        UsageError: it has none, or there is no such connection.
    """
    row = _rows().filter(connection__name=connection).first()
    if row is not None:
        return _schedule(row)
    if not ConnectionRow.objects.filter(name=connection).exists():
        raise _no_connection(connection)
    raise UsageError(
        f"{connection} has no schedule.",
        advice=f"`plumbline schedule set {connection} --every 24h`.",
    )


@storage_faults()
def find(connection: str) -> Schedule | None:
    """The schedule of a connection, if it has one."""
    row = _rows().filter(connection__name=connection).first()
    return None if row is None else _schedule(row)


@storage_faults()
def listing() -> tuple[Schedule, ...]:
    """Every schedule, by its connection."""
    return tuple(map(_schedule, _rows().order_by("connection__name")))


@storage_faults()
def fire(
    connection: str,
    now: datetime,
    following: Callable[[Schedule], datetime | None],
    begin: Callable[[], object],
) -> None:
    """Begin what is due if its time has come, and plan the next: both or neither, and one alone."""
    with transaction.atomic():
        row = _rows().select_for_update(of=("self",)).filter(connection__name=connection).first()
        if row is None or row.next_at is None or row.next_at > now:
            return
        ScheduleRow.objects.filter(pk=row.pk).update(next_at=following(_schedule(row)))
        begin()


def _rows() -> QuerySet[ScheduleRow]:
    return ScheduleRow.objects.select_related("connection")


def _no_connection(name: str) -> UsageError:
    return UsageError(
        f"There is no connection {name!r}.", advice="see `plumbline connection list`."
    )


def _schedule(row: ScheduleRow) -> Schedule:
    return Schedule(
        connection=row.connection.name,
        rule=row.rule,
        blackout=tuple(row.blackout),
        jitter_minutes=row.jitter_minutes,
        next_at=row.next_at,
        changed=row.changed,
    )

"""Schedules at work: set, planned, and begun when their time has come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from plumbline.domain.connection import ConnectionKind
from plumbline.errors import UsageError
from plumbline.jobs import rule, timetable
from plumbline.jobs.attempt import SCHEDULE
from plumbline.ledger import connections, jobs, schedules

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from plumbline.config.settings import Settings
    from plumbline.jobs.rule import Cron, Interval
    from plumbline.ledger.records import Schedule

LONGEST_WAIT = timedelta(days=30)
"""No pause, no blackout and no jitter makes a job wait longer."""


def zone(settings: Settings) -> ZoneInfo:
    """The time zone in which cron lines and blackout hours are meant.

    Raises:
        ConfigurationError: there is no such zone.
    """
    return timetable.zone_of(settings.timezone)


def put(
    settings: Settings,
    connection: str,
    wanted: Interval | Cron,
    *,
    blackout: Sequence[str] = (),
    jitter_minutes: int = 0,
) -> Schedule:
    """Give a connection a schedule; an interval is counted from now.

    Raises:
        UsageError: there is no such connection, it cannot be read, or hours are wrong.
        ConfigurationError: the time zone of the settings is wrong.
    """
    hours = [str(span) for span in timetable.spans(blackout)]
    where, now = zone(settings), datetime.now(UTC)
    entry = connections.entry(connection)
    if entry.connection.kind is ConnectionKind.FILE:
        raise UsageError(f"{connection} takes imported files: there is no console to read.")
    if entry.retired is not None:
        raise UsageError(f"{connection} was retired: it is not read any more.")
    text = rule.written(wanted)
    found = schedules.put(connection, text, hours, jitter_minutes, changed=now)
    schedules.plan(connection, timetable.following(found, now, where))
    return schedules.get(connection)


def begin_due(settings: Settings, now: datetime) -> None:
    """Ask for a run of every connection whose time has come.

    However many times were missed, one run is asked for; none where one is open already.
    """
    where = zone(settings)
    able: set[str] | None = None
    for found in schedules.listing():
        if found.next_at is None or found.next_at > now + LONGEST_WAIT * 13:
            # Never planned, or planned under a clock that was far ahead.
            schedules.plan(found.connection, timetable.following(found, now, where))
        elif found.next_at <= now:
            able = set(jobs.names()) if able is None else able
            _begin(found, now, where, able=found.connection in able)


def _begin(found: Schedule, now: datetime, where: ZoneInfo, *, able: bool) -> None:
    """Take the time that has come, and ask for a run unless one is open or none may begin."""

    def following(current: Schedule) -> datetime | None:
        return timetable.following(current, now, where)

    def begin() -> None:
        if able and jobs.find(found.connection) is None:
            jobs.start(found.connection, by=SCHEDULE)

    schedules.fire(found.connection, now, following, begin)

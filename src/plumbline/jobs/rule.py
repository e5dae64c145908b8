"""Rules of schedules: an interval (`every 24h`) or a cron line of five fields."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from croniter import croniter
from croniter.croniter import CroniterError

from plumbline.errors import UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

LEAST, MOST = timedelta(minutes=5), timedelta(days=366)
_FIELDS = 5
_EVERY = re.compile(r"(?:every\s+)?(\d{1,6})\s*([mhdw])", re.ASCII | re.IGNORECASE)
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


class Rule(Protocol):
    """Says when runs are planned."""

    def after(self, moment: datetime, anchor: datetime, zone: ZoneInfo) -> datetime | None:
        """The first planned time behind a moment, in UTC; none if there is no more."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Again and again after the same time, counted from when the schedule was set."""

    step: timedelta

    def after(self, moment: datetime, anchor: datetime, zone: ZoneInfo) -> datetime | None:  # noqa: ARG002 - an interval is the same in every zone
        """The first planned time behind a moment; missed ones are not made up for."""
        steps = (moment - anchor) // self.step + 1
        return anchor + max(1, steps) * self.step


@dataclass(frozen=True, slots=True)
class Cron:
    """The times of a cron line, in the zone of the settings."""

    line: str

    def after(self, moment: datetime, anchor: datetime, zone: ZoneInfo) -> datetime | None:  # noqa: ARG002 - a cron line needs no anchor
        """The first planned time behind a moment; missed ones are not made up for."""
        try:
            found: datetime = croniter(self.line, moment.astimezone(zone)).get_next(datetime)
        except CroniterError:  # no such day in the next fifty years
            return None
        return found.astimezone(UTC)


def parse(text: str) -> Rule:
    """A rule as people write it.

    Raises:
        UsageError: it is neither an interval nor a cron line.
    """
    return _interval(text) if text.strip().lower().startswith("every") else cron(text)


def every(text: str) -> Interval:
    """An interval such as `24h`, `90m`, `7d` or `2w`.

    Raises:
        UsageError: it is none, or too short or too long.
    """
    return _interval(text)


def cron(text: str) -> Cron:
    """A cron line: minute, hour, day of month, month, day of week.

    Raises:
        UsageError: it is none, or no day meets it.
    """
    line = " ".join(text.split())
    if len(line.split()) != _FIELDS or not croniter.is_valid(line):
        raise UsageError(
            f"{text!r} is no cron line.",
            advice="give minute, hour, day of month, month and day of week, as in '0 2 * * *'.",
        )
    found = Cron(line)
    try:
        croniter(line, datetime(2026, 1, 1, tzinfo=UTC)).get_next(datetime)
    except CroniterError:
        raise UsageError(
            f"No day ever meets the cron line {line!r}.", advice="see its day of month and month."
        ) from None
    return found


def jitter(text: str) -> int:
    """How much later a run may begin, in minutes, from such as `10m` or `1h`.

    Raises:
        UsageError: it is no such time, or more than a day.
    """
    found = _EVERY.fullmatch(text.strip())
    span = int(found[1]) * _UNITS[found[2].lower()] if found else None
    if span is None or span > _UNITS["d"]:
        raise UsageError(f"{text!r} is no jitter of up to a day.", advice="write 10m or 1h.")
    return span // _UNITS["m"]


def written(rule: Interval | Cron) -> str:
    """A rule in the form it is kept and read again."""
    if isinstance(rule, Cron):
        return rule.line
    minutes = rule.step // timedelta(minutes=1)
    whole = minutes % 60 == 0
    return f"every {minutes // 60}h" if whole else f"every {minutes}m"


def _interval(text: str) -> Interval:
    found = _EVERY.fullmatch(text.strip())
    step = int(found[1]) * _UNITS[found[2].lower()] if found else timedelta()
    if not LEAST <= step <= MOST:
        raise UsageError(
            f"{text!r} is no interval from 5 minutes to 366 days.",
            advice="write 24h, 90m, 7d or 2w.",
        )
    return Interval(step)

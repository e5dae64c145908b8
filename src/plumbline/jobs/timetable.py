"""When the next run of a schedule begins: its rule, moved by jitter and out of blackout hours."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plumbline.errors import ConfigurationError, UsageError
from plumbline.jobs import rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plumbline.ledger.records import Schedule

_DAY = 24 * 60
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of the settings.

    Raises:
        ConfigurationError: there is none of that name on this machine.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"The setting timezone names a zone {name!r} that this machine does not know.",
            advice="give a name as in 'Europe/Berlin' or 'UTC'; Debian's package tzdata holds all.",
        ) from error


@dataclass(frozen=True, slots=True)
class Span:
    """Hours of every day, in minutes after midnight; the end is outside, and may be tomorrow."""

    begin: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read `HH:MM-HH:MM`; `22:00-06:00` passes midnight.

        Raises:
            UsageError: it is no such span, or an empty one.
        """
        found = _SPAN.fullmatch(text.strip())
        begin, end = (_minute(found[1], found[2]), _minute(found[3], found[4])) if found else (0, 0)
        if begin == end or not 0 <= begin < _DAY or not 0 <= end <= _DAY:
            raise UsageError(
                f"{text!r} are no blackout hours.", advice="write 08:00-18:00 or 22:00-06:00."
            )
        return cls(begin, end)

    def __str__(self) -> str:
        """The span as it is written and kept."""
        times = (self.begin, self.end)
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in times)

    def minutes(self) -> set[int]:
        """Every minute of the day that lies in it."""
        end = self.end if self.end > self.begin else self.end + _DAY
        return {minute % _DAY for minute in range(self.begin, end)}

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day lies in it."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


def spans(texts: Sequence[str]) -> tuple[Span, ...]:
    """Blackout hours as people write them.

    Raises:
        UsageError: one of them is wrong, or they leave no time at all.
    """
    found = tuple(map(Span.parse, texts))
    if len(set[int]().union(*(span.minutes() for span in found))) == _DAY:
        raise UsageError(
            "The blackout hours leave no time for a run.", advice="leave some minutes of the day."
        )
    return found


def outside(moment: datetime, blackout: Sequence[Span], zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the blackout it lies in; in UTC."""
    moved = moment
    for _ in range(2 * len(blackout) + 2):  # one blackout may begin where another ends
        local = moved.astimezone(zone)
        inside = [span for span in blackout if span.holds(local.hour * 60 + local.minute)]
        if not inside:
            return moved
        moved = _end_of(inside[0], local)
    return moved


def following(schedule: Schedule, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """When the next run behind a moment begins, in UTC; none if there is no more."""
    planned = rule.parse(schedule.rule).after(moment, schedule.changed, zone)
    if planned is None:
        return None
    late = timedelta(seconds=_jitter(schedule, planned))
    return outside(planned + late, spans(schedule.blackout), zone)


def held_until(schedule: Schedule | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of the blackout that a moment lies in, if it lies in one."""
    if schedule is None:
        return None
    free = outside(now, spans(schedule.blackout), zone)
    return free if free > now else None


def _jitter(schedule: Schedule, planned: datetime) -> float:
    """Seconds: the same whoever reckons, different for each connection and time."""
    seed = f"{schedule.connection} {planned.isoformat()}"
    return random.Random(seed).uniform(0, schedule.jitter_minutes * 60)  # noqa: S311 - spreads load


def _minute(hour: str, minute: str) -> int:
    past = int(minute)
    return int(hour) * 60 + past if past < 60 else -1  # noqa: PLR2004 - minutes of an hour


def _end_of(span: Span, local: datetime) -> datetime:
    """When the span that this local time lies in ends."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = span.end <= local.hour * 60 + local.minute
    day = midnight + timedelta(days=1 if tomorrow or span.end == _DAY else 0)
    end = day.replace(hour=span.end % _DAY // 60, minute=span.end % 60)
    # On the night the clocks change the reckoned end may lie before the moment itself.
    return max(end.astimezone(UTC), local.astimezone(UTC) + timedelta(minutes=1))

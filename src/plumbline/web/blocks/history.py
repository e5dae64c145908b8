"""How open findings developed, week by week, all connections together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from plumbline.posture.counts import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plumbline.web.estates import Seen

    Row = Mapping[str, Any]

WEEKS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What was open at the end of a week."""

    monday: date
    numbers: Mapping[str, int] | None
    """By severity; None when no connection had been read."""
    connections: int
    """Those that had been read."""

    @property
    def label(self) -> str:
        """How it is called."""
        return f"week of {self.monday:%-d %b %Y}"


def weeks(seen: Seen, of: str = "all", console: str = "") -> list[Week]:
    """The last half year; a connection counts from its first run, with what it told last."""
    rows = [row for row in seen.ask("trend", of) if console in {"", row["console"]}]
    if not rows:
        return []
    told = {console: _by_week(list(group)) for console, group in groupby(rows, _console)}
    mondays = sorted({monday for by_week in told.values() for monday in by_week})
    last, first = mondays[-1], max(mondays[0], mondays[-1] - timedelta(weeks=WEEKS - 1))
    count = (last - first).days // 7 + 1
    return [_week(first + timedelta(weeks=n), told) for n in range(count)]


def _console(row: Row) -> str:
    return str(row["console"])


def _by_week(rows: Sequence[Row]) -> dict[date, Row]:
    """What each week was told last."""
    known = (row for row in rows if row["run"] is not None)
    return {monday_of(row["day"]): row for row in known}


def monday_of(day: str) -> date:
    """The Monday of a day's week."""
    found = date.fromisoformat(day)
    return found - timedelta(days=found.weekday())


def _week(monday: date, told: Mapping[str, Mapping[date, Row]]) -> Week:
    rows = [row for by_week in told.values() if (row := _last(by_week, monday)) is not None]
    numbers = {word: sum(row[word] for row in rows) for word in WORDS} if rows else None
    return Week(monday=monday, numbers=numbers, connections=len(rows))


def _last(by_week: Mapping[date, Row], monday: date) -> Row | None:
    earlier = [one for one in by_week if one <= monday]
    return by_week[max(earlier)] if earlier else None

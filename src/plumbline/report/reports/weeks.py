"""Open findings week by week, all connections together."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from plumbline.posture.counts import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, Any]
    Told = Mapping[str, Mapping[date, Row | None]]

WEEKS = 26


def weeks(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The last half year of the answer `trend`: what each week was told last.

    A week in which a connection that was known by then was not read has no numbers.
    """
    told = {name: _by_week(list(group)) for name, group in groupby(rows, _console)}
    return [_week(monday, told) for monday in mondays(told)]


def mondays(told: Told) -> list[date]:
    """Every week from the first that is told to the last, half a year at most."""
    known = sorted({monday for by_week in told.values() for monday in by_week})
    if not known:
        return []
    first = max(known[0], known[-1] - timedelta(weeks=WEEKS - 1))
    count = (known[-1] - first).days // 7 + 1
    return [first + timedelta(weeks=n) for n in range(count)]


def whole(told: Told, monday: date) -> list[Row] | None:
    """What each connection that was known by a week told of it; None where one told nothing.

    This is the one definition of a gap: no count of another week stands in for a missing one.
    """
    rows = [by_week.get(monday) for by_week in known_by(told, monday)]
    found = [row for row in rows if row is not None]
    return found if found and len(found) == len(rows) else None


def known_by(told: Told, monday: date) -> list[Mapping[date, Row | None]]:
    """The connections that had been told of by a week."""
    return [by_week for by_week in told.values() if by_week and min(by_week) <= monday]


def _console(row: Row) -> str:
    return str(row["console"])


def _by_week(rows: Sequence[Row]) -> dict[date, Row]:
    return {_monday(row["day"]): row for row in rows if row["run"] is not None}


def _monday(day: str) -> date:
    found = date.fromisoformat(day)
    return found - timedelta(days=found.weekday())


def _week(monday: date, told: Told) -> dict[str, Any]:
    rows = whole(told, monday)
    return {
        "week": monday.isoformat(),
        "connections": len(known_by(told, monday)),
        "numbers": None if rows is None else {w: sum(row[w] for row in rows) for w in WORDS},
        "exploitable": None if rows is None else _exploitable(rows),
    }


def _exploitable(rows: Sequence[Row]) -> int | None:
    """None where a connection's run was of a version that did not count it."""
    told = [row["exploitable"] for row in rows]
    return None if None in told else sum(told)

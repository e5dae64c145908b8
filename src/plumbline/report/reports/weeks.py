"""Open findings week by week, all connections together."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from plumbline.posture.counts import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Row = Mapping[str, Any]
    Told = Mapping[str, Mapping[date, Row]]

WEEKS = 26


def weeks(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The last half year of the answer `trend`: what each week was told last.

    A week in which a connection that was known by then was not read has no numbers.
    """
    told = {name: _by_week(list(group)) for name, group in groupby(rows, _console)}
    mondays = sorted({monday for by_week in told.values() for monday in by_week})
    if not mondays:
        return []
    first = max(mondays[0], mondays[-1] - timedelta(weeks=WEEKS - 1))
    count = (mondays[-1] - first).days // 7 + 1
    return [_week(first + timedelta(weeks=n), told) for n in range(count)]


def _console(row: Row) -> str:
    return str(row["console"])


def _by_week(rows: Sequence[Row]) -> dict[date, Row]:
    return {_monday(row["day"]): row for row in rows if row["run"] is not None}


def _monday(day: str) -> date:
    found = date.fromisoformat(day)
    return found - timedelta(days=found.weekday())


def _week(monday: date, told: Told) -> dict[str, Any]:
    known = [by_week for by_week in told.values() if by_week and min(by_week) <= monday]
    whole = bool(known) and all(monday in by_week for by_week in known)
    rows = [by_week[monday] for by_week in known] if whole else []
    numbers = {word: sum(row[word] for row in rows) for word in WORDS} if whole else None
    return {"week": monday.isoformat(), "numbers": numbers}

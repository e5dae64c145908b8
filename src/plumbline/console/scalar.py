"""Reads the console's scalars, which come as text, number or flag as they please.

Absent is written `""`, `"-1"` (dates, counts not computed yet) or null: it becomes None, never 0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import Any

from plumbline.domain.normalise import times

Scalar = str | int | float | bool | None
"""What any field of the console's may hold."""


def text(value: Any) -> str:
    """The value as text; empty when absent or not a scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def number(value: Any) -> float | None:
    """The value as a finite number; None when absent (-1 included) or not a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        parsed = float(value)
    except (ValueError, OverflowError):
        return None
    return parsed if isfinite(parsed) and parsed != -1 else None


def integer(value: Any) -> int | None:
    """The value as a whole number; None when absent (-1 included), broken or with a fraction."""
    parsed = identity(value)
    return None if parsed == -1 else parsed


def identity(value: Any) -> int | None:
    """The value as an id, where -1 is a value (the console's word for "none") and is kept."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if not isinstance(value, str):
        return None
    try:
        return int(value.strip())
    except ValueError:
        return None


def moment(value: Any) -> datetime | None:
    """A moment in UTC; None for "", "0", "-1", null and nonsense."""
    seconds = times.moment(value).value
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def flag(value: Any) -> bool | None:
    """The value as a flag ("true", "1", "yes" and their opposites); None otherwise."""
    return _FLAGS.get(text(value).strip().lower())


_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

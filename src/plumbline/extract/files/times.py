"""Moments and days as files write them, as epoch seconds in text, the console's own form."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

_MONTHS = {
    word: number
    for number, word in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
# `Feb 19, 2024 21:01:01 UTC`, as the console's exports write it.
_EXPORTED = re.compile(
    r"(?P<month>[A-Za-z]{3})[a-z]* (?P<day>\d{1,2}),? (?P<year>\d{4})"
    r"(?:,? (?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?: (?P<half>[AaPp][Mm]))?"
    r"(?: (?P<zone>\S+))?)?"
)
# `Thu Sep 26 15:57:05 2013`, as scanners write it: in their own time, which they do not tell.
_SCANNED = re.compile(
    r"[A-Za-z]{3} (?P<month>[A-Za-z]{3}) +(?P<day>\d{1,2}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?: (?P<zone>\S+))? (?P<year>\d{4})"
)
_DAY = re.compile(r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d):?(\d\d)")
_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "JST": 9, "KST": 9, "SGT": 8,
    "HKT": 8, "AWST": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
"""Hours from UTC. `IST` and others that stand for several zones are left out."""
ABSENT = frozenset({"", "n/a", "na", "none", "never", "-1", "-"})


class Moment(NamedTuple):
    """A moment that was read."""

    epoch: str = ""
    """Seconds since 1970; empty where none is told."""
    guessed: str = ""
    """Name of a time zone that is not known, so that UTC was taken."""


@lru_cache(maxsize=65_536)
def moment(text: str) -> Moment:
    """Read a moment; nothing where none is told.

    Raises:
        ValueError: it is no form that is known.
    """
    cleaned = text.strip()
    if cleaned.lower() in ABSENT:
        return Moment()
    if cleaned.isascii() and cleaned.isdigit():
        return Moment(cleaned)
    for form in (_EXPORTED, _SCANNED, _DAY):
        if found := form.fullmatch(cleaned):
            return _of(found)
    return _epoch(datetime.fromisoformat(cleaned))


def _of(found: re.Match[str]) -> Moment:
    told = found.groupdict()
    month = told["month"]
    number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
    zone, guessed = _zone(told.get("zone") or "")
    parts = (int(told["year"]), number, int(told["day"]), _hour(told))
    smaller = (int(told.get("minute") or 0), int(told.get("second") or 0))
    return _epoch(datetime(*parts, *smaller, tzinfo=zone), guessed)


def _hour(told: dict[str, str | None]) -> int:
    hour = int(told.get("hour") or 0)
    half = (told.get("half") or "").lower()
    return hour if not half else hour % 12 + (12 if half == "pm" else 0)


def _zone(name: str) -> tuple[timezone, str]:
    if not name:
        return UTC, ""
    if found := _OFFSET.fullmatch(name):
        minutes = int(found[2]) * 60 + int(found[3])
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes)), ""
    hours = _ZONES.get(name.upper())
    return (UTC, name) if hours is None else (timezone(timedelta(hours=hours)), "")


def _epoch(found: datetime, guessed: str = "") -> Moment:
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    seconds = int(found.timestamp())
    if seconds < 0:
        raise ValueError("before 1970")
    return Moment(str(seconds), guessed)

"""Moments and days, as epoch seconds.

Read are seconds, milliseconds (12 or 13 digits), and the forms of consoles, scanners, spreadsheets
and ISO 8601. Absent are null, empty text, `-`, `N/A`, `None`, `Never`, 0, -1 and whatever lies
within a day of 1970-01-01: 0 in any time zone and spelling. What lies before `earliest` or after
`latest` is odd, as is a date like 9/1/2026 whose day and month nobody can tell apart.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from plumbline.domain.normalise.note import Normalised, Note
from plumbline.domain.normalise.text import scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterable

DAY = 86_400
EARLIEST = 631_152_000
"""1990-01-01: no scan is older."""
EARLIEST_PUBLISHED = DAY + 1
"""Vulnerabilities were published before there were scanners: plugins tell of 1985."""
LATEST = 253_402_300_799
"""The end of the year 9999, for what may lie ahead: the end of a product's life."""
_ABSENT = frozenset({"", "-", "n/a", "na", "none", "null", "never"})
_FEWEST_MILLISECONDS = 10**11
_MOST_MILLISECONDS = 10**13
_PIVOT = 69
"""Years in two digits: 69 and later are of the last century, as POSIX has it."""
_MONTHS = {
    word: number
    for number, word in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_CLOCK = (
    r"(?:,?[ T]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?"
    r"(?: ?(?P<half>[AaPp][Mm]))?(?: ?(?P<zone>[A-Za-z]\S*|[+-]\d\d:?\d\d))?)?"
)
# `Feb 19, 2024 21:01:01 UTC`, as the console's exports write it.
_EXPORTED = re.compile(
    r"(?P<month>[A-Za-z]{3})[a-z]*\.? (?P<day>\d{1,2}),? (?P<year>\d{4})" + _CLOCK
)
# `Thu Sep 26 15:57:05 2013`, as scanners write it: in their own time, which they do not tell.
_SCANNED = re.compile(
    r"[A-Za-z]{3} (?P<month>[A-Za-z]{3}) +(?P<day>\d{1,2}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?: (?P<zone>\S+))? (?P<year>\d{4})"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[/-](?P<month>\d{1,2})[/-](?P<day>\d{1,2})" + _CLOCK)
# `21-Sep-26`, `21 September 2026`, `Mon, 21 Sep 2026 15:20:00 +0000`.
_DAY_AND_WORD = re.compile(
    r"(?:[A-Za-z]{3}, )?(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3})[a-z]*\.?[ -]"
    r"(?P<year>\d{4}|\d\d)" + _CLOCK
)
# `9/21/2026 15:20`: what spreadsheets make of dates, month or day first as they please.
_SLASHED = re.compile(r"(?P<one>\d{1,2})/(?P<two>\d{1,2})/(?P<year>\d{4}|\d\d)" + _CLOCK)
# `21.09.2026`: with dots the day always comes first.
_DOTTED = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4}|\d\d)" + _CLOCK)
_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,9})?", re.ASCII)
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d):?(\d\d)")
_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "JST": 9, "KST": 9, "SGT": 8,
    "HKT": 8, "AWST": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
"""Hours from UTC. `IST` and others that stand for several zones are left out."""


def moment(
    value: Any,
    *,
    earliest: int = EARLIEST,
    latest: int = LATEST,
    day_first: bool | None = None,
) -> Normalised[int]:
    """A moment in epoch seconds.

    `latest` is a day after the run's moment, but for what may lie ahead. `day_first` says how to
    read 9/1/2026 where `day_order` found out from the rest of its column.
    """
    text = scalar_text(value)
    if text is None:
        return _UNREADABLE
    seconds, note, _ = read(text, day_first=day_first)
    if seconds is None:
        return Normalised(None, note)
    if not earliest <= seconds <= latest:
        return Normalised(None, Note.TIME_OUTSIDE)
    return Normalised(seconds, note)


def day_order(values: Iterable[Any]) -> bool | None:
    """Whether the day comes first in a column's dates like 21/9/2026; None where nothing tells.

    None, too, where its dates contradict each other.
    """
    orders = set()
    for value in values:
        if isinstance(value, str) and (found := _SLASHED.fullmatch(value.strip())):
            one, two = int(found["one"]), int(found["two"])
            if max(one, two) > _LAST_MONTH >= min(one, two):
                orders.add(one > two)
    return orders.pop() if len(orders) == 1 else None


_LAST_MONTH = 12
_UNREADABLE: Normalised[int] = Normalised(None, Note.TIME_UNREADABLE)


class Moment(NamedTuple):
    """A moment that was read, not yet bounded."""

    seconds: int | None = None
    note: Note | None = None
    zone: str = ""
    """Name of a time zone that is not known, so that UTC was taken."""


@lru_cache(maxsize=65_536)
def read(text: str, *, day_first: bool | None = None) -> Moment:
    """Read a moment without bounds; nothing within a day of 1970."""
    if text.lower() in _ABSENT or text.startswith("0000-00-00"):
        return Moment()
    if _NUMBER.fullmatch(text):
        return _of_number(float(text) if "." in text else int(text))
    try:
        return _of_text(text, day_first=day_first)
    except (ValueError, OverflowError):
        return Moment(None, Note.TIME_UNREADABLE)


def _of_number(number: float) -> Moment:
    if _FEWEST_MILLISECONDS <= number < _MOST_MILLISECONDS:
        return Moment(math.floor(number / 1000), Note.TIME_MILLISECONDS)
    return Moment(math.floor(number) if abs(number) > DAY else None)


def _of_text(text: str, *, day_first: bool | None) -> Moment:
    if found := _SLASHED.fullmatch(text):
        return _slashed(found.groupdict(), day_first=day_first)
    for form in (_EXPORTED, _SCANNED, _DAY_AND_WORD, _DOTTED):
        if found := form.fullmatch(text):
            return _of_parts(found.groupdict())
    try:
        return _epoch(datetime.fromisoformat(text))
    except ValueError:
        if found := _YEAR_FIRST.fullmatch(text):
            return _of_parts(found.groupdict())
        raise


def _slashed(parts: dict[str, str | None], *, day_first: bool | None) -> Moment:
    one, two = int(parts["one"] or 0), int(parts["two"] or 0)
    if one == two or one > _LAST_MONTH or two > _LAST_MONTH:
        first = one > _LAST_MONTH
    elif day_first is None:
        return Moment(None, Note.TIME_AMBIGUOUS)
    else:
        first = day_first
    day, month = (one, two) if first else (two, one)
    return _of_parts(parts | {"day": str(day), "month": str(month)})


def _of_parts(parts: dict[str, str | None]) -> Moment:
    month = parts["month"] or ""
    number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
    zone, unknown = _zone(parts.get("zone") or "")
    day = (_year(parts["year"] or ""), number, int(parts["day"] or 0), _hour(parts))
    smaller = (int(parts.get("minute") or 0), int(parts.get("second") or 0))
    return _epoch(datetime(*day, *smaller, tzinfo=zone), unknown)


def _year(text: str) -> int:
    year = int(text)
    if len(text) > 2:  # noqa: PLR2004 - digits of a year in short
        return year
    return year + (1900 if year >= _PIVOT else 2000)


def _hour(parts: dict[str, str | None]) -> int:
    hour = int(parts.get("hour") or 0)
    half = (parts.get("half") or "").lower()
    return hour if not half else hour % 12 + (12 if half == "pm" else 0)


def _zone(name: str) -> tuple[timezone, str]:
    if not name:
        return UTC, ""
    if found := _OFFSET.fullmatch(name):
        minutes = int(found[2]) * 60 + int(found[3])
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes)), ""
    hours = _ZONES.get(name.upper())
    return (UTC, name) if hours is None else (timezone(timedelta(hours=hours)), "")


def _epoch(found: datetime, unknown: str = "") -> Moment:
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    seconds = math.floor(found.timestamp())
    if abs(seconds) <= DAY:
        return Moment()
    return Moment(seconds, Note.TIME_ZONE_UNKNOWN if unknown else None, unknown)

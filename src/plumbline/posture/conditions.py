"""What a filter term means for a field: the condition it puts on the rows.

Whatever the user wrote reaches the engine as a bound literal, never as part of a statement.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import ge, gt, le, lt
from typing import TYPE_CHECKING, Any, assert_never

import ibis

from plumbline.domain import finding
from plumbline.domain.severity import Severity
from plumbline.errors import UsageError
from plumbline.posture.addresses import Span
from plumbline.posture.filters import Comparison, Query, Text, Value
from plumbline.posture.relation import PARTIAL, Field, FieldKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from ibis.expr import types as ir

    Before = Callable[[timedelta], ir.TimestampValue]

ANY = "*"
EVERY = finding.ANY
NONE = "none"
TEXTS = frozenset({FieldKind.TEXT, FieldKind.TEXTS})
_OPERATORS: dict[Comparison, Callable[[Any, Any], Any]] = {
    Comparison.AT_LEAST: ge,
    Comparison.AT_MOST: le,
    Comparison.ABOVE: gt,
    Comparison.BELOW: lt,
}
_DURATION = re.compile(r"([0-9]{1,6})([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "y": 24 * 365}
_DATE = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}")
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_MOST_HOURS = 24 * 365 * 100
_INTEGER_LIMIT = 2**63


def is_bare(value: Value, word: str) -> bool:
    """Whether a value is just this word, not in quotes."""
    return value.comparison is Comparison.EQUAL and value.low == Text(word)


def matches(
    column: ir.Value, field: Field, value: Value, query: Query, before: Before
) -> ir.BooleanValue:
    """The condition a value puts on a field's column; `before` tells times before the snapshot.

    Raises:
        UsageError: the value does not fit the field; points at its character.
    """
    if is_bare(value, ANY):
        return column.notnull()
    try:
        return _condition(column, field, value, before)
    except UsageError as error:
        query.refuse(f"{error.what} ({field.name}: {field.doc})", value.at, error.advice)


def _condition(column: ir.Value, field: Field, value: Value, before: Before) -> ir.BooleanValue:
    value = _unmarked(value, field)
    read = _ORDERED.get(field.kind)
    if read is not None:
        return _ordered(column, value, read)
    if field.kind is FieldKind.TIME:
        return _time(column, value, before)
    if field.kind is FieldKind.ADDRESS:
        return _address(column, value)
    if value.comparison is Comparison.EXACT and value.low is not None:
        return column.lower() == value.low.text.lower()
    return _equal(column, field, _single(value))


def _equal(column: ir.Value, field: Field, text: Text) -> ir.BooleanValue:
    """For fields without an order."""
    if field.kind is FieldKind.KEY:
        return column == text.text.lower()
    if field.kind is FieldKind.WORD:
        return _one_of_words(column, field, text.text)
    if field.kind is FieldKind.FLAG:
        return column == _flag(text.text)
    return _text(column, text, part=field.name in PARTIAL)


def _unmarked(value: Value, field: Field) -> Value:
    """`=` says no more than no sign does, but for texts: there it is the whole, as it stands."""
    if value.comparison is not Comparison.EXACT or value.low is None or field.kind in TEXTS:
        return value
    return replace(value, comparison=Comparison.EQUAL)


def is_plain(text: Text) -> bool:
    """Whether a text means just its characters, without wildcards."""
    return text.quoted or ANY not in text.text


def span_of(word: str) -> Span | None:
    """The addresses that a word to search for means; None where it is none, or a part of one."""
    try:
        return Span.parse(word)
    except ValueError:
        return None


def searched(column: ir.Value, field: Field, word: Text) -> ir.BooleanValue:
    """Whether a field holds a word that was written without one: a part of a text, a whole number.

    A whole address, a network or a range finds these addresses, anything else a part of one.
    """
    if field.numbers or field.kind is FieldKind.INTEGER:
        # As texts, so that a statement is the same whether a word is a number or none.
        return _text(column.cast("string"), word)
    span = span_of(word.text) if field.kind is FieldKind.ADDRESS else None
    if span is not None:
        return span.holds(column)
    if is_plain(word):
        return column.lower().contains(word.text.lower())
    return column.lower().re_search(_pattern(word.text.lower().strip(ANY).split(ANY), part=True))


def _single(value: Value) -> Text:
    if value.comparison is not Comparison.EQUAL or value.low is None:
        raise UsageError(
            "This field has no order, so it cannot be compared.",
            advice="write field:value; put a value with .. or < in quotes.",
        )
    return value.low


def _text(column: ir.StringValue, text: Text, *, part: bool = False) -> ir.BooleanValue:
    lowered, wanted = column.lower(), text.text.lower()
    if is_plain(text):
        return lowered.contains(wanted) if part and wanted else lowered == wanted
    match wanted.split(ANY):
        case [first, ""]:
            return lowered.startswith(first)
        case ["", last]:
            return lowered.endswith(last)
        case ["", inner, ""]:
            return lowered.contains(inner)
        case pieces:
            return lowered.re_search(_pattern(pieces))


def _pattern(pieces: list[str], *, part: bool = False) -> str:
    # Not re.escape(): the engines' own regular expressions refuse some of what it escapes.
    escaped = (re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", piece) for piece in pieces)
    found = ".*".join(escaped)
    return f"(?s){found}" if part else f"(?s)^{found}$"


def _ordered(column: ir.Value, value: Value, read: Callable[[str], int | float]) -> ir.BooleanValue:
    if value.comparison is Comparison.BETWEEN:
        ends = []
        if value.low is not None:
            ends.append(column >= read(value.low.text))
        if value.high is not None:
            ends.append(column <= read(value.high.text))
        return ibis.and_(*ends)
    wanted = read(value.low.text if value.low else "")
    if value.comparison is Comparison.EQUAL:
        return column == wanted
    return _OPERATORS[value.comparison](column, wanted)


def _one_of_words(column: ir.Value, field: Field, text: str) -> ir.BooleanValue:
    meant = dict(field.groups).get(text.lower())
    if meant is not None:
        return column.isin(meant)
    for word in field.words:
        if word.lower() == text.lower():
            return column == word
    known = (*field.words, *(name for name, _ in field.groups))
    raise UsageError(f"{text!r} is none of its words.", advice=f"one of {', '.join(known)}.")


def _flag(text: str) -> bool:
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        raise UsageError(f"{text!r} is neither yes nor no.", advice="write yes or no.") from None


def _severity(text: str) -> int:
    try:
        return int(Severity.parse(text))
    except ValueError:
        words = ", ".join(severity.word for severity in reversed(Severity))
        raise UsageError(f"{text!r} is no severity.", advice=f"one of {words}.") from None


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", text) or abs(int(text)) >= _INTEGER_LIMIT:
        raise UsageError(f"{text!r} is no whole number.", advice="write digits only.")
    return int(text)


def _days(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})d?", text)
    if not found:
        raise UsageError(f"{text!r} is no number of days.", advice="write 30 or 30d.")
    return int(found[1])


def _number(text: str) -> float:
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?%?", text):
        raise UsageError(f"{text!r} is no number.", advice="write 7, 7.5 or 10%.")
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def _address(column: ir.StringValue, value: Value) -> ir.BooleanValue:
    if value.comparison is Comparison.BETWEEN and value.low and value.high:
        return _span(lambda: Span.between(str(value.low), str(value.high))).holds(column)
    text = _single(value)
    if ANY in text.text and not text.quoted:
        return _text(column, text)
    return _span(lambda: Span.parse(text.text)).holds(column)


def _span(read: Callable[[], Span]) -> Span:
    try:
        return read()
    except ValueError as error:
        raise UsageError(
            f"This is no address: {error}.",
            advice="write 10.1.2.3, 10.1.0.0/16, 10.1.0.1-10.1.0.9 or 10.1.*",
        ) from None


def _time(column: ir.TimestampValue, value: Value, before: Before) -> ir.BooleanValue:
    ends = [end.text for end in (value.low, value.high) if end]
    if all(_DURATION.fullmatch(end) for end in ends):
        return _time_by_age(column, value, before)
    if value.comparison is Comparison.BETWEEN:
        return ibis.and_(
            *([column >= _day_or_time(value.low.text)[0]] if value.low else []),
            *([column < _day_or_time(value.high.text)[1]] if value.high else []),
        )
    return _by_moment(column, value.comparison, *_day_or_time(ends[0]))


def _by_moment(
    column: ir.TimestampValue, comparison: Comparison, begin: datetime, end: datetime
) -> ir.BooleanValue:
    """A day is a span of time: after it is after its end, up to it includes all of it."""
    match comparison:
        case Comparison.AT_LEAST:
            return column >= begin
        case Comparison.ABOVE:
            return column >= end
        case Comparison.AT_MOST:
            return column < end
        case Comparison.BELOW:
            return column < begin
        case Comparison.EQUAL | Comparison.EXACT | Comparison.BETWEEN:
            return (column >= begin) & (column < end)
        case _:
            assert_never(comparison)


def _time_by_age(column: ir.TimestampValue, value: Value, before: Before) -> ir.BooleanValue:
    """`<7d` is less than seven days ago, `7d` within the last seven, `7d..30d` between both."""
    low = before(_duration(value.low.text)) if value.low else None
    match value.comparison:
        case Comparison.EQUAL | Comparison.EXACT | Comparison.AT_MOST:
            return column >= low
        case Comparison.BELOW:
            return column > low
        case Comparison.AT_LEAST:
            return column <= low
        case Comparison.ABOVE:
            return column < low
        case Comparison.BETWEEN:
            high = before(_duration(value.high.text)) if value.high else None
            younger = [column >= high] if high is not None else []
            return ibis.and_(*([column <= low] if low is not None else []), *younger)
        case _:
            assert_never(value.comparison)


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    hours = int(found[1]) * _HOURS[found[2]] if found else 0
    if hours > _MOST_HOURS:
        raise UsageError(f"{text!r} is more than a hundred years.", advice="write less.")
    return timedelta(hours=hours)


def _day_or_time(text: str) -> tuple[datetime, datetime]:
    """The first moment that is meant and the first one after it."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        whole_day = _DATE.fullmatch(text) is not None
        return moment, moment + (timedelta(days=1) if whole_day else timedelta(seconds=1))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no time.", advice="write 2026-11-22, 2026-11-22T14:00Z or an age: 7d."
        ) from None


_ORDERED: dict[FieldKind, Callable[[str], int | float]] = {
    FieldKind.SEVERITY: _severity,
    FieldKind.INTEGER: _integer,
    FieldKind.DAYS: _days,
    FieldKind.NUMBER: _number,
}

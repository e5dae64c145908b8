"""The console's loose scalars as typed columns.

Nearly every scalar comes as text; absent is ``""``, ``"-1"`` or null and becomes null, never 0.
A value that is none of these and does not fit is odd: its cell is null and its place is told, so
that the caller can keep it as it came.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from plumbline.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ABSENT = frozenset({"", "-1", None, -1})
_FLAGS: dict[Any, bool | None] = {
    **dict.fromkeys(("1", 1, "true", "True", "yes", "Yes", True), True),
    **dict.fromkeys(("0", 0, "false", "False", "no", "No", False), False),
    **dict.fromkeys(ABSENT),
}
_MICROSECONDS = 1_000_000
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999; a later moment is no moment."""
_WIDEST = 2**63


class Read(NamedTuple):
    """A column, and the places whose value did not fit it."""

    array: pa.Array
    odd: list[int]


def texts(values: Sequence[Any]) -> Read:
    """Text as it came; numbers are written out, empty text is null."""
    if _is_constant(values):
        return Read(pa.repeat(pa.scalar(_text(values[0]) or None, pa.string()), len(values)), [])
    try:
        array = pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        array = pa.array([_text(value) for value in values], pa.string())
    return Read(pc.if_else(pc.equal(array, ""), None, array), [])


def integers(values: Sequence[Any]) -> Read:
    """Whole numbers."""
    if _is_constant(values) and values[0] in ABSENT:
        return Read(pa.nulls(len(values), pa.int64()), [])
    try:
        array = pc.cast(pa.array(values, pa.string()), pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return _one_by_one(values, whole, pa.int64())
    return Read(pc.if_else(pc.equal(array, -1), None, array), [])


def times(values: Sequence[Any]) -> Read:
    """Moments, told in epoch seconds."""
    seconds, odd = integers(values)
    beyond = pc.or_(pc.less(seconds, 0), pc.greater(seconds, _LAST_SECOND))
    if pc.any(beyond).as_py():
        odd = sorted({*odd, *(n for n, out in enumerate(beyond.to_pylist()) if out)})
        seconds = pc.if_else(beyond, None, seconds)
    array = pc.multiply(seconds, _MICROSECONDS).cast(Kind.TIME.arrow)
    return Read(array, odd)


def numbers(values: Sequence[Any]) -> Read:
    """Scores."""
    return _one_by_one(values, number, pa.float64())


def flags(values: Sequence[Any]) -> Read:
    """Yes and no in the console's several spellings."""
    odd_ones = set(values).difference(_FLAGS)
    odd = [n for n, value in enumerate(values) if value in odd_ones] if odd_ones else []
    return Read(pa.array(list(map(_FLAGS.get, values)), pa.bool_()), odd)


def whole(value: Any) -> int | None:
    """One whole number; nothing when absent.

    Raises:
        ValueError: not a whole number.
    """
    if value in ABSENT:
        return None
    _refuse_ours(value)
    read = int(value)
    if isinstance(value, float) and value != read:
        raise ValueError(f"{value!r} is not whole")
    if not -_WIDEST <= read < _WIDEST:
        raise ValueError(f"{value!r} is too large")
    return read


def number(value: Any) -> float | None:
    """One number; nothing when absent.

    Raises:
        ValueError: not a finite number.
    """
    if value in ABSENT or value == "None":
        return None
    _refuse_ours(value)
    read = float(value)
    if not math.isfinite(read):
        raise ValueError(f"{value!r} is not finite")
    return read


def _refuse_ours(value: Any) -> None:
    """Python takes `True` and `1_000` for numbers; a console writes none like that."""
    if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        raise ValueError(f"{value!r} is no number of a console's")


def _one_by_one(
    values: Sequence[Any], read: Callable[[Any], float | None], kind: pa.DataType
) -> Read:
    found: list[float | None] = []
    odd: list[int] = []
    for place, value in enumerate(values):
        try:
            found.append(read(value))
        except (ValueError, TypeError, OverflowError):
            found.append(None)
            odd.append(place)
    return Read(pa.array(found, kind), odd)


def _is_constant(values: Sequence[Any]) -> bool:
    """Whether all rows say the same: common, and much cheaper to store."""
    return len(values) > 1 and values[0] == values[-1] and values.count(values[0]) == len(values)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).encode("utf-8", "replace").decode()


READERS = {
    Kind.TEXT: texts,
    Kind.INTEGER: integers,
    Kind.TIME: times,
    Kind.NUMBER: numbers,
    Kind.FLAG: flags,
}

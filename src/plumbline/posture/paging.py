"""Going on behind a row, at the same cost on the thousandth page as on the first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import ibis

from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ibis.expr import types as ir

AT = "at__"
"""Begins the names of the columns that tell what a row is sorted by."""


def beyond(
    rows: ir.Table, names: Sequence[str], downs: Sequence[bool], after: Sequence[Any]
) -> ir.BooleanValue:
    """Whether rows come behind one with these values, sorted by these columns.

    The first columns are descending as `downs` says, the rest ascending; nulls come last.

    Raises:
        UsageError: the values do not fit the columns.
    """
    if len(after) != len(names):
        raise _unfit()
    columns = [rows[name] for name in names]
    values = [_value(column, value) for column, value in zip(columns, after, strict=True)]
    turned = [*downs, *(False for _ in names[len(downs) :])]
    equal: list[ir.BooleanValue] = []
    found = []
    for column, value, down in zip(columns, values, turned, strict=True):
        if value is not None:
            behind = (column < value) if down else (column > value)
            found.append(ibis.and_(*equal, behind.fill_null(True)))  # noqa: FBT003 - the engine's
        equal.append(column.isnull() if value is None else column == value)
    return ibis.or_(*found)


def directed(value: ir.Value, down: bool) -> ir.Value:  # noqa: FBT001 - half of a pair
    """What was not supplied comes last, whichever way."""
    return ibis.desc(value, nulls_first=False) if down else ibis.asc(value, nulls_first=False)


def _value(column: ir.Value, value: Any) -> Any:
    """A value as it was told, as the column's type again."""
    kind = column.type()
    if value is None:
        return None
    try:
        if kind.is_timestamp():
            return ibis.literal(datetime.fromisoformat(value), kind)
        if kind.is_floating():
            # As a text, for the engine reads a number with many digits as a decimal.
            return ibis.literal(repr(float(value))).cast(kind)
        return ibis.literal(value, kind)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise _unfit() from error


def _unfit() -> UsageError:
    return UsageError(
        "This is no place to go on at.", advice="begin again without `after`, in the same order."
    )

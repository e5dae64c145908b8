"""Where a page ended, as a text for addresses."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from plumbline.errors import UsageError
from plumbline.posture.paging import AT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST = 4_000


def encode(runs: Sequence[int], row: Mapping[str, Any]) -> str:
    """The place of a row that was asked for `keyed`, among these snapshots."""
    values = [_plain(value) for name, value in row.items() if name.startswith(AT)]
    text = json.dumps([list(runs), values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: str, runs: Sequence[int]) -> tuple[Any, ...]:
    """The values of a place.

    Raises:
        UsageError: it is none, or of other snapshots.
    """
    try:
        padded = text[:_LONGEST] + "=" * (-len(text) % 4)
        told, values = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        found = tuple(None if value is None else _checked(value) for value in values)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise UsageError("`after` is no place to go on at.", advice="begin without it.") from error
    if told != list(runs):
        raise UsageError(
            "The data was renewed since that page was told.", advice="begin without `after`."
        )
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _checked(value: Any) -> Any:
    if isinstance(value, str | int | float | bool):
        return value
    raise TypeError

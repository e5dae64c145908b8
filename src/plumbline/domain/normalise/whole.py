"""Whole numbers, as text or number."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"([+-]?\d{1,40})(?:\.0*)?", re.ASCII)
_WIDEST = 2**63


def whole(text: str | None) -> int | None:
    """A whole number of 64 bits, `3.0` among them; None for anything else."""
    found = _WHOLE.fullmatch(text) if text is not None else None
    if not found:
        return None
    number = int(found[1])
    return number if -_WIDEST <= number < _WIDEST else None

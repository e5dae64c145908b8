"""Loose values as text, the first step of every normaliser."""

from __future__ import annotations

from typing import Any

MOST = 1_000
"""Characters; nothing that is read here is longer."""


def scalar_text(value: Any) -> str | None:
    """A text or number as text without outer blanks; empty when null, None when no scalar."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        text = str(value).strip()
    except ValueError:  # an integer of more than 4,300 digits
        return None
    return text if len(text) <= MOST else None

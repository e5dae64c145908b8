"""Plugin ids: any whole number of 64 bits, negative ones and 0 among them."""

from __future__ import annotations

from typing import Any

from plumbline.domain.normalise.note import Normalised, Note
from plumbline.domain.normalise.text import scalar_text
from plumbline.domain.normalise.whole import whole


def plugin_id(value: Any) -> Normalised[int]:
    """A plugin's id; null and empty text are absent, which is counted, too."""
    text = scalar_text(value)
    if text == "":
        return Normalised(None, Note.PLUGIN_ABSENT)
    number = whole(text)
    return Normalised(number, Note.PLUGIN_UNREADABLE if number is None else None)

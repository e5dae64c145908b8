"""Cross references: the mark of CISA's catalogue of known exploited vulnerabilities (KEV)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from plumbline.domain.normalise.text import scalar_text

_MARK = re.compile(
    r"(?<![\w-])CISA-KNOWN-EXPLOITED(?![\w-])[^\S\n]*(?:[#:][^\S\n]*([^,;\n]*))?",
    re.ASCII | re.IGNORECASE,
)
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
ELEMENT = "cisa-known-exploited"
"""The element of a `.nessus` file that says the same; its text is the date."""


class Kev(NamedTuple):
    """Whether cross references name the catalogue, and the date CISA set."""

    listed: bool = False
    due: str | None = None
    """As `2026/01/19`, the console's own form; other texts as they came."""


def kev(references: Any) -> Kev:
    """Read cross references, a text or several texts, in any letter case, with and without date."""
    texts = references if isinstance(references, list | tuple) else (references,)
    marks = [
        found
        for text in texts
        # A search regardless of case is slow, and references can be long.
        if isinstance(text, str) and ELEMENT in text.lower()
        for found in _MARK.finditer(text)
    ]
    dates = (found[1].strip() for found in marks if found[1])
    return Kev(bool(marks), next((due for date in dates if (due := kev_due(date))), None))


def kev_due(value: Any) -> str | None:
    """The date CISA set, in the console's own form."""
    text = scalar_text(value)
    if not text:
        return None
    found = _DATE.fullmatch(text)
    return f"{found[1]}/{int(found[2]):02}/{int(found[3]):02}" if found else text

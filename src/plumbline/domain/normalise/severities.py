"""Severities: by their id (0 to 4), else by their name."""

from __future__ import annotations

import re
from typing import Any

from plumbline.domain.normalise.note import Normalised, Note
from plumbline.domain.normalise.text import scalar_text
from plumbline.domain.normalise.whole import whole
from plumbline.domain.severity import Severity

_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.INFO,
    "informational": Severity.INFO,
    "informative": Severity.INFO,
    "information": Severity.INFO,
    "none": Severity.INFO,
}
_SEVERITY = re.compile(r"\s*severity$")


def severity(value: Any, *names: Any) -> Normalised[Severity]:
    """A severity from its id, or from the first name that says it (`High`, `High Severity`).

    `value` may be a word, too, as files have it. A severity is never absent: what says nothing is
    unreadable.
    """
    number = whole(scalar_text(value))
    if number is not None and number in _IDS:
        return Normalised(Severity(number))
    for name in names:
        if (word := _word(name)) is not None:
            return Normalised(word, Note.SEVERITY_BY_NAME)
    word = _word(value)
    return Normalised(word, Note.SEVERITY_UNREADABLE if word is None else None)


_IDS = frozenset(map(int, Severity))


def _word(value: Any) -> Severity | None:
    text = scalar_text(value)
    return _WORDS.get(_SEVERITY.sub("", text.lower())) if text else None

"""Scores within their documented bounds; EPSS as a fraction.

Absent are null, empty text, `-`, `N/A`, `None` and -1. EPSS in per cent (`97.12%`, or a bare
number above 1) is divided by 100: a bare number up to 1 is a fraction. A decimal comma is read;
an AES, which is whole, has none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from plumbline.domain.normalise.note import Normalised, Note
from plumbline.domain.normalise.text import scalar_text

_ABSENT = frozenset({"", "-", "n/a", "na", "none", "null", "-1", "-1.0"})
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,15}(?:[.,]\d{0,20})?|[.,]\d{1,20})(?:[eE][+-]?\d{1,3})?", re.ASCII
)
_HIGHEST = 10.0
_HIGHEST_AES = 1000.0
_PER_CENT = 100


def epss(value: Any) -> Normalised[float]:
    """An EPSS score, 0 to 1."""
    text = scalar_text(value)
    return _OUT if text is None else _epss(text)


def vpr(value: Any) -> Normalised[float]:
    """A Vulnerability Priority Rating, 0 to 10."""
    return _bounded(value, _HIGHEST)


def cvss(value: Any) -> Normalised[float]:
    """A CVSS score of any version, 0 to 10."""
    return _bounded(value, _HIGHEST)


def acr(value: Any) -> Normalised[float]:
    """An Asset Criticality Rating, 0 to 10."""
    return _bounded(value, _HIGHEST)


def aes(value: Any) -> Normalised[float]:
    """An Asset Exposure Score, 0 to 1000."""
    found = _bounded(value, _HIGHEST_AES)
    # `1,000` is a thousand to some and one to others.
    return _OUT if found.note is Note.SCORE_COMMA else found


_OUT: Normalised[float] = Normalised(None, Note.SCORE_UNREADABLE)


def _bounded(value: Any, highest: float) -> Normalised[float]:
    text = scalar_text(value)
    return _OUT if text is None else _score(text, highest)


@lru_cache(maxsize=16_384)
def _score(text: str, highest: float) -> Normalised[float]:
    number, note = _number(text)
    if number is not None and not 0 <= number <= highest:
        return Normalised(None, Note.SCORE_OUTSIDE)
    return Normalised(number, note)


@lru_cache(maxsize=65_536)
def _epss(text: str) -> Normalised[float]:
    number, note = _number(text.removesuffix("%").rstrip())
    if number is None:
        return _OUT if note is None and text.endswith("%") else Normalised(None, note)
    if text.endswith("%") or 1 < number <= _PER_CENT:
        number, note = round(number / _PER_CENT, 12), Note.EPSS_PER_CENT
    return Normalised(number, note) if 0 <= number <= 1 else Normalised(None, Note.SCORE_OUTSIDE)


def _number(text: str) -> tuple[float | None, Note | None]:
    if text.lower() in _ABSENT:
        return None, None
    if not _NUMBER.fullmatch(text):
        return None, Note.SCORE_UNREADABLE
    number = float(text.replace(",", "."))
    return number + 0.0, Note.SCORE_COMMA if "," in text else None

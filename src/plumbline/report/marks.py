"""Signs for people: severities told by glyph and word, and what must not reach a terminal raw."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from plumbline.domain.severity import Severity

_CONTROL_PICTURES = 0x2400
_DELETE = "\x7f"
_JOINER = "\u200d"  # holds emoji together
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Mark:
    """How a severity is marked: the glyph tells it without colour, the colour beside it."""

    glyph: str
    style: str
    """A colour by name, so that a terminal's own palette keeps it readable."""


MARKS: dict[str, Mark] = {
    Severity.CRITICAL.word: Mark("◆", "bold magenta"),
    Severity.HIGH.word: Mark("▲", "red"),
    Severity.MEDIUM.word: Mark("■", "yellow"),
    Severity.LOW.word: Mark("▼", "blue"),
    Severity.INFO.word: Mark("●", "bright_black"),
}


def visible(text: str) -> str:
    """A text from outside with everything shown that could steer a terminal or hide in it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(sign: str) -> str:
    if sign == _JOINER or unicodedata.category(sign) not in _UNSAFE:
        return sign
    if sign < " ":
        return chr(_CONTROL_PICTURES + ord(sign))
    if sign == _DELETE:
        return "\N{SYMBOL FOR DELETE}"
    return f"\\u{ord(sign):04x}"

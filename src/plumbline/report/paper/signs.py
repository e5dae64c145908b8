"""Text from outside as it is printed: one line, no longer than fits, in signs the font has."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from pathlib import Path
from typing import Any

from plumbline.report.marks import visible

FONTS = Path(__file__).parent / "fonts"
MOST_SIGNS = 200
"""More never fit on a line."""
_UNKNOWN = "?"
_CONTROLS = range(0x2400, 0x2440)


def printable(text: str) -> str:
    """A text in signs that the font has; `?` stands for one it has not."""
    shown = visible(" ".join(text[: 4 * MOST_SIGNS].split()))
    cut = f"{shown[:MOST_SIGNS]}…" if len(shown) > MOST_SIGNS else shown
    return "".join(map(_sign, cut))


def all_printable(value: Any) -> Any:
    """The same for every text in lists and mappings; the names in a mapping are ours."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: all_printable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [all_printable(one) for one in value]
    return value


def _sign(sign: str) -> str:
    code = ord(sign)
    if code in _CONTROLS:
        return "\N{MIDDLE DOT}"
    starts, ends = _known()
    place = bisect_right(starts, code) - 1
    return sign if place >= 0 and code <= ends[place] else _UNKNOWN


@cache
def _known() -> tuple[list[int], list[int]]:
    """First and last codes of the ranges that both weights of the font cover."""
    ranges = [part.partition("-") for part in (FONTS / "signs.txt").read_text("ascii").split()]
    starts = [int(first, 16) for first, _, _ in ranges]
    return starts, [int(last or first, 16) for first, _, last in ranges]

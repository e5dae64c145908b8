"""Tables whose cells are shaded by their number: severity by age, VPR by EPSS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.posture import bands
from plumbline.posture.counts import WORDS
from plumbline.posture.questions import signals
from plumbline.web import places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plumbline.web.estates import Seen

_SHADES = 5


@dataclass(frozen=True, slots=True)
class Shade:
    """A cell."""

    number: int
    href: str
    level: int
    """How dark, 0 to 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """A shaded table."""

    corner: str
    across: str
    """What the headings are, as the corner is what the rows are."""
    headings: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Shade]]]


def by_age(seen: Seen) -> Heat:
    """Open findings, low and above, by severity and age in days."""
    told = {row["days"]: row for row in seen.ask("severity-by-age")}
    words = [word for word in told if word != bands.NOT_TOLD or told[word]["total"]]
    asked = {band.word: f"age:{band.value}" for band in bands.AGE} | {bands.NOT_TOLD: "age:none"}
    numbers = {
        severity: [
            (told[w][severity], places.open_findings(f"severity:{severity}", asked[w]))
            for w in words
        ]
        for severity in WORDS[:-1]
    }
    return _shaded(
        "Severity", "Days", [word.replace("-", "\N{EN DASH}") for word in words], numbers
    )


def by_signal(seen: Seen) -> Heat:
    """Open findings, low and above, by VPR and EPSS; axes as in the report."""
    told = {(row["vpr"], row["epss"]): row["findings"] for row in seen.ask("vpr-by-epss")}
    numbers = {
        signals.label(vpr): [
            (
                told.get((vpr, epss), 0),
                places.open_findings("severity:>=low", _asked("vpr", vpr), _asked("epss", epss)),
            )
            for epss in signals.ACROSS
        ]
        for vpr in signals.DOWN
    }
    return _shaded("VPR", "EPSS", list(map(signals.label, signals.ACROSS)), numbers)


def _asked(field: str, band: str) -> str:
    """A band as a filter asks for it: from its lower end up to the next one."""
    if band == signals.NOT_SUPPLIED:
        return f"{field}:none"
    low, dots, high = band.partition("..")
    return f"{field}:>={low} {field}:<{high}" if dots else f"{field}:{band}"


def _shaded(
    corner: str,
    across: str,
    headings: Sequence[str],
    numbers: dict[str, list[tuple[int, str]]],
) -> Heat:
    most = max((n for row in numbers.values() for n, _ in row), default=0)
    rows = [
        (word, [Shade(n, href if n else "", _level(n, most)) for n, href in row])
        for word, row in numbers.items()
    ]
    return Heat(corner=corner, across=across, headings=headings, rows=rows)


def _level(number: int, most: int) -> int:
    """By the square root: small numbers stay told apart beside great ones."""
    return math.ceil(_SHADES * math.sqrt(number / most)) if most else 0

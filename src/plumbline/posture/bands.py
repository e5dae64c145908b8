"""Bands of days, as they are counted and shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import ibis

from plumbline.domain.age import AGE_BANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True)
class Band:
    """From one number of days to another, both included; open at the end without a last one."""

    first: int
    last: int | None

    @property
    def word(self) -> str:
        """How it is written."""
        return f">{self.first - 1}" if self.last is None else f"{self.first}-{self.last}"

    @property
    def value(self) -> str:
        """How a filter on a number of days asks for it."""
        return f">={self.first}" if self.last is None else f"{self.first}..{self.last}"


def bands(*lasts: int) -> tuple[Band, ...]:
    """Bands that end at these days, and one for all beyond."""
    firsts = [0, *(last + 1 for last in lasts)]
    return tuple(Band(first, last) for first, last in zip(firsts, [*lasts, None], strict=True))


AGE = bands(*(last for _, last in AGE_BANDS[:-1]))
SEEN = bands(7, 30, 90)


def place(estate: Estate, rows: ir.Table, start: str, within: Sequence[Band]) -> ir.IntegerValue:
    """Place of the band in which the days since a time are; one past the last when it is not told.

    The bands are told by the moments they begin at, which is three times cheaper than by days.
    """
    begins = (
        (rows[start] > estate.moment(rows, timedelta(days=band.last + 1)), n)
        for n, band in enumerate(within)
        if band.last is not None
    )
    return ibis.cases((rows[start].isnull(), len(within)), *begins, else_=len(within) - 1)


def words(within: Sequence[Band]) -> list[str]:
    """The bands' words, with the one for what is not told at the end."""
    return [*(band.word for band in within), NOT_TOLD]

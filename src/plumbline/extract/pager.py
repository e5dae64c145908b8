"""Where the next page begins and how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

FIRST_SIZE = 1_000
LARGEST = 10_000
SMALLEST = 50
BODY_BYTES = 16_000_000
"""A page is kept below this, whatever the rows weigh; two pages are in memory at a time."""
OVERLAP = 1
"""Rows that two neighbouring windows share. When rows come and go before the window, the shared
row is another one: a shift that counts alone cannot show when as many came as went."""
_WORTH_GROWING = 0.9
"""Grow while a larger page takes at most this share of the time a row took before."""


class PageSize:
    """How many rows to ask for: grows while the console's time per row falls, shrinks on faults.

    Lives as long as a run, so that every slice profits from what was learned.
    """

    def __init__(self, ceiling: int | None = None) -> None:
        self._ceiling = ceiling or LARGEST
        self.rows = ceiling or FIRST_SIZE
        self._per_row: float | None = None

    @property
    def ceiling(self) -> int:
        """The most rows a page may have."""
        return self._ceiling

    def learn(self, *, asked: int, rows: int, received: int, seconds: float) -> None:
        """Take note of a page that came; only a full one tells something."""
        if rows < asked or asked < self.rows // 2:
            return
        weight = max(1, received // max(1, rows))
        self._ceiling = min(self._ceiling, max(SMALLEST, BODY_BYTES // weight))
        per_row = seconds / rows
        if asked == self.rows and (
            self._per_row is None or per_row <= self._per_row * _WORTH_GROWING
        ):
            self._per_row = per_row
            self.rows = self.rows * 2
        self.rows = min(self.rows, self._ceiling)

    def shrink(self) -> None:
        """Ask for less after a timeout or fault of the console."""
        self.rows = max(min(SMALLEST, self.rows), self.rows // 2)
        self._per_row = None


@dataclass(frozen=True, slots=True)
class Window:
    """Rows asked for: from ``start``, up to but without ``end``."""

    start: int
    end: int


class Pager:
    """Walks a result set by the windows asked for, never by the rows that came.

    Only moves forward, and ends at the total last told: it cannot loop.
    """

    def __init__(self, size: PageSize, *, at_once: int | None = None) -> None:
        self._size = size
        self._start = 0
        self._at_once = at_once
        """Rows to ask for in one page, where a page may be so large."""

    def from_row(self, start: int) -> Self:
        """Begin there instead: what lies before was read by an earlier run."""
        self._start = start
        return self

    def first(self) -> Window:
        """The window to begin with."""
        rows = self._size.rows
        if self._at_once is not None and self._start == 0:
            rows = min(self._size.ceiling, max(rows, self._at_once))
        return Window(self._start, self._start + rows)

    def after(self, window: Window, total: int | None) -> Window | None:
        """The window behind an answered one; nothing at the end, or when no total was told."""
        if total is None or window.end >= total:
            return None
        start = self.behind(window.end)
        return Window(start, start + self._size.rows)

    def behind(self, end: int) -> int:
        """Where to go on behind a window's end: a row earlier, so that a shift shows."""
        return max(0, end - OVERLAP) if self._size.rows > OVERLAP else end

    def may_shrink(self, window: Window) -> bool:
        """Whether fewer rows than in this window are worth trying."""
        return window.end - window.start > SMALLEST

    def smaller(self, window: Window) -> Window:
        """The same place with fewer rows, after a fault."""
        self._size.shrink()
        rows = min(self._size.rows, (window.end - window.start) // 2)
        return Window(window.start, window.start + max(1, rows))

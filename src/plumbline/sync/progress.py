"""How a run tells what it does; the core never prints."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Progress(Protocol):
    """Someone who watches a run."""

    def stage(self, words: str) -> None:
        """A part of the run begins."""

    def announce(self, counts: Mapping[str, int]) -> None:
        """The console counts so many findings of each severity, before any is read."""

    def expect(self, rows: int) -> None:
        """So many rows are to be read in all, as far as is known."""

    def read(self, rows: int) -> None:
        """So many more rows were read."""


class Silent:
    """Nobody watches."""

    def stage(self, words: str) -> None:
        """Nothing."""

    def announce(self, counts: Mapping[str, int]) -> None:
        """Nothing."""

    def expect(self, rows: int) -> None:
        """Nothing."""

    def read(self, rows: int) -> None:
        """Nothing."""


class Kept:
    """Passes everything on, and keeps where the run stands for whoever asks."""

    def __init__(self, watcher: Progress) -> None:
        self._watcher = watcher
        self._stage = ""
        self._counts: dict[str, int] = {}
        self._expected = 0
        self._rows = 0
        self._began: float | None = None
        self._seconds = 0.0

    def stage(self, words: str) -> None:
        """Pass it on."""
        self._stage = words
        self._watcher.stage(words)

    def announce(self, counts: Mapping[str, int]) -> None:
        """Pass it on."""
        self._counts = dict(counts)
        self._watcher.announce(counts)

    def expect(self, rows: int) -> None:
        """Pass it on."""
        self._expected, self._began = rows, time.monotonic()
        self._watcher.expect(rows)

    def read(self, rows: int) -> None:
        """Pass it on."""
        self._rows += rows
        if self._began is not None:
            self._seconds = time.monotonic() - self._began
        self._watcher.read(rows)

    def told(self) -> Mapping[str, Any]:
        """Where the run stands, as JSON; `seconds` is the time in which `rows` were read."""
        return {
            "stage": self._stage,
            "counts": self._counts,
            "expected": self._expected,
            "rows": self._rows,
            "seconds": round(self._seconds, 3),
            "updated": datetime.now(UTC).isoformat(),
        }

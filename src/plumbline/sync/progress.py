"""How a run tells what it does; the core never prints."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Someone who watches a run."""

    def stage(self, words: str) -> None:
        """A part of the run begins."""

    def expect(self, rows: int) -> None:
        """So many rows are to be read in all, as far as is known."""

    def read(self, rows: int) -> None:
        """So many more rows were read."""


class Silent:
    """Nobody watches."""

    def stage(self, words: str) -> None:
        """Nothing."""

    def expect(self, rows: int) -> None:
        """Nothing."""

    def read(self, rows: int) -> None:
        """Nothing."""

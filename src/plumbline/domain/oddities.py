"""What was odd in what was read: how often each kind, and one example with its place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST = 80
"""Characters of an example's value."""

Plain = dict[str, int | tuple[int, str]]
"""Oddities as they are written down: kind to count, or to count and example."""


class Oddities(Counter[str]):
    """Counts by kind that keep the first example of each.

    Kinds are sentences that a user understands, such as the texts of `normalise.Note`. A counter,
    so that kinds without an example are counted as usual: `odd["bytes that are no text"] += 1`.
    """

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self.examples: dict[str, str] = {}
        """The first value of a kind and where it stood: `'97.12%' (a.csv, line 12)`."""
        super().__init__(counts or {})

    def add(self, kind: str, value: Any, place: str = "", times: int = 1) -> None:
        """Count a value of a kind, met at some place."""
        self[kind] += times
        if kind not in self.examples:
            self.examples[kind] = example(value, place)

    def update(  # type: ignore[override]
        self, other: Mapping[str, int] | None = None, /
    ) -> None:
        """Add other counts; of each kind, the example that came first stays."""
        for kind, count in other.items() if other else ():
            self[kind] += count
        if isinstance(other, Oddities):
            for kind, text in other.examples.items():
                self.examples.setdefault(kind, text)

    def listed(self) -> Iterator[tuple[str, int, str]]:
        """Kind, count and example, in the order of the kinds; the example may be empty."""
        for kind, count in sorted(self.items()):
            yield kind, count, self.examples.get(kind, "")

    def plain(self) -> Plain:
        """The same as plain values, to be written down."""
        return {kind: (count, text) if text else count for kind, count, text in self.listed()}

    @classmethod
    def of(cls, plain: Mapping[str, int | tuple[int, str]]) -> Oddities:
        """Read what `plain` gave, or bare counts."""
        found = cls()
        for kind, entry in plain.items():
            count, text = (entry, "") if isinstance(entry, int) else entry
            found[kind] += count
            if text:
                found.examples[kind] = text
        return found


def example(value: Any, place: str = "") -> str:
    """A value, shortened, and where it stood."""
    text = repr(value[:_LONGEST] if isinstance(value, str) else value)
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"{short} ({place})" if place else short

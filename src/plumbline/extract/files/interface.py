"""What every format of files gives: rows in the console's own fields, and an account of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from plumbline.domain.normalise import times
from plumbline.domain.oddities import Oddities

if TYPE_CHECKING:
    from plumbline.domain.finding import Source
    from plumbline.domain.normalise import Normalised

T = TypeVar("T")

LISTED = 1_000
"""Rejected rows that are told one by one; all of them are counted."""


class Row(NamedTuple):
    """One result of a file."""

    source: Source
    repository: str
    """Name of the repository it says it is from; empty where it says nothing."""
    severity: int
    fields: dict[str, Any]
    """The console's names of the fields, but for severity, repository and family."""
    family: str = ""
    beyond: dict[str, Any] | None = None
    """What fits no field, kept as it came."""
    place: str = ""
    """Where in the file it stands."""


class Rejected(NamedTuple):
    """A row that cannot be used."""

    place: str
    reason: str


@dataclass(slots=True)
class Tally:
    """The account of one file: every row met is given on, left out, or rejected."""

    name: str
    latest: int = times.LATEST
    """Epoch seconds, a day after the run's moment: later sightings are a wrong clock's."""
    met: int = 0
    given: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Rows that are no findings, by what they are."""
    rejected: int = 0
    listed: list[Rejected] = field(default_factory=list)
    odd: Oddities = field(default_factory=Oddities)
    torn: int = 0
    """Lines that are no whole record of a CSV."""
    hosts: int = 0
    newest: int = 0
    """Latest moment of which it speaks, in epoch seconds; 0 where it tells no time."""
    broken: str = ""
    """Where and why it ends before its end; empty when it is whole."""
    warnings: list[str] = field(default_factory=list)

    def note(self, kind: str, value: object, place: str, times: int = 1) -> None:
        """Count something odd, met at some place of this file."""
        self.odd.add(kind, value, f"{self.name}, {place}" if place else self.name, times)

    def reject(self, place: str, reason: str) -> None:
        """Count a row that cannot be used, and list it."""
        self.rejected += 1
        if len(self.listed) < LISTED:
            self.listed.append(Rejected(place, reason))

    @property
    def adds_up(self) -> bool:
        """Whether every row that was met is accounted for."""
        return self.met == self.given + self.rejected + self.left_out.total()

    @property
    def whole(self) -> bool:
        """Whether it was read to its end and every row was understood."""
        return self.adds_up and not self.broken and not self.rejected


@dataclass(slots=True)
class Values:
    """Values of one row as they are normalised; raw ones that could not be read are kept."""

    tally: Tally
    place: str
    beyond: dict[str, Any] = field(default_factory=dict)

    def take(self, found: Normalised[T], name: str, raw: str) -> T | None:
        """A value; what was changed in it, or cannot be read, is counted."""
        if found.note is not None:
            self.tally.note(found.note, raw.strip(), f"{self.place}, {name}")
            if found.note.unreadable:
                self.beyond[name] = raw
        return found.value

    def text(self, found: Normalised[Any], name: str, raw: str) -> str:
        """The same as text; empty where there is none."""
        value = found.value if found.note is None else self.take(found, name, raw)
        return "" if value is None else str(value)

"""The chronicle: the emulated console's own record of what happened to each finding, and when.

It is written by whatever changes the estate, as it does so, and never read off what is served: the
two can be held against each other. A finding is known by its host (in its repository), plugin, port
and protocol; what was at the beginning is taken over from the estate as it was then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from plumbline.domain.finding import Source
from plumbline.emulator.findings import ACCEPTED, BEEN_MITIGATED, RECAST, Findings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plumbline.emulator.estate import View
    from plumbline.emulator.findings import Bools, Ints

    Columns = dict[str, NDArray[np.signedinteger]]

STANDING, FIXED, GONE = 0, 1, 2
NO_MARK = -1
"""No rule has marked a finding; otherwise the place of the rule's comment."""


class Kind(StrEnum):
    """What can happen to a finding."""

    FOUND = "found"
    """Seen for the first time, or again after it had left."""
    SEEN = "seen"
    MITIGATED = "mitigated"
    RETURNED = "returned"
    """Seen again after it was mitigated."""
    ACCEPTED = "accepted"
    UNACCEPTED = "unaccepted"
    RECAST = "recast"
    UNRECAST = "unrecast"
    EXPIRED = "expired"
    """Grew older than its repository's life time and left without being mitigated."""
    PURGED = "purged"
    """Left the mitigated store by age."""
    RETIRED = "retired"
    """Its host was taken off the console."""
    REMOVED = "removed"
    """Left by a fault."""
    MOVED = "moved"
    """Its host has another address since; the finding stays where it was until it leaves."""
    HIDDEN = "hidden"
    SHOWN = "shown"


LEAVINGS = (Kind.EXPIRED, Kind.PURGED, Kind.RETIRED, Kind.REMOVED)
_TYPES: dict[str, type[np.signedinteger]] = {
    "host": np.int32,
    "plugin": np.int32,
    "port": np.int32,
    "protocol": np.int16,
    "severity": np.int8,
    "standing": np.int8,
    "been": np.int8,
    "accepted": np.int16,
    "recast": np.int16,
    "first": np.int64,
    "last": np.int64,
    "mitigated": np.int64,
    "left": np.int64,
    "leaving": np.int8,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that happened to many findings; `at` is one time, or one for each."""

    kind: Kind
    numbers: Ints
    at: Ints | int
    noted: int
    """The day the estate stood at, later than `at` for what came late."""
    comment: int = 0
    """Place of a rule's comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighted:
    """What the user could see from a moment on."""

    at: int
    hidden: frozenset[int] = frozenset()
    """Repositories out of sight."""
    ranges: str = ""
    """Addresses that the group may view; all if there are none."""


@dataclass(slots=True)
class Chronicle:
    """Columns with one row a finding, and the notes in the order in which they were made."""

    columns: Columns
    notes: list[Note] = field(default_factory=list)
    sights: list[Sighted] = field(default_factory=list)
    noted: int = 0
    _keys: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _order: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    @classmethod
    def beginning(cls, view: View, at: int) -> Chronicle:
        """Take over an estate as it is."""
        made = cls({name: np.empty(0, dtype=kind) for name, kind in _TYPES.items()}, noted=at)
        hidden = frozenset(one.id for one in view.hidden)
        made.sights.append(Sighted(at=at, hidden=hidden))
        for source in Source:
            rows = view.findings(source)
            made.came(rows.take(np.unique(rows.keys(), return_index=True)[1]), source, at)
        return made

    def __len__(self) -> int:
        return len(self.columns["host"])

    def came(self, rows: Findings, source: Source, at: int) -> None:
        """Findings are there, with a past: at the beginning, or by a fault."""
        fixed = source is Source.PATCHED
        numbers = self._enrol(rows)
        been = (rows.flags & BEEN_MITIGATED != 0).astype(np.int8)
        standing = FIXED if fixed else STANDING
        self._put(numbers, standing=standing, been=been, mitigated=rows.mitigated)
        self._put(numbers, first=rows.first, last=rows.last, severity=rows.severity)
        self._note(Kind.FOUND, numbers, rows.first)
        self._note(Kind.SEEN, numbers, rows.last)
        if fixed:
            self._note(Kind.MITIGATED, numbers, rows.mitigated)
        self._came_marked(numbers, rows, at)

    def _came_marked(self, numbers: Ints, rows: Findings, at: int) -> None:
        accepted, recast = rows.flags & ACCEPTED != 0, rows.flags & RECAST != 0
        self._put(numbers[accepted], accepted=rows.accept[accepted])
        self._put(numbers[recast], recast=rows.recast[recast])
        self._note(Kind.ACCEPTED, numbers[accepted], at)
        self._note(Kind.RECAST, numbers[recast], at)

    def found(self, rows: Findings, at: Ints | int) -> None:
        """Findings that were in neither store are there now."""
        if not len(rows):
            return
        numbers = self._enrol(rows)
        self._put(numbers, standing=STANDING, been=0, first=at, last=at, mitigated=0, left=0)
        self._put(numbers, severity=rows.severity, accepted=NO_MARK, recast=NO_MARK)
        self._note(Kind.FOUND, numbers, at)

    def seen(self, rows: Findings, at: Ints | int) -> None:
        """Findings are still there."""
        numbers = self._numbers(rows)
        self._put(numbers, last=at)
        self._note(Kind.SEEN, numbers, at)

    def mitigated(self, rows: Findings, at: Ints | int) -> None:
        """Findings went to the mitigated store."""
        numbers = self._numbers(rows)
        self._put(numbers, standing=FIXED, mitigated=at)
        self._note(Kind.MITIGATED, numbers, at)

    def returned(self, rows: Findings, at: Ints | int) -> None:
        """Findings came back from the mitigated store."""
        numbers = self._numbers(rows)
        self._put(numbers, standing=STANDING, been=1, last=at, mitigated=0)
        self._note(Kind.RETURNED, numbers, at)

    def left(self, kind: Kind, rows: Findings, at: int) -> None:
        """Findings left the store they were in."""
        numbers = self._numbers(rows)
        self._put(numbers, standing=GONE, left=at, leaving=LEAVINGS.index(kind))
        self._note(kind, numbers, at)

    def moved(self, rows: Findings, at: int) -> None:
        """The host of these findings has another address."""
        self._note(Kind.MOVED, self._numbers(rows), at)

    def accepted(self, rows: Findings, at: int, comment: int | None) -> None:
        """A rule with this comment covers findings; None if none does any more."""
        numbers = self._numbers(rows)
        self._put(numbers, accepted=NO_MARK if comment is None else comment)
        kind = Kind.UNACCEPTED if comment is None else Kind.ACCEPTED
        self._note(kind, numbers, at, comment or 0)

    def recast(self, rows: Findings, at: int, comment: int | None) -> None:
        """Findings have the severity of a rule with this comment; None if their own again."""
        numbers = self._numbers(rows)
        self._put(numbers, recast=NO_MARK if comment is None else comment, severity=rows.severity)
        kind = Kind.UNRECAST if comment is None else Kind.RECAST
        self._note(kind, numbers, at, comment or 0)

    def saw(self, *, at: int, hidden: frozenset[int], ranges: str) -> None:
        """The user can see something else from now on."""
        self.sights.append(Sighted(at=at, hidden=hidden, ranges=ranges))

    def _note(self, kind: Kind, numbers: Ints, at: Ints | int, comment: int = 0) -> None:
        if len(numbers):
            note = Note(kind=kind, numbers=numbers, at=at, noted=self.noted, comment=comment)
            self.notes.append(note)

    def _put(self, numbers: Ints, **values: Ints | int) -> None:
        for name, value in values.items():
            self.columns[name][numbers] = value

    def _places(self, keys: Ints) -> tuple[Ints, Bools]:
        """Where keys are among the sorted ones, or would be; and whether they are there."""
        places = np.searchsorted(self._keys, keys)
        if not len(self._keys):
            return places, np.zeros(len(keys), dtype=bool)
        return places, self._keys[np.minimum(places, len(self._keys) - 1)] == keys

    def _numbers(self, rows: Findings) -> Ints:
        """The numbers of findings that are known."""
        places, known = self._places(rows.keys())
        if not known.all():
            raise LookupError("the chronicle does not know a finding that something happened to")
        return self._order[places]

    def _enrol(self, rows: Findings) -> Ints:
        """The numbers of findings; those that are not known get one."""
        unknown = rows.take(~self._places(rows.keys())[1])
        if len(unknown):
            self._add(unknown.take(np.argsort(unknown.keys(), kind="stable")))
        return self._numbers(rows)

    def _add(self, rows: Findings) -> None:
        """Number these rows, which are in the order of their keys."""
        size, keys = len(self), rows.keys()
        for name, kind in _TYPES.items():
            fill = NO_MARK if name in {"accepted", "recast"} else 0
            more = getattr(rows, name) if name in _IDENTITY else np.full(len(rows), fill)
            self.columns[name] = np.concatenate((self.columns[name], more.astype(kind)))
        places = np.searchsorted(self._keys, keys)
        numbers = np.arange(size, size + len(rows), dtype=np.int32)
        self._keys = np.insert(self._keys, places, keys)
        self._order = np.insert(self._order, places, numbers)


_IDENTITY = frozenset({"host", "plugin", "port", "protocol"})

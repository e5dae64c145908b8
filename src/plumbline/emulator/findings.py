"""Findings of one source in columns: fifty bytes a row; JSON is joined when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.signedinteger]
    Bools = NDArray[np.bool_]

BEEN_MITIGATED, ACCEPTED, RECAST, WAS = 1, 2, 4, 8

_TYPES: dict[str, type[np.signedinteger]] = {
    "host": np.int32,
    "plugin": np.int32,
    "text": np.int32,
    "port": np.int32,
    "protocol": np.int16,
    "severity": np.int8,
    "flags": np.int8,
    "first": np.int64,
    "last": np.int64,
    "mitigated": np.int64,
    "verbatim": np.int32,
    "accept": np.int16,
    "recast": np.int16,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Columns of equal length.

    `host`, `plugin`, `text` and `verbatim` are places in the lists of the estate; `verbatim` is -1
    unless the row is served exactly as it was recorded. `severity` is the effective one; `first`,
    `last` and `mitigated` are epoch seconds; `accept` and `recast` are places of the comments of
    the rules that marked the row, 0 for a mark as old as the estate. Never changed in place: every
    change makes new columns, so that a page being sent stays whole.
    """

    host: Ints
    plugin: Ints
    text: Ints
    port: Ints
    protocol: Ints
    severity: Ints
    flags: Ints
    first: Ints
    last: Ints
    mitigated: Ints
    verbatim: Ints
    accept: Ints
    recast: Ints

    def __len__(self) -> int:
        return len(self.host)

    @classmethod
    def empty(cls) -> Findings:
        """No rows."""
        return cls.of()

    @classmethod
    def of(cls, **columns: Ints | Sequence[int] | int) -> Findings:
        """Make columns of the right types; a number stands for a whole column of it."""
        size = max((len(c) for c in columns.values() if not isinstance(c, int)), default=0)
        defaults: dict[str, Ints | Sequence[int] | int] = {"verbatim": -1}
        given = defaults | columns
        return cls(**{name: _column(given.get(name, 0), size, _TYPES[name]) for name in _TYPES})

    def take(self, rows: Ints | Bools) -> Findings:
        """The rows at these places, or where the mask is true."""
        return Findings(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def plus(self, other: Findings) -> Findings:
        """These rows and then the others."""
        return Findings(
            **{
                f.name: np.concatenate((getattr(self, f.name), getattr(other, f.name)))
                for f in fields(self)
            }
        )

    @classmethod
    def joined(cls, parts: Sequence[Findings]) -> Findings:
        """The rows of all parts, one part after the other."""
        return cls(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        )

    def put(self, **columns: Ints | int) -> Findings:
        """The same rows with some columns replaced."""
        size = len(self)
        return replace(self, **{n: _column(c, size, _TYPES[n]) for n, c in columns.items()})

    def ordered(self) -> Findings:
        """By host, plugin, port and protocol: the order in which the console lists them."""
        return self.take(np.lexsort((self.protocol, self.port, self.plugin, self.host)))

    def keys(self) -> Ints:
        """One number a row that is the same for the same host, plugin, port and protocol."""
        low = self.port.astype(np.int64) * 32 + self.protocol % 32
        return (self.host.astype(np.int64) << 40) ^ (self.plugin.astype(np.int64) << 22) ^ low


def among(keys: Ints, others: Ints) -> Bools:
    """Which keys are among others, by sorting: hashing, as `isin` does, takes ten times as long."""
    if not len(others):
        return np.zeros(len(keys), dtype=bool)
    known = np.sort(others)
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.asarray(known[places] == keys, dtype=bool)


def _column(values: Ints | Sequence[int] | int, size: int, kind: type[np.signedinteger]) -> Ints:
    if isinstance(values, int):
        return np.full(size, values, dtype=kind)
    return np.asarray(values, dtype=kind)

"""Counting the rows that passed the filters, and the three shapes an answer can have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.domain.severity import SC_WEIGHTS, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plumbline.emulator.filters import Scope
    from plumbline.emulator.findings import Findings, Ints

_WEIGHTS = np.array([SC_WEIGHTS[severity] for severity in Severity])


@dataclass(frozen=True, kw_only=True)  # without slots: `rows` is worked out once, when asked for
class Tally:
    """The rows that passed, by their places in the source."""

    scope: Scope
    places: Ints

    @cached_property
    def rows(self) -> Findings:
        """The columns of these rows."""
        return self.scope.findings.take(self.places)

    def severities(self) -> Ints:
        """How many rows of each severity, from info to critical."""
        return np.bincount(self.rows.severity, minlength=5).astype(np.int64)

    def elements(self, *, score: bool = True, last: int | None = None) -> str:
        """`matchingDataElementCount`: total, critical, high, medium, low, info, then the score."""
        counts = self.severities()
        parts = [int(counts.sum()), *counts[::-1].tolist()]
        parts += [int(counts @ _WEIGHTS)] if score else []
        parts += [] if last is None else [last]
        return ":".join(map(str, parts))

    def grouped(self, keys: Ints) -> tuple[Ints, Ints]:
        """Different keys in order, and for each how many rows of each severity."""
        unique, place = np.unique(keys, return_inverse=True)
        flat = np.bincount(place * 5 + self.rows.severity, minlength=len(unique) * 5)
        return unique, flat.reshape(-1, 5).astype(np.int64)

    def split(self, keys: Ints) -> dict[int, Ints]:
        """For each key the places of its rows among those that passed."""
        order = np.argsort(keys, kind="stable")
        unique, start = np.unique(keys[order], return_index=True)
        return dict(zip(unique.tolist(), np.split(order, start[1:]), strict=True))

    def hosts_by(self, keys: Ints) -> Mapping[int, int]:
        """How many different hosts have each key."""
        pairs = np.unique(
            np.stack((keys.astype(np.int64), self.rows.host.astype(np.int64))), axis=1
        )
        found, counts = np.unique(pairs[0], return_counts=True)
        return dict(zip(found.tolist(), counts.tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One result a finding, written from the columns page by page."""

    tally: Tally
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Results that are worked out whole and then paged."""

    results: list[dict[str, Any]]
    elements: str = "-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A response that knows no pages."""

    response: Any


def scored(counts: Ints) -> dict[str, str]:
    """Score, total and counts by severity, as every summary carries them."""
    info, low, medium, high, critical = counts.tolist()
    return {
        "score": str(int(counts @ _WEIGHTS)),
        "total": str(int(counts.sum())),
        "severityInfo": str(info),
        "severityLow": str(low),
        "severityMedium": str(medium),
        "severityHigh": str(high),
        "severityCritical": str(critical),
    }


def worst(counts: Ints) -> int:
    """The highest severity that occurs."""
    return int(np.flatnonzero(counts).max(initial=0))

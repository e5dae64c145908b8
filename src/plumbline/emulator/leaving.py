"""Findings that leave the console for good: by age, or because their host is taken off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator.chronicle import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.emulator.estate import Estate, View
    from plumbline.emulator.findings import Bools

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """How many findings left."""

    expired: int = 0
    purged: int = 0
    retired: int = 0


def expire(estate: Estate, *, active: int, mitigated: int, moves: bool) -> Departure:
    """Life times end: what was last seen or mitigated more than so many days ago leaves its store.

    `moves` moves `lastVulnUpdate` of the repositories it touches; nightly cleaning imports nothing,
    so by itself it does not.

    Raises:
        ValueError: a life time is not a day at least.
    """
    if min(active, mitigated) < 1:
        raise ValueError("a life time is a day at least")
    counts = Departure()

    def change(view: View) -> View:
        nonlocal counts
        now = int(estate.as_of)
        old = view.cumulative.last < now - active * DAY
        past = view.patched.mitigated < now - mitigated * DAY
        estate.record.left(Kind.EXPIRED, view.cumulative.take(old), now)
        estate.record.left(Kind.PURGED, view.patched.take(past), now)
        counts = Departure(expired=int(old.sum()), purged=int(past.sum()))
        return _left(estate, view, old, past, moves=moves)

    estate.publish(change)
    return counts


def retire(estate: Estate, place: int, *, moves: bool) -> Departure:
    """A host is taken off at once: nothing of it stays in either store.

    Raises:
        ValueError: there is no such host.
    """
    if not 0 <= place < len(estate.view.stock.hosts):
        raise ValueError(f"there is no host {place}")
    counts = Departure()

    def change(view: View) -> View:
        nonlocal counts
        old, past = view.cumulative.host == place, view.patched.host == place
        for rows, gone in ((view.cumulative, old), (view.patched, past)):
            estate.record.left(Kind.RETIRED, rows.take(gone), int(estate.as_of))
        counts = Departure(retired=int(old.sum() + past.sum()))
        return _left(estate, view, old, past, moves=moves)

    estate.publish(change)
    return counts


def _left(estate: Estate, view: View, old: Bools, past: Bools, *, moves: bool) -> View:
    hosts = view.stock.hosts.items
    places = np.unique(np.concatenate((view.cumulative.host[old], view.patched.host[past])))
    homes = {hosts[place].repository.id for place in places.tolist()}
    rows, mitigated = view.cumulative.take(~old), view.patched.take(~past)
    updated = touched(estate, view, homes) if moves else view.updated
    return replace(view, cumulative=rows, patched=mitigated, updated=updated)


def touched(estate: Estate, view: View, repositories: Iterable[int]) -> dict[int, int]:
    """`lastVulnUpdate` of all repositories, that of these moved to now."""
    now = int(estate.as_of)
    moved = {one: max(now, view.updated.get(one, 0) + 1) for one in repositories}
    return view.updated | moved

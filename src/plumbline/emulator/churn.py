"""A daily change that can be said exactly: such a share of findings is new, fixed or returned.

Measurements need it: “three of a hundred findings change every day”. Half of the share is fixed,
the other half comes in: a fifth of that are findings that return, if there are as many, the rest is
new. Nothing else moves, neither by expiry nor by hosts, so that the estate keeps its size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator.findings import BEEN_MITIGATED, WAS, Findings, among
from plumbline.emulator.scans import Timing, just_seen, note_visit

if TYPE_CHECKING:
    from numpy.random import Generator as Dice

    from plumbline.emulator.estate import Estate, View
    from plumbline.emulator.evolution import Evolution
    from plumbline.emulator.findings import Bools, Ints

COMES_BACK = 0.2
"""Share of returned findings among those that come in."""
FREE_PORTS = 20_000
"""New findings stand on ports from here on, so that there are always enough that are free."""


@dataclass(frozen=True, slots=True)
class Churn:
    """How much of an estate changes in a day."""

    dice: Dice
    share: float
    """Of the open findings: new, fixed and returned together."""
    reach: float
    """Share of hosts that are scanned; the last sighting of what they have moves."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: a share is not between 0 and 1, or more is to change than is scanned.
        """
        if not 0 <= self.share <= 1 or not 0 < self.reach <= 1:
            raise ValueError("a share of change is 0 to 1, one of hosts more than 0 and up to 1")
        if self.share > self.reach:
            raise ValueError("only what is scanned changes: the share must be at most theirs")


def one_day(estate: Estate, view: View, change: Evolution, churn: Churn) -> View:
    """Let one day pass in which exactly this share changes."""
    moment = int(estate.as_of) - 3_600
    day = _Day(estate, view, churn, moment)
    wanted = round(len(view.cumulative) * churn.share)
    fixed, back = wanted // 2, round((wanted - wanted // 2) * COMES_BACK)
    change.fixed += day.fix(fixed)
    returned = day.bring_back(back)
    day.confirm()
    change.returned += len(returned)
    found = day.find(wanted - fixed - len(returned))
    change.new += len(found)
    owner = np.array([host.repository.id for host in view.stock.hosts.items])
    scanned = np.unique(owner[day.reached]).tolist()
    change.repositories = sorted({*change.repositories, *scanned})
    updated = {one: max(moment, view.updated.get(one, 0) + 1) for one in scanned}
    rows = Findings.joined([day.cumulative, returned, found]).ordered()
    patched = day.patched.ordered()
    return replace(view, cumulative=rows, patched=patched, updated=view.updated | updated)


class _Day:
    def __init__(self, estate: Estate, view: View, churn: Churn, moment: int) -> None:
        self.dice, self.moment = churn.dice, moment
        self.stock, self.record = view.stock, estate.record
        self.cumulative, self.patched = view.cumulative, view.patched
        there = np.unique(view.cumulative.host)
        reach = max(1, round(len(there) * churn.reach))
        self.reached = np.sort(self.dice.permutation(there)[:reach])
        self._there = np.zeros(len(self.stock.hosts), dtype=bool)
        self._there[self.reached] = True

    def fix(self, count: int) -> int:
        rows = self.cumulative
        fixed = self._some(np.flatnonzero(self._there[rows.host]), count, len(rows))
        gone = rows.take(fixed)
        self.record.mitigated(gone, self.moment)
        self.cumulative = rows.take(~fixed)
        self._fixed = gone.put(mitigated=self.moment, verbatim=-1)
        return len(gone)

    def bring_back(self, count: int) -> Findings:
        """Mitigated findings return, none that was mitigated today."""
        rows = self.patched
        back = self._some(np.flatnonzero(self._there[rows.host]), count, len(rows))
        chosen = rows.take(back)
        self.record.returned(chosen, self.moment)
        self.patched = rows.take(~back).plus(self._fixed)
        flags = chosen.flags | BEEN_MITIGATED
        return chosen.put(flags=flags, last=self.moment, mitigated=0, verbatim=-1)

    def confirm(self) -> None:
        rows = self.cumulative
        seen = self._there[rows.host]
        self.cumulative = rows.put(
            last=np.where(seen, self.moment, rows.last),
            verbatim=np.where(seen, -1, rows.verbatim),
        )
        self.record.seen(rows.take(seen), self.moment)
        note_visit(self.stock, self.reached, Timing(end=self.moment))

    def find(self, count: int) -> Findings:
        """New findings on scanned hosts: what is there already, on ports of their own."""
        rows = self.cumulative
        models = np.flatnonzero(self._there[rows.host] & (rows.flags & WAS == 0))
        picked = rows.take(self.dice.choice(models, count))
        ports = FREE_PORTS + self.dice.permutation(count) % 40_000
        picked = picked.put(port=ports)
        fresh = self._unknown(picked)
        found = just_seen(self.stock, fresh, self.moment)
        self.record.found(found, self.moment)
        return found

    def _unknown(self, rows: Findings) -> Findings:
        """The same rows, each on the next port on which nothing is known."""
        for _ in range(1_000):
            keys = rows.keys()
            taken = np.ones(len(rows), dtype=bool)
            taken[np.unique(keys, return_index=True)[1]] = False
            taken |= among(keys, self.cumulative.keys()) | among(keys, self.patched.keys())
            if not taken.any():
                return rows
            ports = FREE_PORTS + (rows.port - FREE_PORTS + 1) % 45_000
            rows = rows.put(port=np.where(taken, ports, rows.port))
        raise ValueError("the estate has no room for so many new findings")

    def _some(self, places: Ints, count: int, size: int) -> Bools:
        """Just so many of the places, or all if there are fewer."""
        chosen = np.zeros(size, dtype=bool)
        chosen[self.dice.choice(places, min(count, len(places)), replace=False)] = True
        return chosen

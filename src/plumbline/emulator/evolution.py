"""Days that pass: scans find new things, confirm old ones fixed, and hosts come, go and move."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator.findings import BEEN_MITIGATED, WAS, Findings
from plumbline.emulator.machines import moved, sightings

if TYPE_CHECKING:
    from numpy.random import Generator as Dice
    from numpy.typing import NDArray

    from plumbline.emulator.estate import Estate, Stock, View
    from plumbline.emulator.findings import Bools, Ints

DAY = 86_400
SCANNED = 0.8
"""Share of a repository's hosts that a scan reaches."""
FIXED, FIXED_INFORMATIONAL = 0.03, 0.005
RETURNED = 0.04
NEW = 0.02
VANISHED = 0.003
MOVED = 0.02


@dataclass(slots=True, kw_only=True)
class Evolution:
    """What changed in some days, in findings and hosts."""

    days: int
    repositories: list[int] = field(default_factory=list)
    """Ids of the repositories that were scanned; all others are untouched."""
    new: int = 0
    fixed: int = 0
    returned: int = 0
    vanished: int = 0
    moved_hosts: int = 0
    new_hosts: int = 0


def evolve(estate: Estate, days: int) -> Evolution:
    """Move an estate on by days and publish the result at once."""
    if days < 1:
        raise ValueError(f"an estate moves on by one day or more, not by {days}")
    change = Evolution(days=days)

    def advance(view: View) -> View:
        for _ in range(days):
            view = _one_day(estate, view, change)
        return view

    estate.publish(advance)
    return change


def _one_day(estate: Estate, view: View, change: Evolution) -> View:
    dice = np.random.default_rng((estate.seed, 99, estate.days))
    estate.days += 1
    estate.as_of += DAY
    hosts = view.stock.hosts.items
    owner = np.fromiter((h.repository.id for h in hosts), dtype=np.int64, count=len(hosts))
    leased = {host.repository.id for host in hosts if host.mobile}
    scanned = _scanned_today(dice, np.unique(owner[view.cumulative.host]), leased)
    change.repositories = sorted({*change.repositories, *scanned})
    for repository in scanned:
        moment = int(estate.as_of) - 3_600 - 60 * repository
        scan = _Scan(dice, view, moment, np.flatnonzero(owner == repository))
        scan.run(change)
        view = replace(
            view,
            cumulative=scan.cumulative,
            patched=scan.patched,
            updated=view.updated | {repository: max(moment, view.updated[repository] + 1)},
        )
    view = _arrivals(estate, view, scanned, change)
    return replace(view, cumulative=view.cumulative.ordered(), patched=view.patched.ordered())


def _scanned_today(dice: Dice, repositories: Ints, leased: set[int]) -> list[int]:
    """More than half of the repositories, not all where there are several; DHCP ones every day."""
    order = sorted(dice.permutation(repositories).tolist(), key=lambda place: place not in leased)
    most = max(1, len(order) - 1)
    return sorted(order[: min(most, max(1, round(len(order) * 0.6)))])


class _Scan:
    """One scan of one repository."""

    def __init__(self, dice: Dice, view: View, moment: int, hosts: Ints) -> None:
        self.dice = dice
        self.stock: Stock = view.stock
        self.moment = moment
        self.cumulative = view.cumulative
        self.patched = view.patched
        present = np.intersect1d(hosts, view.cumulative.host)
        self.hosts = hosts
        reach = min(max(1, len(present) - 1), round(len(present) * SCANNED) or 1)
        self.reached = dice.permutation(present)[:reach]

    def run(self, change: Evolution) -> None:
        """Do what a scan does, in the order in which it matters."""
        change.moved_hosts += self._move()
        back = self._come_back()
        change.fixed += self._fix()
        self._confirm()
        change.returned += len(back)
        self.cumulative = self.cumulative.plus(back)
        change.new += self._find()
        change.vanished += self._expire()

    def _some(self, candidates: Bools, share: float | NDArray[np.float64]) -> Bools:
        """About this share of the candidates, and one at least if there is any."""
        chosen: Bools = candidates & (self.dice.random(len(candidates)) < share)
        if not chosen.any() and candidates.any():
            chosen[self.dice.choice(np.flatnonzero(candidates))] = True
        return chosen

    def _on_reached(self, rows: Findings) -> Bools:
        return np.isin(rows.host, self.reached)

    def _fix(self) -> int:
        rows = self.cumulative
        share = np.where(rows.severity > 0, FIXED, FIXED_INFORMATIONAL)
        fixed = self._some(self._on_reached(rows), share)
        self._mitigate(rows.take(fixed))
        self.cumulative = rows.take(~fixed)
        return int(fixed.sum())

    def _mitigate(self, rows: Findings) -> None:
        kept = self.patched.take(~np.isin(self.patched.keys(), rows.keys()))
        self.patched = kept.plus(rows.put(mitigated=self.moment, verbatim=-1))

    def _come_back(self) -> Findings:
        rows = self.patched
        absent = ~np.isin(rows.keys(), self.cumulative.keys())
        back = self._some(self._on_reached(rows) & absent, RETURNED)
        self.patched = rows.take(~back)
        chosen = rows.take(back)
        flags = chosen.flags | BEEN_MITIGATED
        return chosen.put(flags=flags, last=self.moment, mitigated=0, verbatim=-1)

    def _confirm(self) -> None:
        """What is still there was seen just now."""
        rows = self.cumulative
        seen = self._on_reached(rows)
        self.cumulative = rows.put(
            last=np.where(seen, self.moment, rows.last),
            verbatim=np.where(seen, -1, rows.verbatim),
        )
        for place in self.reached.tolist():
            host = self.stock.hosts.items[place]
            times = {
                name: self.moment
                for name in ("credentialed", "uncredentialed")
                if getattr(host, name)
            }
            self.stock.hosts.replace(place, replace(host, **times))

    def _find(self) -> int:
        """New findings: what other hosts of the repository have, now on hosts that were reached."""
        rows = self.cumulative
        models = np.flatnonzero(np.isin(rows.host, self.hosts) & (rows.flags & WAS == 0))
        if not len(models) or not len(self.reached):
            return 0
        tries = max(4, round(self._on_reached(rows).sum() * NEW))
        picked = rows.take(self.dice.choice(models, tries))
        picked = picked.put(host=self.dice.choice(self.reached, tries))
        known = np.concatenate((rows.keys(), self.patched.keys()))
        fresh = picked.take(np.unique(picked.keys(), return_index=True)[1])
        fresh = fresh.take(~np.isin(fresh.keys(), known))
        self.cumulative = rows.plus(self._just_seen(fresh))
        return len(fresh)

    def _just_seen(self, rows: Findings) -> Findings:
        plugins = self.stock.plugins.items
        severity = [plugins[place].severity for place in rows.plugin.tolist()]
        return rows.put(
            severity=np.array(severity, dtype=np.int8),
            flags=rows.flags & WAS,
            first=self.moment,
            last=self.moment,
            verbatim=-1,
        )

    def _expire(self) -> int:
        """Life times end: a few findings that no scan reached leave without being mitigated."""
        rows = self.cumulative
        gone = self._some(np.isin(rows.host, self.hosts) & ~self._on_reached(rows), VANISHED)
        self.cumulative = rows.take(~gone)
        return int(gone.sum())

    def _move(self) -> int:
        """DHCP: a few hosts have new addresses; half of them leave their old rows behind."""
        items = self.stock.hosts.items
        mobile = [place for place in self.reached.tolist() if items[place].mobile]
        movers = self.dice.permutation(mobile)[: -(-len(mobile) // round(1 / MOVED))]
        for number, place in enumerate(movers.tolist()):
            arrived = self.stock.hosts.add(moved(items[place], len(items)))
            there = self.cumulative.host == place
            rows = self.cumulative.take(there)
            if number % 2:
                self._mitigate(rows)
                self.cumulative = self.cumulative.take(~there)
            copies = rows.put(host=arrived, flags=rows.flags & WAS)
            self.cumulative = self.cumulative.plus(self._just_seen(copies))
        self.reached = np.setdiff1d(self.reached, movers) if len(movers) else self.reached
        return len(movers)


def _arrivals(estate: Estate, view: View, scanned: list[int], change: Evolution) -> View:
    """New machines in the repositories that were scanned; each has what a neighbour has."""
    wanted = -(-estate.machines // 100) if estate.machines else 0
    moment = int(estate.as_of) - 1_800
    numbers = range(estate.machines, estate.machines + 3 * wanted)
    estate.machines = numbers.stop
    for one in sightings(numbers, seed=estate.seed, now=moment, repositories=view.repositories):
        hosts = view.stock.hosts.items
        neighbours = [
            place
            for place in np.unique(view.cumulative.host).tolist()
            if hosts[place].repository.id == one.host.repository.id
        ]
        if one.host.repository.id not in scanned or one.share < 1 or not neighbours or not wanted:
            continue
        wanted -= 1
        change.new_hosts += 1
        model = view.cumulative.take(view.cumulative.host == neighbours[0])
        place = view.stock.hosts.add(one.host)
        rows = model.put(
            host=place, first=moment, last=moment, flags=model.flags & WAS, verbatim=-1
        )
        change.new += len(rows)
        repository = one.host.repository.id
        updated = view.updated | {repository: max(moment, view.updated[repository])}
        view = replace(view, cumulative=view.cumulative.plus(rows), updated=updated)
    return view

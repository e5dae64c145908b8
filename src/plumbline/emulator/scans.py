"""What one scan of one repository does to it: confirm, find, fix, bring back, move, lose sight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator.chronicle import Kind
from plumbline.emulator.findings import BEEN_MITIGATED, WAS, Findings, among
from plumbline.emulator.machines import moved

if TYPE_CHECKING:
    from numpy.random import Generator as Dice
    from numpy.typing import NDArray

    from plumbline.emulator.chronicle import Chronicle
    from plumbline.emulator.estate import Stock, View
    from plumbline.emulator.evolution import Evolution
    from plumbline.emulator.findings import Bools, Ints

SCANNED = 0.8
"""Share of a repository's hosts that a scan reaches."""
FIXED, FIXED_INFORMATIONAL = 0.03, 0.005
RETURNED = 0.04
NEW = 0.02
VANISHED = 0.003
MOVED = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a scan looked: it ended at a moment, and had begun so many seconds before."""

    end: int
    length: int = 0

    def of(self, hosts: Ints) -> Ints | int:
        """When it looked at each of these hosts (places); one moment if it took no time."""
        if not self.length:
            return self.end
        return np.asarray(self.end - hosts.astype(np.int64) * 7_919 % self.length, dtype=np.int64)


class Scan:
    """One scan of one repository."""

    def __init__(
        self, dice: Dice, view: View, timing: Timing, hosts: Ints, chronicle: Chronicle
    ) -> None:
        self.dice = dice
        self.stock: Stock = view.stock
        self.timing = timing
        self.chronicle = chronicle
        self.cumulative = view.cumulative
        self.patched = view.patched
        present = np.flatnonzero(_places(view, hosts) & _places(view, view.cumulative.host))
        self.hosts = hosts
        reach = min(max(1, len(present) - 1), round(len(present) * SCANNED) or 1)
        self.reached = dice.permutation(present)[:reach]

    def run(self, change: Evolution) -> None:
        """Do what a scan does, in the order in which it matters."""
        change.moved_hosts += self._move()
        self.look(change)
        change.vanished += self._expire()

    def look(self, change: Evolution, *, back: bool = True) -> None:
        """What a scan finds, and what it misses; `back` False leaves alone what was mitigated."""
        returned = self._come_back() if back else self.patched.take(np.empty(0, dtype=np.int64))
        change.fixed += self._fix()
        self._confirm()
        change.returned += len(returned)
        self.cumulative = self.cumulative.plus(returned)
        change.new += self._find()

    def _at(self, rows: Findings) -> Ints | int:
        return self.timing.of(rows.host)

    def _some(self, candidates: Bools, share: float | NDArray[np.float64]) -> Bools:
        """About this share of the candidates, and one at least if there is any."""
        chosen: Bools = candidates & (self.dice.random(len(candidates)) < share)
        if not chosen.any() and candidates.any():
            chosen[self.dice.choice(np.flatnonzero(candidates))] = True
        return chosen

    def _on_reached(self, rows: Findings) -> Bools:
        return _within(rows, self.reached, len(self.stock.hosts))

    def _fix(self) -> int:
        rows = self.cumulative
        share = np.where(rows.severity > 0, FIXED, FIXED_INFORMATIONAL)
        fixed = self._some(self._on_reached(rows) & (rows.last < self._at(rows)), share)
        self._mitigate(rows.take(fixed))
        self.cumulative = rows.take(~fixed)
        return int(fixed.sum())

    def _mitigate(self, rows: Findings) -> None:
        kept = self.patched.take(~among(self.patched.keys(), rows.keys()))
        self.patched = kept.plus(rows.put(mitigated=self._at(rows), verbatim=-1))
        self.chronicle.mitigated(rows, self._at(rows))

    def _come_back(self) -> Findings:
        rows = self.patched
        absent = ~among(rows.keys(), self.cumulative.keys())
        missed = self._on_reached(rows) & (rows.mitigated < self._at(rows))
        back = self._some(missed & absent, RETURNED)
        self.patched = rows.take(~back)
        chosen = rows.take(back)
        self.chronicle.returned(chosen, self._at(chosen))
        flags = chosen.flags | BEEN_MITIGATED
        return chosen.put(flags=flags, last=self._at(chosen), mitigated=0, verbatim=-1)

    def _confirm(self) -> None:
        """What is still there was seen just now."""
        rows = self.cumulative
        seen = self._on_reached(rows) & (rows.last < self._at(rows))
        self.cumulative = rows.put(
            last=np.where(seen, self._at(rows), rows.last),
            verbatim=np.where(seen, -1, rows.verbatim),
        )
        confirmed = rows.take(seen)
        self.chronicle.seen(confirmed, self._at(confirmed))
        note_visit(self.stock, self.reached, self.timing)

    def _find(self) -> int:
        """New findings: what other hosts of the repository have, now on hosts that were reached."""
        rows = self.cumulative
        ours = _within(rows, self.hosts, len(self.stock.hosts))
        models = np.flatnonzero(ours & (rows.flags & WAS == 0))
        if not len(models) or not len(self.reached):
            return 0
        tries = max(4, round(self._on_reached(rows).sum() * NEW))
        picked = rows.take(self.dice.choice(models, tries))
        picked = picked.put(host=self.dice.choice(self.reached, tries))
        fresh = picked.take(np.unique(picked.keys(), return_index=True)[1])
        keys = fresh.keys()
        known = among(keys, rows.keys()) | among(keys, self.patched.keys())
        fresh = self._just_seen(fresh.take(~known))
        self.cumulative = rows.plus(fresh)
        return len(fresh)

    def _just_seen(self, rows: Findings) -> Findings:
        found = just_seen(self.stock, rows, self._at(rows))
        self.chronicle.found(found, self._at(found))
        return found

    def _expire(self) -> int:
        """Life times end: a few findings that no scan reached leave without being mitigated."""
        rows = self.cumulative
        ours = _within(rows, self.hosts, len(self.stock.hosts))
        old = self._some(ours & ~self._on_reached(rows), VANISHED)
        self.cumulative = rows.take(~old)
        self.chronicle.left(Kind.EXPIRED, rows.take(old), self.timing.end)
        return int(old.sum())

    def _move(self) -> int:
        """DHCP: a few hosts have new addresses; half of them leave their old rows behind."""
        items = self.stock.hosts.items
        mobile = [place for place in self.reached.tolist() if items[place].mobile]
        movers = self.dice.permutation(np.array(mobile, dtype=np.int64))
        movers = movers[: -(-len(mobile) // round(1 / MOVED))]
        if not len(movers):
            return 0
        rows = self._of(movers)
        arrivals = [self.stock.hosts.add(moved(items[place], len(items))) for place in movers]
        self.chronicle.moved(rows, self.timing.end)
        turn = np.empty(len(items), dtype=np.int64)
        turn[movers] = np.arange(len(movers))
        turns = turn[rows.host]
        confirmed_gone = rows.take(turns % 2 == 1)
        self._mitigate(confirmed_gone)
        kept = ~_within(self.cumulative, movers[1::2], len(items))
        copies = rows.put(host=np.array(arrivals)[turns], flags=rows.flags & WAS)
        self.cumulative = self.cumulative.take(kept).plus(self._just_seen(copies))
        self.reached = np.setdiff1d(self.reached, movers)
        return len(movers)

    def _of(self, hosts: Ints) -> Findings:
        """The open findings of some hosts, in the order of the hosts."""
        rows = self.cumulative
        chosen = rows.take(_within(rows, hosts, len(self.stock.hosts)))
        turn = np.empty(len(self.stock.hosts), dtype=np.int64)
        turn[hosts] = np.arange(len(hosts))
        return chosen.take(np.argsort(turn[chosen.host], kind="stable"))


def just_seen(stock: Stock, rows: Findings, at: Ints | int) -> Findings:
    """Rows as they are when they come in for the first time: unmarked, of the plugin's severity."""
    plugins = stock.plugins.items
    severity = [plugins[place].severity for place in rows.plugin.tolist()]
    return rows.put(
        severity=np.array(severity, dtype=np.int8),
        flags=rows.flags & WAS,
        first=at,
        last=at,
        mitigated=0,
        verbatim=-1,
        accept=0,
        recast=0,
    )


def note_visit(stock: Stock, reached: Ints, timing: Timing) -> None:
    """Hosts tell when they were last scanned, with and without credentials."""
    moments = np.broadcast_to(timing.of(reached), len(reached))
    for place, moment in zip(reached.tolist(), moments.tolist(), strict=True):
        host = stock.hosts.items[place]
        times = {
            name: max(moment, before)
            for name in ("credentialed", "uncredentialed")
            if (before := getattr(host, name))
        }
        stock.hosts.replace(place, replace(host, **times))


def _places(view: View, hosts: Ints) -> Bools:
    there = np.zeros(len(view.stock.hosts), dtype=bool)
    there[hosts] = True
    return there


def _within(rows: Findings, hosts: Ints, count: int) -> Bools:
    """Rows of some hosts, of so many that there are."""
    there = np.zeros(count, dtype=bool)
    there[hosts] = True
    return np.asarray(there[rows.host], dtype=bool)

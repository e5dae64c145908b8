"""The estate: everything the emulated console knows, and the truth to compare a client with."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from plumbline.domain.finding import Source
from plumbline.emulator import furnishing, imports, leaving, rules, sight
from plumbline.emulator.chronicle import Chronicle
from plumbline.emulator.evolution import evolve
from plumbline.emulator.findings import WAS, Findings
from plumbline.emulator.hosts import Host, HostPieces, Repository, host_pieces
from plumbline.emulator.lives import Life, lives
from plumbline.emulator.plugins import Plugin, PluginPieces, plugin_pieces
from plumbline.emulator.rows import details
from plumbline.emulator.rules import Rule
from plumbline.emulator.scans import SCANNED
from plumbline.emulator.sight import Sight
from plumbline.emulator.wire import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from plumbline.emulator.evolution import Evolution
    from plumbline.emulator.findings import Bools
    from plumbline.emulator.leaving import Departure
    from plumbline.emulator.lists import AssetList

T = TypeVar("T")
P = TypeVar("P")

DAY = 86_400


class Shelf(Generic[T, P]):
    """A list that only grows, with the JSON pieces of each item cut once and kept."""

    def __init__(self, cut: Callable[[T], P]) -> None:
        self.items: list[T] = []
        self._cut = cut
        self._pieces: dict[int, tuple[T, P]] = {}

    def __len__(self) -> int:
        return len(self.items)

    def add(self, item: T) -> int:
        """Keep one more item and tell its place."""
        self.items.append(item)
        return len(self.items) - 1

    def replace(self, place: int, item: T) -> None:
        """Put another item in this place."""
        self.items[place] = item

    def pieces(self, place: int) -> P:
        """The JSON pieces of the item in this place."""
        item, found = self.items[place], self._pieces.get(place)
        if found is None or found[0] is not item:
            found = self._pieces[place] = (item, self._cut(item))
        return found[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What rows refer to: plugins, hosts, outputs (as JSON) and rows kept as recorded."""

    plugins: Shelf[Plugin, PluginPieces] = field(default_factory=lambda: Shelf(plugin_pieces))
    hosts: Shelf[Host, HostPieces] = field(default_factory=lambda: Shelf(host_pieces))
    texts: list[bytes] = field(default_factory=lambda: [b'""'])
    verbatim: list[bytes] = field(default_factory=list)
    comments: list[str] = field(default_factory=lambda: [""])
    """Comments of rules; the first place is for rules as old as the estate."""

    def add_text(self, text: str) -> int:
        """Keep one plugin output and tell its place."""
        self.texts.append(dump(text))
        return len(self.texts) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The estate at one moment; a page being sent holds on to its own."""

    stock: Stock
    cumulative: Findings
    patched: Findings
    repositories: tuple[Repository, ...]
    updated: dict[int, int]
    """When each repository last imported findings (`lastVulnUpdate`), in epoch seconds."""
    lists: tuple[AssetList, ...]
    version: int = 0
    hidden: tuple[Repository, ...] = ()
    """Repositories that were taken from the user's group."""
    sight: Sight = field(default_factory=Sight)
    rules: tuple[Rule, ...] = ()
    """Rules that accept or recast, oldest first."""
    fed: int = 0
    """When a plugin feed last arrived; 0 for as usual, last night."""

    def findings(self, source: Source) -> Findings:
        """The rows of one source."""
        return self.cumulative if source is Source.CUMULATIVE else self.patched

    def holding(self, source: Source, findings: Findings) -> View:
        """The same with other rows in one source."""
        if source is Source.CUMULATIVE:
            return replace(self, cumulative=findings)
        return replace(self, patched=findings)


class Estate:
    """An emulated console's content. Make one with `generated`, `from_nessus` or `from_recorded`.

    Safe to change while it is being served: every change publishes a new view.
    """

    def __init__(self, view: View, *, as_of: float, seed: int = 0) -> None:
        self._view = view
        self._lock = threading.RLock()
        self._chronicle: Chronicle | None = None
        self._as_of = as_of
        self._moved_on = time.monotonic()
        self.own_time = False
        """Whether the console's clock knows the estate's days alone, not this machine's time."""
        self.seed = seed
        self.days = 0
        """How many days it has been moved on."""
        self.machines = 0
        """How many machines were invented for it."""

    @classmethod
    def generated(
        cls,
        *,
        hosts: int = 200,
        seed: int = 1,
        findings_per_host: float = 50,
        now: float | None = None,
    ) -> Estate:
        """Invent an estate; the same arguments give the same one.

        `now` is the moment it stands at in epoch seconds; without it the last midnight (UTC).
        """
        from plumbline.emulator.generator import generate  # noqa: PLC0415 - generator builds on this

        moment = now if now is not None else time.time() // DAY * DAY
        return generate(hosts=hosts, seed=seed, findings_per_host=findings_per_host, now=moment)

    @classmethod
    def from_nessus(cls, paths: Iterable[Any]) -> Estate:
        """Hold the findings of real `.nessus` (or `.nessus.gz`) files, a repository each.

        Raises:
            NessusError: a file is missing, is not a version 2 export, or declares entities.
        """
        from plumbline.emulator.nessus import load  # noqa: PLC0415 - the loader builds on this

        return load(paths)

    @classmethod
    def from_recorded(cls, rows: Iterable[dict[str, Any]]) -> Estate:
        """Hold recorded `vulndetails` rows; each is served exactly as it was recorded."""
        from plumbline.emulator.recorded import replay  # noqa: PLC0415 - the loader builds on this

        return replay(rows)

    @property
    def view(self) -> View:
        """The estate as it is now."""
        return self._view

    @property
    def as_of(self) -> float:
        """The day the content stands at, in epoch seconds; `evolve` moves it on."""
        return self._as_of

    @as_of.setter
    def as_of(self, moment: float) -> None:
        self._as_of, self._moved_on = moment, time.monotonic()

    @property
    def clock(self) -> float:
        """The console's own time: now, or later if the estate was moved beyond it.

        With `own_time` it is the time since the estate was moved to its day.
        """
        if self.own_time:
            return self._as_of + time.monotonic() - self._moved_on
        return max(time.time(), self._as_of)

    @property
    def record(self) -> Chronicle:
        """The chronicle to write to, begun when the first thing happens."""
        if self._chronicle is None:
            self._chronicle = Chronicle.beginning(self._view, int(self._as_of))
        self._chronicle.noted = int(self._as_of)
        return self._chronicle

    def chronicle(self, *, happenings: bool = True) -> list[Life]:
        """What became of every finding there ever was: its true state, its dates, its life.

        Kept apart from what is served, and written by everything that changes the estate through
        its own methods. Without happenings only the states and dates are told, which is quick.
        """
        with self._lock:
            return list(lives(self.record, self._view.stock, happenings=happenings))

    def publish(self, change: Callable[[View], View]) -> View:
        """Replace the view by a changed one, one change at a time."""
        with self._lock:
            self._view = replace(change(self._view), version=self._view.version + 1)
            return self._view

    def evolve(
        self, days: int = 1, *, change: float | None = None, reach: float = SCANNED
    ) -> Evolution:
        """Move the estate on by days, perhaps while it is being served; tells what changed.

        Only the repositories that were scanned in that time get a new `lastVulnUpdate`. `change` is
        a share: just so much of the open findings is new, fixed or returned each day, on hosts that
        were scanned; `reach` is the share of hosts that are, and whose last sighting moves.

        Raises:
            ValueError: there is no day, or a share that cannot be.
        """
        with self._lock:
            return evolve(self, days, share=change, reach=reach)

    def accept_risk(self, plugin: int, comment: str, *, moves: bool = False, **limits: Any) -> Rule:
        """Add a rule that accepts the risk of a plugin's findings; see `rules` for its limits."""
        return rules.add(self, Rule(plugin=plugin, comment=comment, **limits), moves=moves)

    def recast_risk(
        self, plugin: int, severity: int, comment: str, *, moves: bool = False, **limits: Any
    ) -> Rule:
        """Add a rule that gives a plugin's findings another severity; see `rules`."""
        rule = Rule(plugin=plugin, severity=severity, comment=comment, **limits)
        return rules.add(self, rule, moves=moves)

    def drop_rule(self, number: int, *, moves: bool = False) -> None:
        """End a rule; see `rules`."""
        rules.drop(self, number, moves=moves)

    def import_late(self, days: int = 3, *, repository: int | None = None) -> Evolution:
        """Import a scan that ended days ago; see `imports`."""
        return imports.late(self, days, repository=repository)

    def import_long(self, hours: int = 40, *, repository: int | None = None) -> Evolution:
        """Import a scan that took hours; see `imports`."""
        return imports.long(self, hours, repository=repository)

    def expire(self, *, active: int = 365, mitigated: int = 365, moves: bool = False) -> Departure:
        """End the life of old findings, in days; see `leaving`."""
        return leaving.expire(self, active=active, mitigated=mitigated, moves=moves)

    def retire_host(self, place: int, *, moves: bool = False) -> Departure:
        """Take a host off the console, by its place on the shelf; see `leaving`."""
        return leaving.retire(self, place, moves=moves)

    def rename_host(self, place: int, dns: str, netbios: str | None = None) -> None:
        """Give a host another name, by its place on the shelf; see `furnishing`."""
        furnishing.rename(self, place, dns, netbios)

    def hide(self, repository: int) -> None:
        """Take a repository from the user's group; see `sight`."""
        sight.hide(self, repository)

    def show(self, repository: int) -> None:
        """Give it back; see `sight`."""
        sight.show(self, repository)

    def assign(self, **changes: Any) -> Sight:
        """Change the user's role, group, responsible list or viewable addresses; see `sight`."""
        return sight.assign(self, **changes)

    def feed(self, *, share: float = 0.1) -> int:
        """Let a plugin feed arrive; see `furnishing`."""
        return furnishing.feed(self, share=share)

    def redefine(self, number: int, **fields: Any) -> None:
        """Define an asset list anew; see `furnishing`."""
        furnishing.redefine(self, number, fields)

    def add_repository(self, name: str, *, hosts: int = 3) -> Repository:
        """Add a repository with new hosts; see `furnishing`."""
        return furnishing.add_repository(self, name, hosts=hosts)

    def rows(
        self, source: Source | str = Source.CUMULATIVE, *, was: bool = True
    ) -> Iterator[dict[str, Any]]:
        """The truth: every row of a source as it is served; `was` False leaves web scans out."""
        view = self._view
        findings = view.findings(Source(source))
        for body in details(view.stock, findings, np.flatnonzero(_wanted(findings, was=was))):
            yield json.loads(body)

    def counts(
        self, source: Source | str = Source.CUMULATIVE, *, was: bool = True
    ) -> Counter[tuple[int, int]]:
        """The truth in numbers: rows by repository id and severity (0 to 4)."""
        findings = self._view.findings(Source(source))
        chosen = findings.take(_wanted(findings, was=was))
        hosts = self._view.stock.hosts.items
        of_host = np.fromiter((h.repository.id for h in hosts), dtype=np.int64, count=len(hosts))
        keys, totals = np.unique(of_host[chosen.host] * 8 + chosen.severity, return_counts=True)
        return Counter(
            {(int(k) // 8, int(k) % 8): int(n) for k, n in zip(keys, totals, strict=True)}
        )


def _wanted(findings: Findings, *, was: bool) -> Bools:
    return np.asarray((findings.flags & WAS == 0) | was, dtype=bool)

"""The estate: everything the emulated console knows, and the truth to compare a client with."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from plumbline.emulator.findings import WAS, Findings
from plumbline.emulator.hosts import Host, HostPieces, Repository, host_pieces
from plumbline.emulator.plugins import Plugin, PluginPieces, plugin_pieces
from plumbline.emulator.rows import details
from plumbline.emulator.wire import dump
from plumbline.terms.finding import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from plumbline.emulator.evolution import Evolution
    from plumbline.emulator.findings import Bools
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
        self.as_of = as_of
        """The day the content stands at, in epoch seconds; `evolve` moves it on."""
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
    def clock(self) -> float:
        """The console's own time: now, or later if the estate was moved beyond it."""
        return max(time.time(), self.as_of)

    def publish(self, change: Callable[[View], View]) -> View:
        """Replace the view by a changed one, one change at a time."""
        with self._lock:
            self._view = replace(change(self._view), version=self._view.version + 1)
            return self._view

    def evolve(self, days: int = 1) -> Evolution:
        """Move the estate on by days, perhaps while it is being served; tells what changed.

        Only the repositories that were scanned in that time get a new `lastVulnUpdate`.
        """
        from plumbline.emulator.evolution import evolve  # noqa: PLC0415 - evolution builds on this

        with self._lock:
            return evolve(self, days)

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

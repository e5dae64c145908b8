"""Reads of a repository what may have changed in it, and whatever that leaves uncertain.

What came shows in the part that is read. What went shows in the console's totals alone, host by
host; those hosts are read whole. Where that does not settle it, the repository is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from plumbline.align.lifecycle import Whole
from plumbline.console.query import Tool
from plumbline.domain.finding import Source
from plumbline.extract.slices import SPLIT_ABOVE, Slice, host_slices, slices
from plumbline.sync.host_sums import HostCounts, counted, scanned
from plumbline.sync.memory import remembered, told_update
from plumbline.sync.plan import count
from plumbline.sync.reading import MOST_ROUNDS, ReadSlice
from plumbline.sync.reconcile import ReadWhole, Told, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plumbline.console.query import Filter
    from plumbline.console.wire import HostRow
    from plumbline.domain.severity import Severity
    from plumbline.extract.proof import Counts
    from plumbline.extract.slices import Increment
    from plumbline.sync.plan import Task
    from plumbline.sync.reading import Reading
    from plumbline.sync.reconcile import Reconciler


def read_partly(task: Task, increment: Increment, reading: Reading, reconciler: Reconciler) -> None:
    """Read what may have changed in a repository, until it agrees with all that is counted in it.

    Raises:
        PlumblineError: the console cannot be asked any more, or the disk refuses.
    """
    _Partly(task=task, increment=increment, reading=reading, reconciler=reconciler).read()


@dataclass(slots=True, kw_only=True)
class _Partly:
    """One repository that is read in part."""

    task: Task
    increment: Increment
    reading: Reading
    reconciler: Reconciler
    slices: dict[str, ReadSlice] = field(default_factory=dict)
    whole: ReadWhole = field(default_factory=ReadWhole)

    @property
    def _number(self) -> int:
        return self.task.repository.id

    def read(self) -> None:
        counts, updated = self.task.counts, told_update(self.task.repository)
        began = updated
        verdict = Verdict.nothing()
        asking, since = self.reading.plan.asking, self.increment.since
        self.reconciler.remember(self._number, asking, since, self.task.repeats)
        for attempt in range(MOST_ROUNDS):
            counts, verdict = self._once(counts, again=attempt > 0)
            began, updated = updated, self.reading.update_of(self._number)
            if began == updated or self.reading.harvest.gave_up:
                break
        if began != updated:
            self.reading.changed(self._number)
        if verdict.agrees or self.reading.harvest.gave_up:
            self._keep(began, counts, verdict)
        else:
            self._note(f"repository {self._number} read whole: {verdict.reason}")
            self.reading.whole(self.task)

    def _once(self, counts: Counts, *, again: bool) -> tuple[Counts, Verdict]:
        """Read the part, compare, and read hosts or a store until nothing is left open."""
        self.whole = ReadWhole()
        self.slices = self.reading.slices(list(self._parts(counts)), again=again)
        told = self._told()
        verdict = self._compare(told)
        for _ in range(MOST_ROUNDS):
            if verdict.agrees or self.reading.harvest.gave_up or not self._worth_it(verdict):
                break
            self._read_whole(verdict, told.counts, again=again)
            now = count(self.reading.console, self.reading.plan.asking, self._number)
            told = told if now == told.counts else self._told(now)
            verdict = self._compare(told)
        return told.counts, verdict

    def _worth_it(self, verdict: Verdict) -> bool:
        """Whether there is something to read that was not read, short of everything."""
        return not verdict.stores or (
            verdict.stores != frozenset(Source) and not verdict.stores & self.whole.stores
        )

    def _parts(self, counts: Counts) -> Iterator[Slice]:
        """The part as slices, cut by severity where the repository is large."""
        look_back = self.reading.plan.asking.look_back
        filters = {s: self.increment.filters(s, look_back) for s in Source}
        inside = {
            source: self._count_part(source, filters[source])
            if sum(by_severity.values()) > SPLIT_ABOVE
            else by_severity
            for source, by_severity in counts.items()
        }
        return slices(self._number, inside, self.increment.part, filters)

    def _count_part(self, source: Source, filters: tuple[Filter, ...]) -> Counter[Severity]:
        part = Slice(repository_id=self._number, source=source, filters=filters)
        query = self.reading.plan.asking.query(Tool.SUMSEVERITY, part)
        return Counter(self.reading.console.severity_counts(query))

    def _told(self, counts: Counts | None = None) -> Told:
        asking, rows = self.reading.plan.asking, HostCounts()
        runs: dict[str, int] = {}

        def watch(page: list[HostRow]) -> None:
            rows.update(counted(page))
            for ip, at in scanned(page).items():
                runs[ip] = max(at, runs.get(ip, 0))

        known = counts or count(self.reading.console, asking, self._number)
        tells = self.reading.hosts(self._number, watch)
        told = self.reconciler.told(self._number, asking, known)
        if tells:
            told.hosts[Source.CUMULATIVE] = rows
            told.scanned = runs
        for what in told.refused:
            self._note(f"repository {self._number}: the console does not count {what}")
        return told

    def _compare(self, told: Told) -> Verdict:
        files = [file for one in self.slices.values() for file in one.files("findings")]
        wanted = self.reading.plan.asking.scope.severities
        listed = self.reading.found.hosts[self._number].files("aliases", (0,))
        repeats = self.reading.repeats(self.slices.values())
        return self.reconciler.compare(
            self._number, files, self.whole, told, wanted, repeats=repeats, listed=listed
        )

    def _read_whole(self, verdict: Verdict, counts: Counts, *, again: bool) -> None:
        stores: Mapping[Source, Mapping[Severity, int]] = {
            source: counts[source] for source in verdict.stores
        }
        parts = list(slices(self._number, stores))
        for source, addresses in verdict.hosts.items():
            parts += host_slices(self._number, source, list(addresses))
        self.slices |= self.reading.slices(parts, again=again)
        self.whole = self.whole.plus(verdict)
        for store in verdict.stores:
            what = f"{store} findings of repository {self._number} read whole"
            self._note(f"{what}: {verdict.reason}")
        hosts = frozenset[str]().union(*verdict.hosts.values())
        if hosts:
            text = f"hosts of repository {self._number} read whole: their counts differed"
            self.reading.found.odd[text] += len(hosts)

    def _keep(self, updated: str, counts: Counts, verdict: Verdict) -> None:
        found, number = self.reading.found, self._number
        found.slices += self.slices.values()
        found.proofs += verdict.proofs
        found.since[number] = self.increment.since
        found.whole += (Whole(source=one, repository_id=number) for one in self.whole.stores)
        for source, addresses in self.whole.hosts.items():
            found.whole += (Whole(source=source, repository_id=number, ip=ip) for ip in addresses)
        marks = self.reconciler.marks()
        clock = self.reading.plan.clock
        repeats = self.reconciler.repeats()
        found.repeats += repeats
        memory = remembered(updated, counts, repeats)
        found.memories[number] = memory.read(marks, clock, whole=False)

    def _note(self, what: str) -> None:
        self.reading.found.odd[what] = 1

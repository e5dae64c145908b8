"""What a run reads of repositories, slice by slice, and all that it has read."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from plumbline.align.lifecycle import Whole
from plumbline.domain.finding import Source
from plumbline.domain.oddities import Oddities
from plumbline.errors import QueryRefusedError
from plumbline.extract.hosts import host_aliases
from plumbline.extract.proof import (
    Counts,
    count_marks,
    count_repeats,
    count_staged,
    find_repeats,
    prove,
)
from plumbline.extract.slices import Slice, slices
from plumbline.lake.staging import Outcome, Receipt, SliceStage, Staging
from plumbline.sync.memory import RepositoryMemory, remembered, told_update
from plumbline.sync.plan import Plan, Task, count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    import duckdb
    import pyarrow as pa

    from plumbline.console.client import Console
    from plumbline.console.wire import HostRow
    from plumbline.domain.proof import Proof
    from plumbline.extract.harvest import Harvest
    from plumbline.extract.proof import Repeat

MOST_ROUNDS = 3
"""How often a repository is read whose counts do not agree."""
HOSTS_A_PAGE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSlice:
    """A slice and how its reading ended."""

    part: Slice
    outcome: Outcome
    stage: SliceStage

    def files(self, table: str) -> list[str]:
        """The parts of a table that make the slice."""
        return self.stage.files_of(table, self.outcome)

    @property
    def repeating(self) -> list[str]:
        """The parts in which findings lie more than once, as the console repeats them."""
        made_of = self.stage.made_of(self.outcome) if self.outcome.repeated else ()
        found = ((stage, one) for stage, one in made_of if one.repeated)
        return [file for stage, one in found for file in stage.files("findings", one.passes)]


@dataclass(slots=True, kw_only=True)
class Gathered:
    """Everything a run has read."""

    slices: list[ReadSlice] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    memories: dict[int, RepositoryMemory] = field(default_factory=dict)
    """What to remember of each repository that was read."""
    hosts: dict[int, SliceStage] = field(default_factory=dict)
    """By repository, as the console sums them up."""
    shared: dict[str, list[str]] = field(default_factory=dict)
    """The staged parts of the tables that all slices share."""
    odd: Oddities = field(default_factory=Oddities)
    """What was changed or could not be read, by kind, with examples."""
    repeats: list[Repeat] = field(default_factory=list)
    """What the console tells more than once."""
    whole: list[Whole] = field(default_factory=list)
    """What was read whole."""
    since: dict[int, datetime] = field(default_factory=dict)
    """Repositories that were read in part: what changed since then."""
    rows: int = 0
    """Findings received, repeats included."""

    @property
    def proven(self) -> bool:
        """Whether every slice is whole and every count agrees."""
        return all(one.outcome.whole for one in self.slices) and all(
            proof.agrees for proof in self.proofs
        )

    @property
    def staged(self) -> dict[str, list[str]]:
        """The staged parts of every table."""
        hosts = [file for stage in self.hosts.values() for file in stage.files("aliases", (0,))]
        own = {"findings": self._files("findings"), "aliases": self._files("aliases") + hosts}
        return own | {"listed_hosts": hosts} | self.shared

    @property
    def listed(self) -> tuple[int, ...]:
        """Repositories of which every host was told."""
        ended = ((number, stage.outcome) for number, stage in self.hosts.items())
        return tuple(number for number, outcome in ended if outcome and outcome.whole)

    def _files(self, table: str) -> list[str]:
        return [file for one in self.slices for file in one.files(table)]


@dataclass(slots=True, kw_only=True)
class Reading:
    """The reading of a plan under way: whom it asks, and where it puts what came."""

    plan: Plan
    name: str
    """Of the connection."""
    console: Console
    staging: Staging
    engine: duckdb.DuckDBPyConnection
    harvest: Harvest
    found: Gathered

    def whole(self, task: Task) -> None:
        """Read a repository until its counts agree, or as often as is reasonable.

        It is read again, too, when its findings changed meanwhile: as many may have come as went.
        """
        number, counts, updated = task.repository.id, task.counts, told_update(task.repository)
        began = updated
        proofs: list[Proof] = []
        repeats: list[Repeat] = []
        read: dict[str, ReadSlice] = {}
        again = frozenset(Source)
        for attempt in range(MOST_ROUNDS):
            read = {name: one for name, one in read.items() if one.part.source not in again}
            wanted = [part for part in slices(number, counts) if part.source in again]
            read |= self.slices(wanted, again=attempt > 0)
            began, updated = updated, self.update_of(number)
            counts = count(self.console, self.plan.asking, number)
            repeats = self.repeats(read.values())
            proofs = self._prove(number, counts, list(read.values()), repeats)
            again = frozenset(Source) if began != updated else _disagreeing(proofs)
            if not again or self.harvest.gave_up:
                break
        if began != updated:
            self.changed(number)
        self.found.slices += read.values()
        self.found.proofs += proofs
        self.found.whole += (Whole(source=source, repository_id=number) for source in Source)
        files = [file for one in read.values() for file in one.files("findings")]
        marks = count_marks(self.engine, files, repeats)
        memory = remembered(began, counts, repeats).read(marks, self.plan.clock, whole=True)
        self.found.memories[number] = memory
        self.found.repeats += repeats
        self.hosts(number)

    def changed(self, number: int) -> None:
        """Note that a repository never stood still."""
        self.found.odd[f"repository {number} changed while it was read"] = MOST_ROUNDS

    def update_of(self, number: int) -> str:
        """When the console says now that a repository last changed."""
        found = (one for one in self.console.repositories() if one.id == number)
        return next(map(told_update, found), "")

    def slices(self, wanted: Iterable[Slice], *, again: bool) -> dict[str, ReadSlice]:
        """Read slices by name; those that an earlier run read whole are taken over."""
        parts = list(self.plan.asking.apart(wanted))
        stages = {part.name: self.staging.slice(part.name) for part in parts}
        for stage in stages.values():
            if again or (stage.outcome is not None and not stage.outcome.whole):
                stage.discard()
        outcomes = {name: stage.outcome for name, stage in stages.items()}
        missing = [(part, stages[part.name]) for part in parts if outcomes[part.name] is None]
        outcomes |= {part.name: outcome for part, outcome in self.harvest.read_all(missing)}
        return {
            part.name: ReadSlice(part=part, outcome=outcome, stage=stages[part.name])
            for part in parts
            if (outcome := outcomes[part.name]) is not None
        }

    def repeats(self, read: Iterable[ReadSlice]) -> list[Repeat]:
        """What the console tells more than once in these slices; what was read last counts."""
        found: dict[tuple[Source, str], Repeat] = {}
        for one in sorted(read, key=lambda one: one.part.name):
            repeats = find_repeats(self.engine, one.repeating)
            found |= {(repeat.source, repeat.finding): repeat for repeat in repeats}
        return list(found.values())

    def _prove(
        self,
        number: int,
        counts: Counts,
        read: Sequence[ReadSlice],
        repeats: Iterable[Repeat],
    ) -> list[Proof]:
        files = [file for one in read for file in one.files("findings")]
        ours = count_staged(self.engine, files)
        return list(prove(number, counts, ours, count_repeats(repeats)))

    def hosts(self, number: int, watch: Callable[[list[HostRow]], None] | None = None) -> bool:
        """Read the hosts as the console sums them up; whether it tells them.

        Whoever watches is given every row; then nothing is taken over from an earlier run.
        """
        stage = self.staging.slice(f"r{number}-hosts")
        outcome = stage.outcome if watch is None else None
        outcome = outcome or self._stage_hosts(number, stage, watch or (lambda _rows: None))
        if outcome.note:
            self.found.odd[f"hosts of repository {number} not told"] = 1
        self.found.hosts[number] = stage
        return not outcome.note

    def _stage_hosts(
        self, number: int, stage: SliceStage, watch: Callable[[list[HostRow]], None]
    ) -> Outcome:
        stage.discard()
        rows = self.console.host_rows(self.plan.asking.hosts(number), size=HOSTS_A_PAGE)
        total, note = 0, ""
        try:
            for page, chunk in enumerate(_chunks(rows, HOSTS_A_PAGE)):
                watch(chunk)
                stage.stage(
                    0, _receipt(page, total, chunk), {"aliases": self._aliases(number, chunk)}
                )
                total += len(chunk)
        except QueryRefusedError as refusal:
            note = refusal.what
        outcome = Outcome(
            whole=not note, expected=None, distinct=total, passes=(0,), rows=total, note=note
        )
        stage.close(outcome)
        return outcome

    def _aliases(self, number: int, rows: list[HostRow]) -> pa.Table:
        return host_aliases(self.name, number, rows, self.plan.latest)


def _receipt(page: int, start: int, rows: Sequence[HostRow]) -> Receipt:
    return Receipt(
        number=page,
        start=start,
        end=start + len(rows),
        rows=len(rows),
        total=None,
        received=0,
        seconds=0.0,
    )


def _disagreeing(proofs: Sequence[Proof]) -> frozenset[Source]:
    return frozenset(proof.source for proof in proofs if not proof.agrees)


def _chunks(rows: Iterator[HostRow], size: int) -> Iterator[list[HostRow]]:
    while chunk := list(islice(rows, size)):
        yield chunk

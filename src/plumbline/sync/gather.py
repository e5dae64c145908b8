"""Reads what the plan says into the staging folder, until both sides count the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from plumbline.console.rows import RowDecoder
from plumbline.errors import QueryRefusedError
from plumbline.extract.columns import Columns
from plumbline.extract.harvest import Harvest
from plumbline.extract.hosts import host_aliases
from plumbline.extract.pager import PageSize
from plumbline.extract.pages import PageReader
from plumbline.extract.proof import Counts, count_staged, prove
from plumbline.extract.slices import Slice, slices
from plumbline.lake.staging import SHARED, Outcome, Receipt, SliceStage, Staging
from plumbline.sync.memory import RepositoryMemory, Unfinished, remembered, told_update
from plumbline.sync.plan import Plan, Task, count
from plumbline.terms.finding import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb

    from plumbline.console.client import Console
    from plumbline.console.wire import HostRow
    from plumbline.sync.progress import Progress
    from plumbline.terms.connection import Connection
    from plumbline.terms.proof import Proof

MOST_ROUNDS = 3
"""How often a repository is read whose counts do not agree."""
_HOSTS_A_PAGE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSlice:
    """A slice and how its reading ended."""

    part: Slice
    outcome: Outcome
    stage: SliceStage

    def files(self, table: str) -> list[str]:
        """The parts of a table that make the slice."""
        return self.stage.files(table, self.outcome.passes)


@dataclass(slots=True, kw_only=True)
class Gathered:
    """Everything a run has read."""

    slices: list[ReadSlice] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    memories: dict[int, RepositoryMemory] = field(default_factory=dict)
    """What to remember of each repository that was read."""
    hosts: list[SliceStage] = field(default_factory=list)
    shared: dict[str, list[str]] = field(default_factory=dict)
    """The staged parts of the tables that all slices share."""
    odd: Counter[str] = field(default_factory=Counter)
    """How often which oddity was met."""

    @property
    def proven(self) -> bool:
        """Whether every slice is whole and every count agrees."""
        return all(one.outcome.whole for one in self.slices) and all(
            proof.agrees for proof in self.proofs
        )

    @property
    def staged(self) -> dict[str, list[str]]:
        """The staged parts of every table."""
        hosts = [file for stage in self.hosts for file in stage.files("aliases", (0,))]
        own = {"findings": self._files("findings"), "aliases": self._files("aliases") + hosts}
        return own | self.shared

    def _files(self, table: str) -> list[str]:
        return [file for one in self.slices for file in one.files(table)]


class Gatherer:
    """Reads the tasks of a plan, going on where an earlier run was stopped."""

    def __init__(
        self,
        connection: Connection,
        console: Console,
        staging: Staging,
        engine: duckdb.DuckDBPyConnection,
        progress: Progress,
        *,
        beat: Callable[[], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._name = connection.name
        self._console = console
        self._staging = staging
        self._engine = engine
        self._progress = progress
        self._beat = beat
        decoder = RowDecoder()
        self._reader = PageReader(console, decoder, PageSize(connection.manners.page_size))
        self._columns = Columns(connection.name, decoder)
        self._sleep = sleep

    def gather(self, plan: Plan, setting_out: Unfinished) -> Gathered:
        """Read every task.

        Raises:
            PlumblineError: the console cannot be asked any more, or the disk refuses.
        """
        self._adopt(setting_out)
        found = Gathered()
        expected = (sum(sum(c.values()) for c in task.counts.values()) for task in plan.tasks)
        self._progress.expect(sum(expected))
        harvest = Harvest(
            reader=self._reader,
            asking=plan.asking,
            columns=self._columns,
            engine=self._engine,
            progress=self._took,
            pause=self._sleep,
            odd=found.odd,
        )
        with self._reader:
            for task in plan.tasks:
                self._progress.stage(f"Reading {task.repository.name or task.repository.id}")
                self._repository(plan, task, harvest, found)
                found.hosts.append(self._hosts(plan, task, found.odd))
        found.shared = {table: self._staging.shared(table) for table in SHARED}
        return found

    def _adopt(self, now: Unfinished) -> None:
        """Keep what an unfinished run staged where the console still stands as it stood then."""
        before = Unfinished.read(self._staging.plan())
        if before is None or not now.goes_on_from(before):
            self._staging.discard()
        else:
            for number in before.repositories:
                if not now.still_holds(number, before):
                    self._forget(number)
            now = msgspec.structs.replace(now, began=before.began)
        self._staging.keep_plan(msgspec.json.encode(now))

    def _forget(self, repository_id: str) -> None:
        for stage in self._staging.slices(f"r{repository_id}-"):
            stage.discard()

    def _took(self, _part: Slice, receipt: Receipt) -> None:
        self._progress.read(receipt.rows)
        self._beat()

    def _repository(self, plan: Plan, task: Task, harvest: Harvest, found: Gathered) -> None:
        """Read a repository until its counts agree, or as often as is reasonable.

        It is read again, too, when its findings changed meanwhile: as many may have come as went.
        """
        number, counts, updated = task.repository.id, task.counts, told_update(task.repository)
        began = updated
        proofs: list[Proof] = []
        read: dict[str, ReadSlice] = {}
        again = frozenset(Source)
        for attempt in range(MOST_ROUNDS):
            read = {name: one for name, one in read.items() if one.part.source not in again}
            wanted = [part for part in slices(number, counts) if part.source in again]
            read |= self._slices(wanted, harvest, again=attempt > 0)
            began, updated = updated, self._update_of(number)
            counts = count(self._console, plan.asking, number)
            proofs = self._prove(number, counts, list(read.values()))
            again = frozenset(Source) if began != updated else _disagreeing(proofs)
            if not again or harvest.gave_up:
                break
        if began != updated:
            found.odd[f"repository {number} changed while it was read"] = MOST_ROUNDS
        found.slices += read.values()
        found.proofs += proofs
        found.memories[number] = remembered(began, counts)

    def _update_of(self, number: int) -> str:
        """When the console says now that a repository last changed."""
        found = (one for one in self._console.repositories() if one.id == number)
        return next(map(told_update, found), "")

    def _slices(
        self, parts: Sequence[Slice], harvest: Harvest, *, again: bool
    ) -> dict[str, ReadSlice]:
        """Read slices by name; those that an earlier run read whole are taken over."""
        stages = {part.name: self._staging.slice(part.name) for part in parts}
        for stage in stages.values():
            if again or (stage.outcome is not None and not stage.outcome.whole):
                stage.discard()
        outcomes = {name: stage.outcome for name, stage in stages.items()}
        missing = [(part, stages[part.name]) for part in parts if outcomes[part.name] is None]
        outcomes |= {part.name: outcome for part, outcome in harvest.read_all(missing)}
        return {
            part.name: ReadSlice(part=part, outcome=outcome, stage=stages[part.name])
            for part in parts
            if (outcome := outcomes[part.name]) is not None
        }

    def _prove(self, number: int, counts: Counts, read: Sequence[ReadSlice]) -> list[Proof]:
        files = [file for one in read for file in one.files("findings")]
        return list(prove(number, counts, count_staged(self._engine, files)))

    def _hosts(self, plan: Plan, task: Task, odd: Counter[str]) -> SliceStage:
        """The hosts as the console sums them up; some consoles refuse that, which is told."""
        number = task.repository.id
        stage = self._staging.slice(f"r{number}-hosts")
        outcome = stage.outcome or self._stage_hosts(plan, number, stage)
        if outcome.note:
            odd[f"hosts of repository {number} not told"] = 1
        return stage

    def _stage_hosts(self, plan: Plan, number: int, stage: SliceStage) -> Outcome:
        stage.discard()
        rows = self._console.host_rows(plan.asking.hosts(number), size=_HOSTS_A_PAGE)
        total, note = 0, ""
        try:
            for page, chunk in enumerate(_chunks(rows, _HOSTS_A_PAGE)):
                table = host_aliases(self._name, number, chunk)
                receipt = Receipt(
                    number=page,
                    start=total,
                    end=total + len(chunk),
                    rows=len(chunk),
                    total=None,
                    received=0,
                    seconds=0.0,
                )
                stage.stage(0, receipt, {"aliases": table})
                total += len(chunk)
        except QueryRefusedError as refusal:
            note = refusal.what
        outcome = Outcome(
            whole=not note, expected=None, distinct=total, passes=(0,), rows=total, note=note
        )
        stage.close(outcome)
        return outcome


def _disagreeing(proofs: Sequence[Proof]) -> frozenset[Source]:
    return frozenset(proof.source for proof in proofs if not proof.agrees)


def _chunks(rows: Iterator[HostRow], size: int) -> Iterator[list[HostRow]]:
    while chunk := list(islice(rows, size)):
        yield chunk

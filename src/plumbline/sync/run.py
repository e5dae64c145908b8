"""One run of one connection: plan, harvest, prove, align, publish."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from plumbline.align.lifecycle import Step
from plumbline.console.client import Console
from plumbline.errors import IncompleteError, PlumblineError, RefusedError, StorageError
from plumbline.extract.lists import with_addresses
from plumbline.lake.arrow import give_back, spare_pandas
from plumbline.lake.engine import Limits, connect, engine_faults
from plumbline.lake.staging import SHARED, Staging
from plumbline.lake.store import Store
from plumbline.ledger import connections, evidence, requests, runs, snapshots
from plumbline.ledger.records import Oddity, Publication, Run, Snapshot
from plumbline.ledger.records import Slice as SliceRecord
from plumbline.sync.assemble import Assembler, Assembly, Material
from plumbline.sync.gather import Gathered, Gatherer, ReadSlice
from plumbline.sync.log import RunLog
from plumbline.sync.memory import (
    Memory,
    Unfinished,
    mark_of_lists,
    mark_of_scope,
    mark_of_source,
    remembered,
    told_update,
)
from plumbline.sync.plan import Plan, is_full_due, make_plan
from plumbline.sync.progress import Progress, Silent
from plumbline.terms.proof import Proof
from plumbline.terms.run import RunMode, RunState

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.config.settings import Settings
    from plumbline.console.records import AssetList
    from plumbline.terms.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run ended."""

    run: Run
    proofs: tuple[Proof, ...] = ()
    error: PlumblineError | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Synchroniser:
    """Runs connections one after another."""

    settings: Settings
    progress: Progress = field(default_factory=Silent)
    sleep: Callable[[float], None] = time.sleep

    def run(self, name: str, *, full: bool = False) -> Report:
        """Read a console and publish what was proven; whatever happens is in the ledger.

        Raises:
            UsageError: there is no such connection.
            FatalError: another process reads that console right now.
        """
        spare_pandas()
        give_back()
        connection = connections.get(name)
        keys = connections.get_keys(name)
        before = snapshots.latest(name)
        memory = Memory.from_json(before.plan) if before else None
        scope_mark = mark_of_scope(connection.scope)
        full = full or is_full_due(memory, scope_mark, datetime.now(UTC))
        run = runs.start(name, RunMode.FULL if full else RunMode.INCREMENTAL)
        log = RunLog(requests.Log(run.number))
        with ExitStack() as otherwise:
            otherwise.callback(
                runs.finish, run.number, RunState.FAILED, error="It was interrupted."
            )
            try:
                with engine_faults(), log, Console(connection, keys, log, sleep=self.sleep) as sc:
                    work = _Work(self, connection, run, before, memory, scope_mark)
                    report = work.perform(sc, log, full=full)
            except PlumblineError as error:
                report = _failed(run, error)
            otherwise.pop_all()
        return report


class _Work:
    """One run under way."""

    def __init__(
        self,
        owner: Synchroniser,
        connection: Connection,
        run: Run,
        before: Snapshot | None,
        memory: Memory | None,
        scope_mark: str,
    ) -> None:
        self._owner = owner
        self._connection = connection
        self._run = run
        self._before = before
        self._memory = memory
        self._scope_mark = scope_mark
        settings = owner.settings
        self._lake = settings.lake
        self._staging = Staging(settings.home / "staging" / connection.name)
        self._engine = connect(_limits(settings))
        self._store = Store(self._lake, connection.name)

    def perform(self, console: Console, log: RunLog, *, full: bool) -> Report:
        """The run itself."""
        progress = self._owner.progress
        progress.stage("Looking at the console")
        _refuse_administrator(console)
        memory = self._memory
        plan = make_plan(console, self._connection.scope, memory, full=full, now=self._run.started)
        lists = console.asset_lists()
        lists_mark = mark_of_lists(lists)
        unchanged = memory is not None and memory.lists == lists_mark
        if unchanged and memory is not None and plan.is_unchanged(memory):
            log.flush()
            return self._publish_unchanged(plan, memory, log)
        gathered = self._gather(console, plan, log)
        if not gathered.proven:
            return self._incomplete(gathered, log)
        progress.stage("Reading asset lists")
        complete = list(with_addresses(console, lists))
        progress.stage("Aligning and publishing")
        assembly = self._assemble(plan, gathered, complete)
        return self._publish(plan, gathered, assembly, log, lists_mark, full=full)

    def _gather(self, console: Console, plan: Plan, log: RunLog) -> Gathered:
        gatherer = Gatherer(
            self._connection,
            console,
            self._staging,
            self._engine,
            self._owner.progress,
            beat=lambda: self._beat(log),
            sleep=self._owner.sleep,
        )
        return gatherer.gather(plan, self._setting_out(plan))

    def _setting_out(self, plan: Plan) -> Unfinished:
        return Unfinished(
            mark=mark_of_source(self._connection),
            base=self._before.run if self._before else 0,
            began=self._run.started,
            repositories={
                str(task.repository.id): remembered(told_update(task.repository), task.counts)
                for task in plan.tasks
            },
        )

    def _beat(self, log: RunLog) -> None:
        log.flush()
        runs.heartbeat(self._run.number)

    def _assemble(self, plan: Plan, gathered: Gathered, lists: list[AssetList]) -> Assembly:
        material = Material(
            step=self._step(plan),
            staged={name: gathered.files(name) for name in ("findings", "aliases")}
            | {name: self._staging.shared(name) for name in SHARED},
            lists=lists,
            repositories=plan.visible,
            console=self._connection.name,
        )
        return self._assembler().assemble(material)

    def _assembler(self) -> Assembler:
        pins = self._before.tables if self._before else {}
        return Assembler(self._engine, self._lake, self._store, pins)

    def _step(self, plan: Plan) -> Step:
        return Step(
            run=self._run.number,
            at=self._run.started,
            read=tuple(task.repository.id for task in plan.tasks),
            visible=tuple(one.id for one in plan.visible),
            same_scope=self._memory is None or self._memory.scope == self._scope_mark,
        )

    def _publish(
        self,
        plan: Plan,
        gathered: Gathered,
        assembly: Assembly,
        log: RunLog,
        lists_mark: str,
        *,
        full: bool,
    ) -> Report:
        kept = {one.id: self._memory.of(one.id) for one in plan.kept} if self._memory else {}
        known = {n: m for n, m in kept.items() if m is not None} | gathered.memories
        full_at = self._run.started.isoformat()
        if not full and self._memory is not None:
            full_at = self._memory.full_at
        memory = Memory(
            scope=self._scope_mark,
            repositories={str(number): found for number, found in known.items()},
            lists=lists_mark,
            full_at=full_at,
        )
        proofs = gathered.proofs + _standing(plan, self._memory)
        self._record(gathered, proofs)
        report = self._commit(assembly, memory, proofs, log, plan.warnings)
        self._tidy()
        return report

    def _publish_unchanged(self, plan: Plan, memory: Memory, log: RunLog) -> Report:
        assembly = self._assembler().facts_only(self._step(plan))
        proofs = _standing(plan, memory)
        evidence.record_proofs(self._run.number, proofs)
        return self._commit(assembly, memory, proofs, log, plan.warnings)

    def _commit(
        self,
        assembly: Assembly,
        memory: Memory,
        proofs: list[Proof],
        log: RunLog,
        warnings: tuple[str, ...],
    ) -> Report:
        log.flush()
        publication = Publication(
            as_of=self._run.started, tables=assembly.pins, plan=memory.to_json()
        )
        snapshots.publish(self._run.number, RunState.COMPLETE, assembly.counts, publication)
        return Report(run=runs.get(self._run.number), proofs=tuple(proofs), warnings=warnings)

    def _incomplete(self, gathered: Gathered, log: RunLog) -> Report:
        """End without publishing: say where and how many."""
        error = IncompleteError(
            " ".join(_disagreements(gathered)),
            advice="sync again when no scan is being imported; the console changed while it was "
            "read, or gives other totals than rows",
            unchanged="the last published snapshot",
        )
        self._record(gathered, gathered.proofs)
        log.flush()
        run = runs.finish(
            self._run.number, RunState.INCOMPLETE, error=error.what, advice=error.advice
        )
        self._tidy()
        return Report(run=run, proofs=tuple(gathered.proofs), error=error)

    def _tidy(self) -> None:
        # The run has ended, and what may stay was staged for a snapshot that is not the last one.
        with suppress(StorageError):
            self._staging.discard()

    def _record(self, gathered: Gathered, proofs: list[Proof]) -> None:
        number = self._run.number
        evidence.record_proofs(number, proofs)
        evidence.record_slices(number, [_slice_record(one) for one in gathered.slices])
        odd = [Oddity(kind=kind, count=times) for kind, times in sorted(gathered.odd.items())]
        evidence.record_oddities(number, odd)


def _limits(settings: Settings) -> Limits:
    return Limits(
        # The other half is for the pages that are read meanwhile.
        memory_mb=settings.engine_memory_mb // 2,
        threads=settings.engine_threads or os.cpu_count() or 1,
        spill=settings.home / "spill",
    )


def _refuse_administrator(console: Console) -> None:
    user = console.current_user()
    if user.is_administrator:
        raise RefusedError(
            "These keys belong to an Administrator, who is in no organisation and sees nothing.",
            advice="use the keys of a user with the role Auditor or Vulnerability Analyst in the "
            "group Full Access; `plumbline connection guide` tells how",
            unchanged="the last published snapshot",
        )


def _failed(run: Run, error: PlumblineError) -> Report:
    state = RunState.INCOMPLETE if isinstance(error, IncompleteError) else RunState.FAILED
    ended = runs.finish(run.number, state, error=error.what, advice=error.advice)
    return Report(run=ended, error=error)


def _standing(plan: Plan, memory: Memory | None) -> list[Proof]:
    """The proof of repositories that were not read: what was agreed still stands."""
    found = []
    for one in plan.kept:
        known = memory.of(one.id) if memory else None
        for source, by_severity in known.typed.items() if known else ():
            found += [
                Proof(
                    repository_id=one.id,
                    source=source,
                    severity=severity,
                    ours=n,
                    console=n,
                )
                for severity, n in by_severity.items()
            ]
    return found


def _slice_record(one: ReadSlice) -> SliceRecord:
    return SliceRecord(
        name=one.part.name,
        state="whole" if one.outcome.whole else "incomplete",
        expected=one.outcome.expected,
        distinct=one.outcome.distinct,
        passes=len(one.outcome.passes),
        note=one.outcome.note,
    )


def _disagreements(gathered: Gathered) -> list[str]:
    """Where the counts differ and by how much, in sentences."""
    found = [
        f"Repository {p.repository_id}, {p.source}, {p.severity.word}: "
        f"{p.ours} read, the console counts {p.console}."
        for p in gathered.proofs
        if not p.agrees
    ]
    found += [
        f"Slice {one.part.name}: {one.outcome.distinct} different findings read, "
        f"{one.outcome.expected} announced; {one.outcome.note}."
        for one in gathered.slices
        if not one.outcome.whole
    ]
    return found[:_MOST_SENTENCES] + (
        [f"And {len(found) - _MOST_SENTENCES} more."] if len(found) > _MOST_SENTENCES else []
    )


_MOST_SENTENCES = 8

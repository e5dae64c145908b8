"""One run of one connection: plan, harvest, stage, prove, align, publish."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from plumbline.console.budget import HOUR, Budget
from plumbline.console.client import Console
from plumbline.domain.run import RunMode, RunState
from plumbline.errors import DamagedError, IncompleteError, PlumblineError, StorageError
from plumbline.extract.lists import with_addresses
from plumbline.lake.arrow import give_back, spare_pandas
from plumbline.lake.engine import Limits, connect, engine_faults
from plumbline.lake.staging import Staging
from plumbline.lake.store import Store
from plumbline.ledger import connections, requests, runs, snapshots
from plumbline.ledger.records import Publication, Run
from plumbline.sync import evidence
from plumbline.sync.assemble import Assembler, Assembly, Material
from plumbline.sync.gather import Gatherer
from plumbline.sync.log import RunLog
from plumbline.sync.outset import Outset
from plumbline.sync.plan import Increments, Plan
from plumbline.sync.progress import Kept, Progress, Silent
from plumbline.sync.pulse import Pulse, at_work, never
from plumbline.sync.reading import Gathered
from plumbline.sync.reconcile import Reconciler
from plumbline.sync.recount import published_difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.config.settings import Settings
    from plumbline.console.records import AssetList
    from plumbline.domain.connection import Connection, Keys
    from plumbline.domain.proof import Proof


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
    sleep: Callable[[float], None] | None = None
    """Replaces every pause; without it pauses are real, and a stop cuts them short."""
    clock: Callable[[], float] = time.time
    """The time in epoch seconds; what a run is dated by."""
    halted: Callable[[], str] = never
    """Asked at every page: the words to stop with, or nothing."""

    def run(
        self, name: str, *, full: bool = False, by: str = "command", job: int | None = None
    ) -> Report:
        """Read a console and publish what was proven; whatever happens is in the ledger.

        Raises:
            UsageError: there is no such connection.
            BusyError: another process reads that console right now.
        """
        spare_pandas()
        give_back()
        connection, keys = connections.get(name), connections.get_keys(name)
        now, before = self._now(), snapshots.latest(name)
        increments = Increments.of(self.settings)
        outset = Outset.of(connection, before, increments, full=full, now=now)
        mode = RunMode.FULL if outset.full else RunMode.INCREMENTAL
        run = runs.start(name, mode, by, job, at=now)
        log = RunLog(requests.Log(run.number))
        with at_work(run.number), ExitStack() as otherwise:
            otherwise.callback(
                runs.finish, run.number, RunState.FAILED, error="It was interrupted."
            )
            watch = Kept(self.progress)
            pulse = Pulse(run.number, log, told=watch.told, halted=self.halted, pause=self.sleep)
            try:
                with engine_faults(), log, pulse, self._console(connection, keys, log, pulse) as sc:
                    report = _Work(self, outset, run, log, pulse, watch).perform(sc)
            except PlumblineError as error:
                report = _failed(run, error)
                if isinstance(error, DamagedError):
                    _staging(self.settings, name).discard()
            otherwise.pop_all()
        return report

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def _console(self, connection: Connection, keys: Keys, log: RunLog, pulse: Pulse) -> Console:
        budget = self._budget(connection, pulse)
        return Console(connection, keys, log, sleep=pulse.sleep, clock=self.clock, budget=budget)

    def _budget(self, connection: Connection, pulse: Pulse) -> Budget | None:
        """What is left of the connection's requests an hour; earlier runs used it up, too."""
        most = connection.manners.requests_per_hour
        if most is None:
            return None
        hour_ago = datetime.fromtimestamp(self.clock() - HOUR, UTC)
        sent = requests.sent_since(connection.name, hour_ago, most)
        return Budget(
            most,
            (at.timestamp() for at in sent),
            clock=self.clock,
            sleep=pulse.sleep,
            tell=self.progress.stage,
        )


class _Work:
    """One run under way."""

    def __init__(
        self,
        owner: Synchroniser,
        outset: Outset,
        run: Run,
        log: RunLog,
        pulse: Pulse,
        watch: Progress,
    ) -> None:
        self._outset = outset
        self._run = run
        self._log = log
        self._progress = watch
        self._pulse = pulse
        settings, name = owner.settings, outset.connection.name
        self._staging = _staging(settings, name)
        self._engine = connect(Limits.of(settings, remembers=False))
        self._lake = settings.lake
        store = Store.of(settings, name)
        self._assembler = Assembler(self._engine, settings.lake, store, outset.pins)

    def perform(self, console: Console) -> Report:
        """The run itself."""
        outset, run = self._outset, self._run
        self._progress.stage("Looking at the console")
        plan = outset.plan(console, run.started)
        self._progress.announce(plan.counts)
        lists = console.asset_lists()
        if outset.is_unchanged(plan, lists):
            nothing = Gathered()
            assembly = self._assembler.facts_only(outset.step(run, plan, nothing))
            return self._publish(plan, lists, nothing, assembly)
        gathered = self._gather(console, plan)
        if not gathered.proven:
            evidence.record(run.number, gathered, gathered.proofs)
            return self._give_up(evidence.disagreement(gathered), tuple(gathered.proofs))
        self._progress.stage("Reading asset lists")
        complete = list(with_addresses(console, lists, gathered.odd))
        self._progress.stage("Aligning and publishing")
        give_back()
        assembly = self._assembler.assemble(self._material(plan, complete, gathered))
        return self._publish(plan, lists, gathered, assembly)

    def _gather(self, console: Console, plan: Plan) -> Gathered:
        gatherer = Gatherer(
            self._outset.connection,
            Reconciler(console, self._engine, self._lake, self._outset.pins),
            self._staging,
            self._progress,
            beat=self._pulse.beat,
            sleep=self._pulse.sleep,
        )
        return gatherer.gather(plan, self._outset.unfinished(self._run, plan))

    def _material(self, plan: Plan, lists: list[AssetList], gathered: Gathered) -> Material:
        return Material(
            step=self._outset.step(self._run, plan, gathered),
            staged=gathered.staged,
            lists=lists,
            repositories=plan.visible,
            listed=gathered.listed,
            mends=self._outset.is_of_earlier_version,
            console=self._outset.connection.name,
        )

    def _publish(
        self, plan: Plan, lists: list[AssetList], gathered: Gathered, assembly: Assembly
    ) -> Report:
        outset, run = self._outset, self._run
        proven = (*gathered.proofs, *evidence.standing(plan, outset.memory))
        proofs = self._assembler.recounted(proven)
        memory = outset.remember(run, plan, gathered.memories, lists)
        evidence.record(run.number, gathered, proofs)
        if refusal := published_difference(proofs, assembly.written, assembly.expected):
            return self._give_up(refusal, proofs)
        runs.saw(run.number, rows=gathered.rows, sight=plan.sight.to_json())
        self._log.flush()
        publication = Publication(as_of=run.started, tables=assembly.pins, plan=memory.to_json())
        snapshots.publish(run.number, RunState.COMPLETE, assembly.counts, publication)
        self._tidy()
        return Report(run=runs.get(run.number), proofs=proofs, warnings=plan.warnings)

    def _give_up(self, error: IncompleteError, proofs: tuple[Proof, ...]) -> Report:
        """End without publishing."""
        self._log.flush()
        report = _failed(self._run, error, proofs)
        self._tidy()
        return report

    def _tidy(self) -> None:
        # The run has ended, and what may stay was staged for a snapshot that is not the last one.
        with suppress(StorageError):
            self._staging.discard()


def _staging(settings: Settings, connection: str) -> Staging:
    return Staging(settings.home / "staging" / connection)


def _failed(run: Run, error: PlumblineError, proofs: tuple[Proof, ...] = ()) -> Report:
    state = RunState.INCOMPLETE if isinstance(error, IncompleteError) else RunState.FAILED
    ended = runs.finish(
        run.number, state, error=error.what, advice=error.advice, code=error.exit_code
    )
    return Report(run=ended, proofs=proofs, error=error)

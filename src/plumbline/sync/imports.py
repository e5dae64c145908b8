"""One import: files read, settled, aligned and published as one run of a connection."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from plumbline.align.lifecycle import Step, Whole
from plumbline.console.records import Repository
from plumbline.domain.finding import Source
from plumbline.domain.run import RunMode, RunState
from plumbline.errors import IncompleteError, PlumblineError, StorageError, UsageError
from plumbline.lake.arrow import give_back, spare_pandas
from plumbline.lake.engine import Limits, connect, engine_faults
from plumbline.lake.staging import Staging
from plumbline.lake.store import Store
from plumbline.ledger import evidence, requests, runs, snapshots
from plumbline.ledger.records import Publication
from plumbline.sync import account
from plumbline.sync.assemble import Assembler, Material
from plumbline.sync.intake import Homes, Intake
from plumbline.sync.log import RunLog
from plumbline.sync.order import check, named
from plumbline.sync.progress import Progress, Silent
from plumbline.sync.pulse import Pulse, at_work
from plumbline.sync.recount import published_difference
from plumbline.sync.settle import Known, Told, ahead, settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from plumbline.config.settings import Settings
    from plumbline.domain.proof import Proof
    from plumbline.ledger.records import Run, Snapshot
    from plumbline.sync.assemble import Assembly
    from plumbline.sync.intake import ReadFile
    from plumbline.sync.order import Order
    from plumbline.sync.settle import Settled

BY = "import"
_UNCHANGED = "the last published snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How an import ended."""

    run: Run
    files: tuple[ReadFile, ...] = ()
    proofs: tuple[Proof, ...] = ()
    error: PlumblineError | None = None
    warnings: tuple[str, ...] = ()


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What a published import remembers for the next."""

    repositories: dict[str, int] = {}
    """Name to number."""
    newest: datetime | None = None
    """The latest scan of all."""
    complete: dict[str, datetime] = {}
    """Runs whose files were everything, with the latest scan in them."""

    @classmethod
    def of(cls, before: Snapshot | None) -> Memory:
        """What the last snapshot left."""
        return msgspec.convert(dict(before.plan), cls) if before else cls()


@dataclass(slots=True, kw_only=True)
class Importer:
    """Imports files into a connection, which is made when there is none."""

    settings: Settings
    progress: Progress = field(default_factory=Silent)
    ahead: timedelta = timedelta(days=1)
    """How far a scanner's clock may be ahead of ours; later times count as absent."""

    def run(self, order: Order) -> Imported:
        """Read files and publish what they tell; whatever happens is in the ledger.

        Raises:
            UsageError: the files or the connection cannot be used; nothing was begun.
            BusyError: another process imports into that connection right now.
        """
        spare_pandas()
        give_back()
        files = named(order.files)
        check(order, files, self.settings.home)
        before = snapshots.latest(order.connection)
        full = order.complete or before is None
        run = runs.start(order.connection, RunMode.FULL if full else RunMode.INCREMENTAL, BY)
        log = RunLog(requests.Log(run.number))
        with at_work(run.number), ExitStack() as otherwise:
            otherwise.callback(
                runs.finish, run.number, RunState.FAILED, error="It was interrupted."
            )
            work = _Work(self, order, run, before)
            try:
                with engine_faults(), log, Pulse(run.number, log) as pulse:
                    report = work.perform(files, pulse)
            except PlumblineError as error:
                report = work.give_up(error)
            otherwise.pop_all()
            work.tidy()
        return report


class _Work:
    """One import under way."""

    def __init__(self, owner: Importer, order: Order, run: Run, before: Snapshot | None) -> None:
        self._order = order
        self._run = run
        self._before = before
        self._memory = Memory.of(before)
        self._settings = owner.settings
        self._progress = owner.progress
        self._staging = Staging(owner.settings.home / "staging" / order.connection)
        self._homes = Homes(
            self._memory.repositories,
            order.repository or order.connection,
            only=bool(order.repository),
        )
        self._read: list[ReadFile] = []
        self._proofs: list[Proof] = []
        self._latest = run.started + owner.ahead
        self._ahead = (0, 0)

    def perform(self, files: Mapping[str, Path], pulse: Pulse) -> Imported:
        """The import itself."""
        self._staging.discard()
        engine = connect(Limits.of(self._settings, remembers=False))
        intake = Intake(
            console=self._order.connection,
            staging=self._staging,
            engine=engine,
            homes=self._homes,
            latest=int(self._latest.timestamp()),
            progress=self._progress,
            beat=pulse.beat,
        )
        self._read.extend(intake.read(files))
        parts = [part for one in self._read for part in one.stage.files("findings", (0,))]
        self._proofs.extend(intake.prove(parts))
        self._refuse_unproven()
        self._progress.stage("Aligning and publishing")
        give_back()
        settled = settle(engine, self._told(), self._known())
        self._ahead = ahead(engine)
        engine.close()
        give_back()
        return self._publish(self._assemble(settled, parts))

    def _assemble(self, settled: Settled, parts: list[str]) -> Assembly:
        """Write the tables, and count in them what the files report.

        Raises:
            IncompleteError: the tables hold other findings.
        """
        settings, name = self._settings, self._order.connection
        pins = self._before.tables if self._before else {}
        store = Store.of(settings, name)
        assembler = Assembler(
            connect(Limits.of(settings, remembers=False)), settings.lake, store, pins
        )
        assembly = assembler.assemble(
            Material(
                step=self._step(),
                staged=settled.parts,
                lists=[],
                repositories=tuple(self._repositories()),
                console=name,
                renames=settled.renames,
            )
        )
        self._proofs = list(assembler.recounted_files(self._proofs, parts, settled.renames))
        if difference := published_difference(self._proofs, assembly.written, assembly.expected):
            raise difference
        return assembly

    def _told(self) -> Told:
        return Told(
            console=self._order.connection,
            staging=self._staging,
            stages=[one.stage for one in self._read],
            newest=self._newest,
            complete=self._order.complete,
        )

    def _known(self) -> Known:
        memory = self._memory
        return Known(
            lake=self._settings.lake,
            pins=self._before.tables if self._before else {},
            newest=memory.newest if memory.newest and memory.newest <= self._latest else None,
            latest=self._latest,
            complete={int(n): end for n, end in memory.complete.items() if end <= self._latest},
        )

    @property
    def _newest(self) -> datetime | None:
        latest = max((one.tally.newest for one in self._read), default=0)
        return datetime.fromtimestamp(latest, UTC) if latest else None

    def _step(self) -> Step:
        """What the run adds: absence says something only where the files are everything."""
        whole = (
            Whole(source=source, repository_id=home)
            for home in sorted(self._homes.met)
            for source in Source
        )
        return Step(
            run=self._run.number,
            at=self._run.started,
            visible=tuple(self._homes.known.values()),
            whole=tuple(whole) if self._order.complete else (),
        )

    def _repositories(self) -> Iterator[Repository]:
        for name, number in self._homes.known.items():
            yield Repository(
                id=number,
                uuid="",
                name=name,
                description="Imported from files",
                type="Files",
                data_format="",
                last_update=None,
                tells_update=False,
                findings=None,
            )

    def _refuse_unproven(self) -> None:
        """Publish nothing of files that are damaged, tell nothing, or do not add up."""
        broken = [f"{one.tally.name}: {one.tally.broken}" for one in self._read if one.tally.broken]
        if broken and not self._order.accept_truncated:
            rows = sum(one.tally.given for one in self._read if one.tally.broken)
            raise IncompleteError(
                f"{'; '.join(broken)}. {rows:,} results could be read.",
                advice="export or copy the file again; --accept-truncated publishes what was read",
                unchanged=_UNCHANGED,
            )
        if not sum(one.tally.given for one in self._read):
            raise UsageError(
                "There is no result that could be imported in "
                f"{', '.join(one.tally.name for one in self._read)}.",
                advice="`plumbline run show "
                f"{self._run.number}` lists what was rejected, if anything was",
                unchanged=_UNCHANGED,
            )
        self._refuse_partial()

    def _refuse_partial(self) -> None:
        """Publish nothing where absence or a count cannot be trusted."""
        rejected = sum(one.tally.rejected for one in self._read)
        if rejected and self._order.complete:
            raise IncompleteError(
                f"{rejected:,} rows could not be read, so nobody knows what is absent.",
                advice=f"see `plumbline run show {self._run.number}`; mend the files, or import "
                "them without --complete",
                unchanged=_UNCHANGED,
            )
        if not all(proof.agrees for proof in self._proofs) or not all(
            one.tally.adds_up for one in self._read
        ):
            raise IncompleteError(
                "Fewer or more rows were staged than the files tell.",
                advice=f"see `plumbline run show {self._run.number}`",
                unchanged=_UNCHANGED,
            )

    def _publish(self, assembly: Assembly) -> Imported:
        run, newest = self._run, self._newest
        complete = dict(self._memory.complete)
        if self._order.complete and newest is not None:
            complete[str(run.number)] = newest
        memory = Memory(
            repositories=self._homes.known,
            newest=max(filter(None, (newest, self._known().newest)), default=None),
            complete=complete,
        )
        self._record()
        publication = Publication(
            as_of=run.started, tables=assembly.pins, plan=msgspec.to_builtins(memory)
        )
        error = self._accepted()
        if error is None:
            snapshots.publish(run.number, RunState.COMPLETE, assembly.counts, publication)
        else:
            snapshots.publish(
                run.number,
                RunState.INCOMPLETE,
                assembly.counts,
                publication,
                error=error.what,
                advice=error.advice,
            )
        return self._report(error)

    def _accepted(self) -> IncompleteError | None:
        """What is said of a run that published files that break off."""
        broken = [f"{one.tally.name}: {one.tally.broken}" for one in self._read if one.tally.broken]
        if not broken:
            return None
        return IncompleteError(
            f"{'; '.join(broken)}. What was read before that is published, as was asked for.",
            advice="export or copy the file again and import it: it adds what is missing",
        )

    def _record(self) -> None:
        """Keep the account of every file."""
        run = self._run.number
        evidence.record_proofs(run, self._proofs)
        evidence.record_slices(run, map(account.slice_of, self._read))
        evidence.record_oddities(run, account.oddities(self._read))
        runs.saw(run, rows=sum(one.tally.given for one in self._read), sight={})

    def give_up(self, error: PlumblineError) -> Imported:
        """End without publishing."""
        with suppress(StorageError):
            self._record()
        state = RunState.INCOMPLETE if isinstance(error, IncompleteError) else RunState.FAILED
        runs.finish(self._run.number, state, error=error.what, advice=error.advice)
        return self._report(error)

    def _report(self, error: PlumblineError | None) -> Imported:
        ahead_of_time = account.ahead(self._order.connection, *self._ahead)
        return Imported(
            run=runs.get(self._run.number),
            files=tuple(self._read),
            proofs=tuple(self._proofs),
            error=error,
            warnings=(*(w for one in self._read for w in account.warnings(one)), *ahead_of_time),
        )

    def tidy(self) -> None:
        """Forget what was staged: an import is done anew, never gone on with."""
        with suppress(StorageError):
            self._staging.discard()

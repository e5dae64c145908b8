"""Reads what the plan says into the staging folder, until both sides count the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from plumbline.console.rows import RowDecoder
from plumbline.domain.oddities import Oddities
from plumbline.extract.columns import Columns
from plumbline.extract.cuts import Knife
from plumbline.extract.harvest import Harvest
from plumbline.extract.pager import PageSize
from plumbline.extract.pages import PageReader
from plumbline.lake.staging import SHARED, Receipt, Staging
from plumbline.sync.memory import Unfinished
from plumbline.sync.partly import read_partly
from plumbline.sync.reading import Gathered, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plumbline.domain.connection import Connection
    from plumbline.sync.plan import Plan, Task
    from plumbline.sync.progress import Progress
    from plumbline.sync.reconcile import Reconciler


class Gatherer:
    """Reads the tasks of a plan, going on where an earlier run was stopped."""

    def __init__(
        self,
        connection: Connection,
        reconciler: Reconciler,
        staging: Staging,
        progress: Progress,
        *,
        beat: Callable[[], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._name = connection.name
        console, self._engine = reconciler.console, reconciler.engine
        self._console = console
        self._staging = staging
        self._progress = progress
        self._reconciler = reconciler
        self._beat = beat
        self._decoder = RowDecoder()
        self._reader = PageReader(console, self._decoder, PageSize(connection.manners.page_size))
        self._sleep = sleep

    def gather(self, plan: Plan, setting_out: Unfinished) -> Gathered:
        """Read every task.

        Raises:
            PlumblineError: the console cannot be asked any more, or the disk refuses.
        """
        self._adopt(setting_out)
        found = Gathered()
        whole = [task for task in plan.tasks if task.increment is None]
        self._progress.expect(sum(sum(c.values()) for one in whole for c in one.counts.values()))
        harvest = Harvest(
            reader=self._reader,
            asking=plan.asking,
            columns=Columns(self._name, self._decoder, latest=plan.latest),
            engine=self._engine,
            knife=Knife(self._console, plan.asking),
            progress=lambda _part, receipt: self._took(receipt, found),
            pause=self._sleep,
            odd=found.odd,
        )
        reading = Reading(
            plan=plan,
            name=self._name,
            console=self._console,
            staging=self._staging,
            engine=self._engine,
            harvest=harvest,
            found=found,
        )
        with self._reader:
            for task in plan.tasks:
                self._progress.stage(f"Reading {task.repository.name or task.repository.id}")
                self._read(task, reading)
        found.shared = {table: self._staging.shared(table) for table in SHARED}
        for receipt in _receipts(found):
            found.odd.update(Oddities.of(receipt.odd))
        return found

    def _read(self, task: Task, reading: Reading) -> None:
        if task.increment is None:
            reading.whole(task)
        else:
            read_partly(task, task.increment, reading, self._reconciler)

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

    def _took(self, receipt: Receipt, found: Gathered) -> None:
        found.rows += receipt.rows
        self._progress.read(receipt.rows)
        self._beat()


def _receipts(found: Gathered) -> Iterator[Receipt]:
    """The pages that make up what was read, those of a stopped run among them."""
    for one in found.slices:
        for attempt in one.outcome.passes:
            yield from one.stage.receipts(attempt)

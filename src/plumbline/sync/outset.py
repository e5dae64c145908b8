"""What a run sets out from: what is asked for, and where the last snapshot left the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from plumbline.align.lifecycle import Step
from plumbline.sync.memory import (
    FORM,
    Memory,
    RepositoryMemory,
    Unfinished,
    mark_of_lists,
    mark_of_scope,
    mark_of_source,
    remembered,
    told_update,
)
from plumbline.sync.plan import Increments, is_full_due, make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from plumbline.console.client import Console
    from plumbline.console.records import AssetList
    from plumbline.domain.connection import Connection, Scope
    from plumbline.domain.snapshot import Pin
    from plumbline.ledger.records import Run, Snapshot
    from plumbline.sync.plan import Plan
    from plumbline.sync.reading import Gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class Outset:
    """The connection, the snapshot to be followed, and whether everything is read anew."""

    connection: Connection
    before: Snapshot | None
    memory: Memory | None
    full: bool
    increments: Increments

    @classmethod
    def of(
        cls,
        connection: Connection,
        before: Snapshot | None,
        increments: Increments,
        *,
        full: bool,
        now: datetime,
    ) -> Self:
        """Compare the connection with its last snapshot."""
        memory = Memory.from_json(before.plan) if before else None
        due = is_full_due(memory, mark_of_scope(connection.scope), now, increments.full_every)
        return cls(
            connection=connection,
            before=before,
            memory=memory,
            full=full or due,
            increments=increments,
        )

    @property
    def scope(self) -> Scope:
        """What is asked for."""
        return self.connection.scope

    @property
    def pins(self) -> Mapping[str, Pin]:
        """The tables of the snapshot before."""
        return self.before.tables if self.before else {}

    @property
    def is_of_earlier_version(self) -> bool:
        """Whether the snapshot before was written by an earlier version."""
        return self.memory is not None and self.memory.form < FORM

    def plan(self, console: Console, now: datetime) -> Plan:
        """Look at the console and decide what to read.

        Raises:
            PlumblineError: as `make_plan`.
        """
        return make_plan(
            console,
            self.scope,
            self.memory,
            full=self.full,
            now=now,
            increments=self.increments,
        )

    def is_unchanged(self, plan: Plan, lists: Sequence[AssetList]) -> bool:
        """Whether the console has nothing to tell that the snapshot before does not hold."""
        memory = self.memory
        if memory is None or memory.lists != mark_of_lists(lists, self.connection.lists):
            return False
        return plan.is_unchanged(memory)

    def unfinished(self, run: Run, plan: Plan) -> Unfinished:
        """What to leave beside the staged pages, for a run that goes on from them."""
        return Unfinished(
            mark=mark_of_source(self.connection),
            base=self.before.run if self.before else 0,
            began=run.started,
            repositories={
                str(task.repository.id): remembered(told_update(task.repository), task.counts)
                for task in plan.tasks
            },
        )

    def step(self, run: Run, plan: Plan, gathered: Gathered) -> Step:
        """What the run adds to the history of the console."""
        look_back = plan.asking.look_back
        return Step(
            run=run.number,
            at=run.started,
            visible=tuple(one.id for one in plan.visible),
            whole=tuple(gathered.whole),
            since=dict(gathered.since),
            seen_from=look_back.start if look_back else None,
            blind=self._blind(plan),
        )

    def _blind(self, plan: Plan) -> str:
        """Why this run may see less than the one before; empty when it looks as that one did."""
        before = self.memory
        if before is None:
            return ""
        if before.scope != mark_of_scope(self.scope):
            return "the connection asks for other findings than before"
        return plan.sight.changed_since(before.sight) if before.sight else ""

    def remember(
        self,
        run: Run,
        plan: Plan,
        read: Mapping[int, RepositoryMemory],
        lists: Sequence[AssetList],
    ) -> Memory:
        """Where the console stands now, for the next run to compare with."""
        before = self.memory
        kept = {one.id: before.of(one.id) for one in plan.kept} if before else {}
        now = {n: _since_whole(m, before.of(n) if before else None) for n, m in read.items()}
        known = {n: m for n, m in kept.items() if m is not None} | now
        return Memory(
            scope=mark_of_scope(self.scope),
            form=FORM,
            repositories={str(number): found for number, found in known.items()},
            lists=mark_of_lists(lists, self.connection.lists),
            full_at=before.full_at if before and not self.full else run.started.isoformat(),
            sight=plan.sight,
        )


def _since_whole(now: RepositoryMemory, before: RepositoryMemory | None) -> RepositoryMemory:
    """What was read in part was last read whole when it was before."""
    return now.whole_since(before.whole_at if before else "")

"""What a run sets out from: what is asked for, and where the last snapshot left the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from plumbline.align.lifecycle import Step
from plumbline.sync.memory import (
    Memory,
    RepositoryMemory,
    Unfinished,
    mark_of_lists,
    mark_of_scope,
    mark_of_source,
    remembered,
    told_update,
)
from plumbline.sync.plan import is_full_due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from plumbline.console.records import AssetList
    from plumbline.ledger.records import Run, Snapshot
    from plumbline.sync.plan import Plan
    from plumbline.terms.connection import Connection, Scope
    from plumbline.terms.snapshot import Pin


@dataclass(frozen=True, slots=True, kw_only=True)
class Outset:
    """The connection, the snapshot to be followed, and whether everything is read anew."""

    connection: Connection
    before: Snapshot | None
    memory: Memory | None
    full: bool

    @classmethod
    def of(
        cls, connection: Connection, before: Snapshot | None, *, full: bool, now: datetime
    ) -> Self:
        """Compare the connection with its last snapshot."""
        memory = Memory.from_json(before.plan) if before else None
        due = is_full_due(memory, mark_of_scope(connection.scope), now)
        return cls(connection=connection, before=before, memory=memory, full=full or due)

    @property
    def scope(self) -> Scope:
        """What is asked for."""
        return self.connection.scope

    @property
    def pins(self) -> Mapping[str, Pin]:
        """The tables of the snapshot before."""
        return self.before.tables if self.before else {}

    def is_unchanged(self, plan: Plan, lists: Sequence[AssetList]) -> bool:
        """Whether the console has nothing to tell that the snapshot before does not hold."""
        memory = self.memory
        if memory is None or memory.lists != mark_of_lists(lists):
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

    def step(self, run: Run, plan: Plan) -> Step:
        """What the run adds to the history of the console."""
        scope = mark_of_scope(self.scope)
        return Step(
            run=run.number,
            at=run.started,
            read=tuple(task.repository.id for task in plan.tasks),
            visible=tuple(one.id for one in plan.visible),
            same_scope=self.memory is None or self.memory.scope == scope,
        )

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
        known = {n: m for n, m in kept.items() if m is not None} | dict(read)
        return Memory(
            scope=mark_of_scope(self.scope),
            repositories={str(number): found for number, found in known.items()},
            lists=mark_of_lists(lists),
            full_at=before.full_at if before and not self.full else run.started.isoformat(),
        )

"""Keeping the disk bounded: snapshots given up by age, small files joined, waste removed.

What may go is decided by the ledger alone: the marks are set first, and files are removed later
and one by one. So a snapshot that can be asked for is whole at every moment, whenever this is
stopped; the next time goes on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from plumbline.errors import PlumblineError
from plumbline.lake import waste
from plumbline.lake.store import Store
from plumbline.ledger import connections, retention, runs, snapshots
from plumbline.sync.memory import USABLE_FOR
from plumbline.tables import EVENTS, FACTS, OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from plumbline.config.settings import Settings
    from plumbline.domain.snapshot import Pin
    from plumbline.lake.waste import Waste
    from plumbline.ledger.retention import Published

GROWING = (OUTPUTS, EVENTS, FACTS)
"""The tables that runs add to."""


@dataclass(slots=True, kw_only=True)
class Removed:
    """What a vacuum did, or would do."""

    forgotten: tuple[Published, ...]
    """Snapshots given up; their files follow after the grace."""
    files: Counter[str] = field(default_factory=Counter)
    """How many files and folders went, by reason."""
    bytes: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    """What could not be looked at, and why."""

    def add(self, one: Waste) -> None:
        """Count something that went."""
        self.files[one.why.value] += 1
        self.bytes[one.why.value] += one.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A table whose small files were joined."""

    connection: str
    table: str
    files_before: int
    files_after: int


def vacuum(
    settings: Settings,
    *,
    dry_run: bool = False,
    now: datetime | None = None,
    gone: Callable[[Waste], None] = lambda _one: None,
) -> Removed:
    """Give up snapshots past their time, and remove the files that no snapshot holds any more.

    A connection that is being read is left for the next time. Call it after a run, or whenever.
    `gone` is told of each file that was removed.

    Raises:
        StorageError: disk or database refuses; what is left is removed the next time.
    """
    now = now or datetime.now(UTC)
    # Taken before anybody is asked whether a run is under way: what it writes is younger.
    before = now - timedelta(hours=settings.vacuum_grace_hours)
    forgotten = retention.forget(retention.Policy.of(settings), now, dry_run=dry_run)
    removed = Removed(forgotten=forgotten)

    def told(one: Waste) -> None:
        removed.add(one)
        gone(one)

    for found in _wastes(settings, before, removed):
        if dry_run:
            removed.add(found)
        else:
            waste.remove([found], told)
    if not dry_run:
        retention.settle(before)
    return removed


def _wastes(settings: Settings, before: datetime, removed: Removed) -> Iterator[Waste]:
    """Everything that can go; what cannot be looked at is noted."""
    names = {entry.connection.name for entry in connections.list_all()}
    for name in sorted(names):
        if run := runs.live(name):
            removed.left.append(f"{name}: run {run.number} is under way.")
            continue
        yield from _of_connection(settings, name, before, removed)
    # Asked again: one that was added meanwhile has begun to write.
    names |= {entry.connection.name for entry in connections.list_all()}
    yield from waste.of_removed(settings.home, names, before)
    yield from waste.spilled(settings.home, min(before, datetime.now(UTC) - USABLE_FOR))


def _of_connection(
    settings: Settings, name: str, before: datetime, removed: Removed
) -> Iterator[Waste]:
    pinned = retention.pinned(name, before)
    try:
        yield from waste.in_tables(settings.lake, name, pinned, before)
    except PlumblineError as fault:
        removed.left.append(f"{name}: {fault.what}")
    yield from waste.of_stopped(settings.home, name, min(before, datetime.now(UTC) - USABLE_FOR))


def compact(settings: Settings) -> tuple[list[Joined], list[str]]:
    """Join small files of the newest snapshots; tells what was joined, and what was left why.

    Every snapshot answers as before. The files that were joined stay until a vacuum finds that no
    snapshot holds them.

    Raises:
        StorageError: disk or database refuses; every snapshot is as it was.
    """
    joined: list[Joined] = []
    left: list[str] = []
    for snapshot in snapshots.latest_all():
        if run := runs.live(snapshot.connection):
            left.append(f"{snapshot.connection}: run {run.number} is under way.")
            continue
        pins = _compacted(Store.of(settings, snapshot.connection), snapshot.tables)
        if pins and not snapshots.repin(snapshot.run, pins):
            left.append(f"{snapshot.connection}: a run began meanwhile.")
            continue
        joined += [
            Joined(
                connection=snapshot.connection,
                table=table,
                files_before=len(snapshot.tables[table].files),
                files_after=len(pin.files),
            )
            for table, pin in pins.items()
        ]
    return joined, left


def _compacted(store: Store, tables: Mapping[str, Pin]) -> dict[str, Pin]:
    """The growing tables in fewer files, as far as that is possible."""
    pins = {
        table.name: store.compact(table, tables[table.name])
        for table in GROWING
        if table.name in tables
    }
    return {name: pin for name, pin in pins.items() if pin is not None}

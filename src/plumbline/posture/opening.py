"""From published snapshots to an estate that can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.lake import engine as lake
from plumbline.ledger import deadlines as policy
from plumbline.posture.engine import Estate
from plumbline.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plumbline.config.settings import Settings
    from plumbline.domain.deadlines import Deadlines
    from plumbline.ledger.records import Snapshot
    from plumbline.tables import Table


def estate_of(
    settings: Settings,
    snapshots: Sequence[Snapshot],
    beside: Mapping[str, tuple[Table, Sequence[str]]] | None = None,
    deadlines: Deadlines | None = None,
) -> Estate:
    """The tables of these snapshots together, on an engine of their own.

    `beside` names more files of a table that are to be seen under another name; the deadlines are
    those of the policy, unless others are given.

    Raises:
        StorageError: a file of the lake cannot be read, or the engine has no room.
    """
    engine = lake.connect(lake.Limits.of(settings))
    pins = [snapshot.tables for snapshot in snapshots]
    files = {t.name: [f for p in pins if t.name in p for f in p[t.name].files] for t in TABLES}
    with lake.engine_faults():
        lake.show_snapshot(engine, settings.lake, files)
        for name, (table, held) in (beside or {}).items():
            lake.show_files(engine, name, [str(settings.lake / file) for file in held], table)
    backend = ibis.duckdb.from_connection(engine)
    return Estate(
        tables={n: backend.table(n) for n in (*(t.name for t in TABLES), *(beside or ()))},
        as_of={snapshot.connection: snapshot.as_of for snapshot in snapshots},
        deadlines=policy.current(settings) if deadlines is None else deadlines,
    )

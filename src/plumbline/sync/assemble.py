"""From staged parts to the tables of the next snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align import lifecycle
from plumbline.align.events import EVENTS_QUERY
from plumbline.align.hosts import align_hosts
from plumbline.align.memberships import memberships
from plumbline.align.presence import mark_present
from plumbline.align.rekey import mend_known, show_rekeyed
from plumbline.align.renames import NameHistory, Renames
from plumbline.extract.lists import lists_tables, repositories_table
from plumbline.extract.sheet import STAGED
from plumbline.lake.engine import show_files
from plumbline.lake.parquet import rows_at
from plumbline.sync.merge import (
    ALL_ALIASES,
    ALL_REPOSITORIES,
    COUNTED,
    COUNTS,
    HOST_COUNTS,
    NEW_OUTPUTS,
    NEWEST_PLUGINS,
)
from plumbline.sync.recount import recount, recount_files
from plumbline.tables import (
    ALIASES,
    ASSET_LISTS,
    EVENTS,
    FACTS,
    FINDINGS,
    HOSTS,
    MEMBERSHIPS,
    OUTPUTS,
    PLUGINS,
    RANGES,
    REPOSITORIES,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import duckdb

    from plumbline.console.records import AssetList, Repository
    from plumbline.domain.proof import Proof
    from plumbline.domain.snapshot import Pin
    from plumbline.lake.store import Store

_BATCH = 16_384
_FEW = 1_024
"""Plugins at a time: each has long texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a snapshot is made from."""

    step: lifecycle.Step
    staged: Mapping[str, list[str]]
    """Table to staged parts."""
    lists: list[AssetList]
    repositories: tuple[Repository, ...]
    console: str
    listed: tuple[int, ...] = ()
    """Repositories of which every host was told."""
    renames: Renames | None = None
    """Hosts under another name, where they are known already; they are looked for without."""
    mends: bool = False
    """Whether the last snapshot is of an earlier version, and everything was read anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The tables of the next snapshot, written but not yet published."""

    pins: Mapping[str, Pin]
    counts: Mapping[str, int]
    expected: int
    """Findings that the table has to hold: those that were staged, and those known before."""

    @property
    def written(self) -> int:
        """Findings that the table holds."""
        return self.pins[FINDINGS.name].rows


class Assembler:
    """Writes the tables of one console's next snapshot."""

    def __init__(
        self,
        engine: duckdb.DuckDBPyConnection,
        lake: Path,
        store: Store,
        before: Mapping[str, Pin],
    ) -> None:
        self._engine = engine
        self._lake = lake
        self._store = store
        self._before = before

    def assemble(self, material: Material) -> Assembly:
        """Align, find out what changed, and write every table.

        Raises:
            StorageError: the disk or a table refuses; nothing is published.
        """
        pins: dict[str, Pin] = {}
        every = self._all_aliases(material)
        self._show_before("before", FINDINGS)
        renames = material.renames or self._renames(material)
        hosts, aliases = align_hosts(every, renames)
        lists, ranges = lists_tables(material.console, material.lists)
        # By a name that a host does not bear any more it is in no list.
        borne = pc.invert(pc.is_in(aliases["alias"], value_set=renames.former))
        members = memberships(aliases.filter(borne), lists, ranges)
        pins[FINDINGS.name], expected = self._findings(material, aliases, renames)
        hosts, aliases = self._marked(material, hosts, aliases, pins[FINDINGS.name], renames)
        for table, rows in (
            (HOSTS, hosts),
            (ALIASES, aliases),
            (ASSET_LISTS, lists),
            (RANGES, ranges),
            (MEMBERSHIPS, members),
            (REPOSITORIES, self._repositories(material)),
        ):
            pins[table.name] = self._store.replace(table, rows)
        pins[PLUGINS.name] = self._plugins(material)
        pins[OUTPUTS.name] = self._outputs(material)
        pins |= self._history(pins, members, aliases, renames)
        return Assembly(pins=pins, counts=self._counts(pins), expected=expected)

    def facts_only(self, step: lifecycle.Step) -> Assembly:
        """Count an unchanged console anew for this run; every other table stays as it was."""
        pins = dict(self._before)
        lifecycle.tell(self._engine, step)
        self._show("findings", FINDINGS, pins[FINDINGS.name])
        self._show_before("before", FINDINGS)
        self._show("memberships", MEMBERSHIPS, pins[MEMBERSHIPS.name])
        self._show("plugins", PLUGINS, pins[PLUGINS.name])
        pins[FACTS.name] = self._append(FACTS, lifecycle.FACTS_QUERY)
        expected = pins[FINDINGS.name].rows
        return Assembly(pins=pins, counts=self._counts(pins), expected=expected)

    def recounted(self, proofs: Iterable[Proof]) -> tuple[Proof, ...]:
        """The proofs with what the tables hold that were assembled last."""
        return recount(self._engine, proofs)

    def recounted_files(
        self, proofs: Iterable[Proof], parts: list[str], renames: Renames
    ) -> tuple[Proof, ...]:
        """The same for imported files, whose staged parts are counted again."""
        rows = self._engine.read_parquet(parts)
        show_rekeyed(self._engine, "file_rows", rows, renames.continued)
        return recount_files(self._engine, proofs)

    def _all_aliases(self, material: Material) -> pa.Table:
        self._show_staged("staged_aliases", ALIASES, material)
        self._show_before("before_aliases", ALIASES)
        return self._engine.execute(ALL_ALIASES).to_arrow_table().cast(STAGED["aliases"])

    def _renames(self, material: Material) -> Renames:
        """Hosts that have another name than before; reads what `_all_aliases` shows."""
        known = self._engine.execute("FROM before_aliases").to_arrow_table()
        if not known.num_rows:
            return Renames()
        history = NameHistory(self._engine, known)
        told = self._engine.execute("FROM staged_aliases").to_arrow_table()
        listed = {(home, None) for home in material.listed}
        whole = listed | material.step.whole_places
        history.read(told, whole, all_of_them=material.mends)
        if material.mends and history.mend():
            mend_known(self._engine)
        return history.renames()

    def _marked(
        self,
        material: Material,
        hosts: pa.Table,
        aliases: pa.Table,
        findings: Pin,
        renames: Renames,
    ) -> tuple[pa.Table, pa.Table]:
        """Hosts and aliases with whether they are still there."""
        files = material.staged.get("listed_hosts", [])
        show_files(self._engine, "listed_hosts", files, ALIASES)
        self._show("findings", FINDINGS, findings)
        return mark_present(self._engine, hosts, aliases, material.listed, renames.former)

    def _repositories(self, material: Material) -> pa.Table:
        """Those the keys see, and those they saw once: their findings are still told."""
        named = repositories_table(material.console, material.repositories)
        self._show_before("before_repositories", REPOSITORIES)
        self._engine.register("named_repositories", named)
        return self._engine.execute(ALL_REPOSITORIES).to_arrow_table().cast(REPOSITORIES.schema)

    def _plugins(self, material: Material) -> Pin:
        self._show_staged("staged_plugins", PLUGINS, material)
        self._show_before("before_plugins", PLUGINS)
        return self._store.replace(PLUGINS, self._stream(NEWEST_PLUGINS, PLUGINS))

    def _outputs(self, material: Material) -> Pin:
        self._show_staged("staged_outputs", OUTPUTS, material)
        self._show_before("before_outputs", OUTPUTS)
        files = material.staged[OUTPUTS.name]
        numbers = pa.array(range(len(files)), pa.int64())
        numbered = pa.table({"filename": pa.array(files, pa.string()), "number": numbers})
        self._engine.register("staged_files", numbered)
        places = self._engine.execute(NEW_OUTPUTS).to_arrow_table()["place"].to_numpy()
        rows = pa.RecordBatchReader.from_batches(
            OUTPUTS.schema, rows_at(files, places, OUTPUTS.schema)
        )
        return self._store.append(OUTPUTS, rows, self._before.get(OUTPUTS.name))

    def _findings(self, material: Material, aliases: pa.Table, renames: Renames) -> tuple[Pin, int]:
        """Write the findings; with them, how many there have to be."""
        self._engine.register("alias_hosts", aliases.select(["alias", "host"]))
        staged = material.staged["findings"]
        lifecycle.lay(self._engine, staged, material.step, renames.continued)
        sizes = lifecycle.sizes(self._engine)
        rows = (
            batch
            for _ in lifecycle.chunks(self._engine, sizes)
            for batch in self._stream(lifecycle.IN_ORDER, FINDINGS)
        )
        reader = pa.RecordBatchReader.from_batches(FINDINGS.schema, rows)
        return self._store.replace(FINDINGS, reader), sum(size for _, _, size in sizes)

    def _history(
        self, pins: Mapping[str, Pin], members: pa.Table, aliases: pa.Table, renames: Renames
    ) -> dict[str, Pin]:
        self._show("findings", FINDINGS, pins[FINDINGS.name])
        self._show("plugins", PLUGINS, pins[PLUGINS.name])
        self._engine.register("memberships", members)
        self._engine.register("renamed_hosts", renames.events)
        self._engine.register("aliases_now", aliases)
        return {
            EVENTS.name: self._append(EVENTS, EVENTS_QUERY),
            FACTS.name: self._append(FACTS, lifecycle.FACTS_QUERY),
        }

    def _append(self, table: Table, query: str) -> Pin:
        """Add to what was published; a run that died may have added to the table since."""
        rows = self._stream(query, table)
        return self._store.append(table, rows, self._before.get(table.name))

    def _counts(self, pins: Mapping[str, Pin]) -> dict[str, int]:
        found = self._engine.execute(COUNTS).fetchone() or (0,) * len(COUNTED)
        self._show("hosts", HOSTS, pins[HOSTS.name])
        there, departed = self._engine.execute(HOST_COUNTS).fetchone() or (0, 0)
        return dict(zip(COUNTED, map(int, found), strict=True)) | {
            "hosts": there,
            "departed": departed,
            "plugins": pins[PLUGINS.name].rows,
            "lists": pins[ASSET_LISTS.name].rows,
        }

    def _show(self, name: str, table: Table, pin: Pin) -> None:
        show_files(self._engine, name, self._paths(pin), table)

    def _show_before(self, name: str, table: Table) -> None:
        pin = self._before.get(table.name)
        show_files(self._engine, name, self._paths(pin) if pin else (), table)

    def _show_staged(self, name: str, table: Table, material: Material) -> None:
        files = material.staged[table.name]
        if files:
            staged = self._engine.read_parquet(files, filename=True, file_row_number=True)
            staged.create_view(name, replace=True)
            return
        none = table.empty().append_column("filename", pa.array([], pa.string()))
        none = none.append_column("file_row_number", pa.array([], pa.int64()))
        self._engine.register(name, none)

    def _paths(self, pin: Pin) -> list[str]:
        return [str(self._lake / file) for file in pin.files]

    def _stream(self, query: str, table: Table) -> pa.RecordBatchReader:
        """The rows of a query in the table's own schema, batch by batch."""
        rows = _FEW if table is PLUGINS else _BATCH
        reader = self._engine.execute(query).to_arrow_reader(rows)
        return pa.RecordBatchReader.from_batches(table.schema, _cast(reader, table.schema))


def _cast(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterable[pa.RecordBatch]:
    for batch in batches:
        yield batch.select(schema.names).cast(schema)

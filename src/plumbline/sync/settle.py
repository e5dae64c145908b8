"""What files tell, laid against each other and against what was known before.

A console tells every finding once, as it stands now. Files tell a finding as often as it was
scanned, in any order: the latest scan decides what it is, the earliest since when it is known, and
an old file never takes back what a newer one said.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from plumbline.align.groups import NEVER, instants
from plumbline.align.rekey import show_rekeyed
from plumbline.align.renames import NameHistory, Renames
from plumbline.extract.outputs import Outputs
from plumbline.extract.sheet import STAGED
from plumbline.lake.engine import show_files
from plumbline.lake.staging import Receipt, Staging
from plumbline.sync import settling
from plumbline.tables import ALIASES, FINDINGS, OUTPUTS, PLUGINS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from plumbline.domain.snapshot import Pin
    from plumbline.lake.staging import SliceStage
    from plumbline.tables import Table

_BATCH = 32_768
_FOLDED_AT_ONCE = 64
_LONGEST = 16 << 20
"""Characters of the outputs of one finding."""
_PASS = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was published before, and when files together were everything."""

    lake: Path
    pins: Mapping[str, Pin]
    newest: datetime | None
    """The latest scan that was imported."""
    latest: datetime
    """What was seen later than this was seen by a clock that is wrong: it counts as absent."""
    complete: Mapping[int, datetime]
    """Runs whose files were everything, with the latest scan in them."""

    def files(self, table: Table) -> list[str]:
        """The published files of a table."""
        pin = self.pins.get(table.name)
        return [str(self.lake / file) for file in pin.files] if pin else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What files told, staged as it came."""

    console: str
    staging: Staging
    stages: Sequence[SliceStage]
    """The pages of each file, in the order the files were given."""
    newest: datetime | None
    """The latest scan in them."""
    complete: bool
    """Whether the files are everything there is in their repositories."""

    def files(self, table: str) -> list[str]:
        """The staged parts of a table that every file has of its own."""
        return [file for stage in self.stages for file in stage.files(table, _PASS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the next snapshot is assembled from."""

    parts: Mapping[str, list[str]]
    """The staged parts of every table."""
    renames: Renames
    """Hosts that files report under another name."""


def settle(engine: duckdb.DuckDBPyConnection, told: Told, known: Known) -> Settled:
    """What the next snapshot is assembled from: one row a finding, as the latest scan reports it.

    Raises:
        StorageError: the disk refuses, or the engine has no room.
    """
    renames = _show(engine, told, known)
    settled = Staging(told.staging.folder / "settled")
    stage = settled.slice("all")
    for statement in (settling.RAW, settling.REPEATED, settling.PICKED):
        engine.execute(statement)
    _fold(engine, told, settled.slice("folded"))
    findings = settling.FINDINGS_AND_REST if told.complete else settling.FINDINGS
    numbers = iter(range(1_000_000))
    for table, query in (
        ("findings", findings),
        ("aliases", settling.ALIASES),
        ("plugins", settling.PLUGINS),
    ):
        for batch in _stream(engine, query, table):
            _stage(stage, next(numbers), table, pa.Table.from_batches([batch]))
    parts = {
        "findings": stage.files("findings", _PASS),
        "aliases": told.files("aliases") + stage.files("aliases", _PASS),
        "plugins": settled.shared("plugins"),
        "outputs": told.staging.shared("outputs") + settled.shared("outputs"),
    }
    return Settled(parts=parts, renames=renames)


def ahead(engine: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """How many findings stay published as last seen in the future, and the last such year.

    Expects that `settle` has run in this engine.
    """
    found = engine.execute(settling.AHEAD).fetchone()
    return (int(found[0]), int(found[1] or 0)) if found else (0, 0)


def _renames(engine: duckdb.DuckDBPyConnection, told: Told) -> Renames:
    """Follow the names of hosts from file to file, in the order in which they were scanned."""
    known = engine.execute("FROM known_aliases").to_arrow_table()
    files = [
        engine.read_parquet(stage.files("aliases", _PASS)).to_arrow_table()
        for stage in told.stages
        if stage.files("aliases", _PASS)
    ]
    if len(files) == 1 and not known.num_rows:
        return Renames()
    history = NameHistory(engine, known)
    for aliases in sorted(files, key=_scanned):
        # A file shows every host that its scan saw: two names in it are two hosts.
        homes = aliases["repository_id"].unique().to_pylist()
        history.read(aliases, ((home, None) for home in homes))
    return history.renames()


def _scanned(aliases: pa.Table) -> int:
    """When the latest of these was seen; what tells no time comes first."""
    return int(instants(aliases["last_seen"]).max(initial=NEVER))


def _show(engine: duckdb.DuckDBPyConnection, told: Told, known: Known) -> Renames:
    """Make views of what was told and of what was known; with them, who got another name."""
    engine.register("places", _places(told))
    engine.read_parquet(told.staging.shared("plugins"), filename=True).create_view("told_plugins")
    engine.read_parquet(told.files("aliases")).create_view("told_aliases")
    show_files(engine, "told_outputs", told.staging.shared("outputs"), OUTPUTS)
    for name, table in (
        ("published", FINDINGS),
        ("published_aliases", ALIASES),
        ("published_plugins", PLUGINS),
    ):
        show_files(engine, name, known.files(table), table)
    behind = bool(known.newest and (told.newest is None or told.newest < known.newest))
    marks = _times("newest", [told.newest]).append_column("behind", [[behind]])
    engine.register("marks", marks.append_column("latest", _times("latest", [known.latest])[0]))
    for statement in settling.KNOWN:
        engine.execute(statement)
    runs = pa.array(list(known.complete), pa.int64())
    horizons = _times("horizon", list(known.complete.values()))
    engine.register("complete", horizons.append_column("run", runs))
    renames = _renames(engine, told)
    rows = engine.read_parquet(told.files("findings"), filename=True, file_row_number=True)
    show_rekeyed(engine, "parts", rows, renames.continued)
    return renames


def _times(name: str, values: Sequence[datetime | None]) -> pa.Table:
    return pa.table({name: pa.array(values, Kind.TIME.arrow)})


def _places(told: Told) -> pa.Table:
    """Which part is of which file, and in what order."""
    found = [
        (name, file, page)
        for file, stage in enumerate(told.stages)
        for page, name in enumerate(stage.files("findings", _PASS))
    ]
    names, files, pages = zip(*found, strict=True)
    return pa.table({"filename": names, "file": files, "page": pages})


def _fold(engine: duckdb.DuckDBPyConnection, told: Told, stage: SliceStage) -> None:
    """Put together the different outputs that one scan gives for one finding."""
    outputs = Outputs(told.console)
    folded: dict[str, str] = {}
    found = iter(engine.execute(settling.SEVERAL_OUTPUTS).fetchall())
    number = 0
    while chunk := list(islice(found, _FOLDED_AT_ONCE)):
        texts = _texts(engine, {key for _, keys in chunk for key in keys})
        names, new = outputs.take([_joined(texts[key] for key in keys) for _, keys in chunk])
        folded |= {one: name for (one, _), name in zip(chunk, names, strict=True) if name}
        _stage(stage, number, "outputs", new)
        number += 1
    columns = {"finding": list(folded), "output": list(folded.values())}
    engine.register(
        "folded", pa.table({name: pa.array(v, pa.string()) for name, v in columns.items()})
    )


def _texts(engine: duckdb.DuckDBPyConnection, keys: Iterable[str]) -> dict[str, str]:
    return dict(engine.execute(settling.TEXTS, {"keys": list(keys)}).fetchall())


_OPENING, _CLOSING = "<plugin_output>", "</plugin_output>"


def _joined(texts: Iterable[str]) -> str:
    """Several outputs one after the other, each once and in an element of its own."""
    wrapped = (one if one.startswith(_OPENING) else f"{_OPENING}{one}{_CLOSING}" for one in texts)
    whole = "\n".join(dict.fromkeys(wrapped))
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}{_CLOSING}"


def _stream(engine: duckdb.DuckDBPyConnection, query: str, table: str) -> Iterator[pa.RecordBatch]:
    schema = STAGED[table]
    for batch in engine.execute(query).to_arrow_reader(_BATCH):
        yield batch.select(schema.names).cast(schema)


def _stage(stage: SliceStage, number: int, table: str, rows: pa.Table) -> None:
    size = rows.num_rows
    receipt = Receipt(
        number=number, start=0, end=size, rows=size, total=None, received=0, seconds=0.0
    )
    stage.stage(0, receipt, {table: rows})

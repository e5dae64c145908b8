"""Delta tables: written whole or added to, one version a commit; what is pinned stays as it is."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, Schema, WriterProperties
from deltalake.exceptions import DeltaError
from deltalake.transaction import create_table_with_add_actions

from plumbline.domain.snapshot import Pin
from plumbline.errors import StorageError
from plumbline.lake import parquet
from plumbline.lake.staging import storage_faults
from plumbline.tables import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plumbline.config.settings import Settings
    from plumbline.tables import Table

_PROPERTIES = WriterProperties(compression="ZSTD", compression_level=3, max_row_group_size=65_536)
_LARGE = 16 * 2**20
"""Bytes from which a file of a growing table is left alone: joining files writes no more anew."""
_MOST_SMALL = 24
"""Small files that a growing table may have before a run joins them."""
_SLACK = timedelta(days=31)
"""Rows past their time are left out once a month, for that writes their files anew."""
_LOG = logging.getLogger(__name__)


class Store:
    """The tables of one connection.

    `keep` tells of growing tables for how long their rows are kept, by their column `at`; it
    holds for versions to come and leaves every earlier one as it is.
    """

    def __init__(
        self, lake: Path, connection: str, *, keep: Mapping[str, timedelta] | None = None
    ) -> None:
        self._lake = lake
        self._folder = lake / connection
        self._keep = keep or {}

    @classmethod
    def of(cls, settings: Settings, connection: str) -> Self:
        """Where the settings say, events kept as long as they say."""
        keep = {EVENTS.name: timedelta(days=settings.keep_events_days)}
        return cls(settings.lake, connection, keep=keep)

    def replace(self, table: Table, rows: pa.Table | pa.RecordBatchReader) -> Pin:
        """Write a table anew as its next version.

        Raises:
            StorageError: the disk or the table refuses; the version before stays.
        """
        folder = self._made(table)
        with _faults(folder):
            return self._pin(_write(folder, table, rows, anew=True))

    def append(self, table: Table, rows: pa.Table | pa.RecordBatchReader, after: Pin | None) -> Pin:
        """Add rows to what was published of a table, as its next version.

        Versions that a run wrote and never published are left out: they are not part of `after`.
        Nothing published yet: the rows are the whole table. Small files are joined when there are
        many; those that earlier versions are made of stay.

        Raises:
            StorageError: the disk or the table refuses; the version before stays.
        """
        if after is None:
            return self.replace(table, rows)
        folder = self._made(table)
        with _faults(folder):
            self._return_to(after, folder, table)
            delta = _write(folder, table, rows, anew=False)
            self._tidy(delta, table)
            return self._pin(delta)

    def compact(self, table: Table, pin: Pin) -> Pin | None:
        """Join the small files of a published table; None when there is nothing to join.

        The pinned files stay. No run may be writing the table at the same time.

        Raises:
            StorageError: the disk or the table refuses; what was pinned stays.
        """
        folder = self._folder / table.name
        with _faults(folder):
            delta = DeltaTable(str(folder))
            if delta.version() != pin.version:
                # A run that came to nothing wrote behind it; the next one takes that back.
                return None
            if len(_small(_files(delta))) < 2:  # noqa: PLR2004 - two make one
                return None
            _join(delta)
            joined = self._pin(delta)
        return joined if len(joined.files) < len(pin.files) else None

    def _made(self, table: Table) -> Path:
        folder = self._folder / table.name
        with storage_faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _return_to(self, pin: Pin, folder: Path, table: Table) -> None:
        """Take back what was written behind a published version by a run that came to nothing."""
        delta = DeltaTable(str(folder))
        if delta.version() == pin.version:
            return
        try:
            delta.restore(pin.version)
        except DeltaError:
            # The log of so many versions is not kept; the rows are there all the same.
            _LOG.warning("%s: version %s is written anew from its files", folder, pin.version)
            _write(
                folder, table, _held([self._lake / file for file in pin.files], table), anew=True
            )

    def _tidy(self, delta: DeltaTable, table: Table) -> None:
        """Leave out rows past their time and join small files, as part of an unpublished version.

        The run can do without either, so that a fault of it is only told.
        """
        try:
            files = _files(delta)
            if table.name in self._keep and _leave_out(
                delta, files, datetime.now(UTC) - self._keep[table.name]
            ):
                files = _files(delta)
            if len(_small(files)) > _MOST_SMALL:
                _join(delta)
        except DeltaError as fault:
            told = str(fault).partition("\n")[0]
            _LOG.warning("%s could not be tidied: %s", self._folder / table.name, told)

    def _pin(self, table: DeltaTable) -> Pin:
        table.update_incremental()
        files = [unquote(uri.removeprefix("file://")) for uri in table.file_uris()]
        return Pin(
            version=table.version(),
            files=tuple(sorted(str(Path(f).relative_to(self._lake)) for f in files)),
            rows=table.count(),
        )


def _write(
    folder: Path, table: Table, rows: pa.Table | pa.RecordBatchReader, *, anew: bool
) -> DeltaTable:
    """Write files and give them to the table, all in one version; the table as it was opened."""
    batches = rows.to_reader() if isinstance(rows, pa.Table) else rows
    files = parquet.write(folder, batches, table.schema)
    schema = Schema.from_arrow(table.schema)
    if not DeltaTable.is_deltatable(str(folder)):
        create_table_with_add_actions(
            str(folder), schema, files, name=table.name, description=table.doc
        )
        return DeltaTable(str(folder))
    delta = DeltaTable(str(folder))
    if not anew:
        _widen(delta, schema)
    delta.create_write_transaction([*files], "overwrite" if anew else "append", schema)
    return delta


def _widen(delta: DeltaTable, schema: Schema) -> None:
    """Add the columns that were declared since the table was made: a version of its own."""
    known = {field.name for field in delta.schema().fields}
    if new := [field for field in schema.fields if field.name not in known]:
        delta.alter.add_columns(new)
        delta.update_incremental()


def _held(files: list[Path], table: Table) -> pa.RecordBatchReader:
    """The rows of files, with the columns that were declared since they were written."""
    import pyarrow.dataset as ds  # noqa: PLC0415 - it brings pandas along, 40 MB of it

    return ds.dataset(list(map(str, files)), schema=table.schema).scanner().to_reader()


def _files(delta: DeltaTable) -> list[dict[str, Any]]:
    """What the log tells of each file of the version that is current by now."""
    delta.update_incremental()
    return list(pa.table(delta.get_add_actions(flatten=True)).to_pylist())


def _small(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in files if one["size_bytes"] < _LARGE // 2]


def _join(delta: DeltaTable) -> None:
    delta.optimize.compact(target_size=_LARGE, writer_properties=_PROPERTIES)


def _leave_out(delta: DeltaTable, files: list[dict[str, Any]], before: datetime) -> bool:
    """Rows from before a time, once the oldest of them is a month past it; whether any were."""
    oldest = [one["min.at"] for one in files if one.get("min.at") is not None]
    if not oldest or min(oldest) >= before - _SLACK:
        return False
    time = f"'{before:%Y-%m-%dT%H:%M:%SZ}', 'Timestamp(Microsecond, Some(\"UTC\"))'"
    delta.delete(f"at < arrow_cast({time})")
    return True


@contextmanager
def _faults(folder: Path) -> Iterator[None]:
    """Tell faults of the disk and of the table in words.

    Raises:
        StorageError: for any of them.
    """
    with storage_faults(folder):
        try:
            yield
        except DeltaError as fault:
            raise _refused(folder, fault) from fault
        except OSError as fault:
            # What stops the engine between two batches comes as a fault of reading.
            if _NO_ROOM not in str(fault):
                raise
            raise _refused(folder, fault) from fault


_NO_ROOM = "Out of Memory Error"


def _refused(folder: Path, fault: Exception) -> StorageError:
    told = str(fault)
    if _NO_ROOM in told:
        return StorageError(
            f"The engine had no room for the table {folder.name}.",
            advice="give it more with the setting `engine_memory_mb`",
            unchanged="the last published snapshot",
        )
    first_line = told.partition("\n")[0]
    return StorageError(
        f"The table {folder.name} could not be written ({first_line}).",
        advice="free some space, or look whether another program holds the folder",
        unchanged="the last published snapshot",
    )

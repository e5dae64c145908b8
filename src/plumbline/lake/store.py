"""Delta tables: written whole, one version a commit, old versions kept for those who read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError

from plumbline.errors import StorageError
from plumbline.lake.staging import storage_faults
from plumbline.terms.snapshot import Pin

if TYPE_CHECKING:
    import pyarrow as pa

    from plumbline.tables import Table

_PROPERTIES = WriterProperties(compression="ZSTD", compression_level=3, max_row_group_size=65_536)


class Store:
    """The tables of one connection."""

    def __init__(self, lake: Path, connection: str) -> None:
        self._lake = lake
        self._folder = lake / connection

    def replace(self, table: Table, rows: pa.Table | pa.RecordBatchReader) -> Pin:
        """Write a table anew as its next version.

        Raises:
            StorageError: the disk or the table refuses; the version before stays.
        """
        return self._write(table, rows, None)

    def append(self, table: Table, rows: pa.Table | pa.RecordBatchReader, after: Pin | None) -> Pin:
        """Add rows to what was published of a table, as its next version.

        Versions that a run wrote and never published are left out: they are not part of `after`.
        Nothing published yet: the rows are the whole table.

        Raises:
            StorageError: the disk or the table refuses; the version before stays.
        """
        return self._write(table, rows, after)

    def _write(self, table: Table, rows: pa.Table | pa.RecordBatchReader, after: Pin | None) -> Pin:
        folder = self._folder / table.name
        with storage_faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                if after is not None:
                    _return_to(after, DeltaTable(str(folder)))
                write_deltalake(
                    str(folder),
                    rows,
                    mode="overwrite" if after is None else "append",
                    writer_properties=_PROPERTIES,
                    name=table.name,
                    description=table.doc,
                )
                return self._pin(DeltaTable(str(folder)))
            except DeltaError as fault:
                raise _refused(folder, fault) from fault

    def _pin(self, table: DeltaTable) -> Pin:
        files = [unquote(uri.removeprefix("file://")) for uri in table.file_uris()]
        return Pin(
            version=table.version(),
            files=tuple(sorted(str(Path(f).relative_to(self._lake)) for f in files)),
            rows=table.count(),
        )


def _return_to(pin: Pin, table: DeltaTable) -> None:
    """Take back what was written behind a published version by a run that came to nothing."""
    if table.version() != pin.version:
        table.restore(pin.version)


def _refused(folder: Path, fault: DeltaError) -> StorageError:
    told = str(fault)
    if "Out of Memory Error" in told:
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

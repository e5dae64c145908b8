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

_PROPERTIES = WriterProperties(compression="ZSTD", compression_level=3, max_row_group_size=131_072)


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
        return self._write(table, rows, "overwrite")

    def append(self, table: Table, rows: pa.Table | pa.RecordBatchReader) -> Pin:
        """Add rows to a table as its next version.

        Raises:
            StorageError: the disk or the table refuses; the version before stays.
        """
        return self._write(table, rows, "append")

    def _write(self, table: Table, rows: pa.Table | pa.RecordBatchReader, mode: str) -> Pin:
        folder = self._folder / table.name
        with storage_faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                write_deltalake(
                    str(folder),
                    rows,
                    mode=mode,  # type: ignore[call-overload]
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


def _refused(folder: Path, fault: DeltaError) -> StorageError:
    return StorageError(
        f"The table {folder.name} could not be written ({fault}).",
        advice="free some space, or look whether another program holds the folder",
        unchanged="the last published snapshot",
    )

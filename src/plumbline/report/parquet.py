"""Parquet: columns with their types, for other engines."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from pyarrow import parquet

if TYPE_CHECKING:
    from plumbline.report.interface import Sheet


def write(sheet: Sheet, out: IO[bytes]) -> int:
    """Write the file; its metadata names the schema."""
    schema = sheet.schema.with_metadata({"schema": f"plumbline/{sheet.name}/1"})
    count = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in sheet.batches:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))
            count += batch.num_rows
    return count

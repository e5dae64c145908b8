"""Rows into Parquet files that a Delta table can take in: in bounded memory, whatever a row weighs.

Delta's own writer holds some 185 MB more than this one, and counts rows where texts of outputs can
be megabytes each.
"""

from __future__ import annotations

import json
import math
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]

_ROWS = 65_536
_BYTES = 24 * 2**20
"""A row group ends at either: it is what the writer holds."""
_FILE = 96 * 2**20
"""Bytes from which the next row group goes to a file of its own."""
_PLACE = 32
"""Bits of a place that are the row; those above are the file."""
_FEW = 256
"""Rows read at a time where each may have texts of megabytes."""
_LONGEST = 32
"""Characters of a text up to which the log tells it as the least or the greatest."""


def write(folder: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> list[AddAction]:
    """Write rows as files of a folder, and say of each what a table's log tells.

    No table has them yet. When the rows end in a fault, no file is left behind.

    Raises:
        OSError: the disk refuses.
    """
    with ExitStack() as otherwise:
        found: list[AddAction] = []
        groups = _groups(batches)
        for group in groups:
            path = folder / f"part-{len(found):05d}-{uuid4()}-c000.zstd.parquet"
            otherwise.callback(path.unlink, missing_ok=True)
            _write_file(path, group, groups, schema)
            found.append(_action(path))
        otherwise.pop_all()
    return found


def _write_file(path: Path, first: pa.Table, rest: Iterator[pa.Table], schema: pa.Schema) -> None:
    """Write one row group, and more of them while the file is not too long."""
    with (
        path.open("wb") as file,
        pq.ParquetWriter(file, schema, compression="zstd", compression_level=3) as writer,
    ):
        writer.write_table(first, row_group_size=_ROWS)
        while file.tell() < _FILE and (group := next(rest, None)) is not None:
            writer.write_table(group, row_group_size=_ROWS)


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Rows put together until they are many, or heavy."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        for piece in _pieces(batch):
            if held and (rows + piece.num_rows > _ROWS or size + piece.nbytes > _BYTES):
                yield pa.Table.from_batches(held)
                held, rows, size = [], 0, 0
            held.append(piece)
            rows, size = rows + piece.num_rows, size + piece.nbytes
    if held:
        yield pa.Table.from_batches(held)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch in pieces of bounded weight, for its rows may be of any."""
    if not batch.num_rows:
        return
    many = max(math.ceil(batch.nbytes / _BYTES), math.ceil(batch.num_rows / _ROWS))
    step = math.ceil(batch.num_rows / many)
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


def rows_at(files: Sequence[str], places: Numbers, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Some rows of files, a few at a time: what is not asked for weighs nothing.

    A place is the file's number times 2^32 and the row in it; places ascend.
    """
    ends = np.searchsorted(places, np.arange(len(files) + 1) << _PLACE)
    for number, file in enumerate(files):
        wanted = places[ends[number] : ends[number + 1]] - (number << _PLACE)
        if wanted.size:
            yield from _rows_of(file, wanted, schema)


def _rows_of(file: str, wanted: Numbers, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    start = 0
    with pq.ParquetFile(file, pre_buffer=False) as held:
        for batch in held.iter_batches(_FEW, columns=schema.names):
            first, last = np.searchsorted(wanted, (start, start + batch.num_rows))
            if first < last:
                found = batch.take(pa.array(wanted[first:last] - start))
                yield found.select(schema.names).cast(schema)
            start += batch.num_rows


def _action(path: Path) -> AddAction:
    held = path.stat()
    return AddAction(
        path=path.name,
        size=held.st_size,
        partition_values={},
        modification_time=held.st_mtime_ns // 1_000_000,
        data_change=True,
        stats=json.dumps(_statistics(pq.read_metadata(path))),
    )


def _statistics(file: pq.FileMetaData) -> dict[str, Any]:
    """What engines skip files by: how many rows, and of each plain column how far it reaches."""
    told: dict[str, Any] = {"numRecords": file.num_rows}
    spans: dict[str, dict[str, Any]] = {"minValues": {}, "maxValues": {}, "nullCount": {}}
    for place in range(file.num_columns):
        chunks = [file.row_group(group).column(place) for group in range(file.num_row_groups)]
        found = [chunk.statistics for chunk in chunks]
        name = chunks[0].path_in_schema if chunks else ""
        if "." in name or not all(one is not None and one.has_null_count for one in found):
            continue
        spans["nullCount"][name] = sum(one.null_count for one in found)
        filled = [one for one in found if one.num_values]
        if filled and all(one.has_min_max for one in filled):
            least, greatest = min(one.min for one in filled), max(one.max for one in filled)
            if _is_plain(least) and _is_plain(greatest):
                spans["minValues"][name] = _as_json(least)
                spans["maxValues"][name] = _as_json(greatest)
    return told | spans


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int | datetime)


def _as_json(value: object) -> object:
    """As the log writes it: times end at milliseconds, and readers know it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    return value

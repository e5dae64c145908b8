"""One JSON object: schema, data, warnings. Written row by row, so it may be of any size."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import msgspec

from plumbline.report.interface import Sheet, to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator


def write(sheet: Sheet, out: IO[bytes]) -> int:
    """Write the object; times are ISO 8601 with Z, what was not supplied is null."""
    schema = msgspec.json.encode(f"plumbline/{sheet.name}/1")
    out.write(b'{"schema":' + schema + b',"data":[')
    count = 0
    for row in rows(sheet):
        out.write(b",\n" if count else b"\n")
        out.write(row)
        count += 1
    warnings = msgspec.json.encode(sheet.warnings)
    out.write(b'\n],"warnings":' + warnings + b"}\n")
    return count


def rows(sheet: Sheet) -> Iterator[bytes]:
    """Each row as a JSON object."""
    encoder = msgspec.json.Encoder()
    for batch in sheet.batches:
        yield from map(encoder.encode, to_seconds(batch).to_pylist())

"""JSON lines: one object a row and line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from plumbline.report.json import rows

if TYPE_CHECKING:
    from plumbline.report.interface import Sheet


def write(sheet: Sheet, out: IO[bytes]) -> int:
    """Write the lines."""
    count = 0
    for row in rows(sheet):
        out.write(row + b"\n")
        count += 1
    return count

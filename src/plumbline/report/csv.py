"""CSV for spreadsheets. No cell that came from outside is taken for a formula."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from plumbline.report.interface import Sheet, to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMULA = r"^[=+\-@\t\r]"
# Characters that no spreadsheet can hold, and that a terminal would obey.
_UNFIT = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_UNFIT_SHOWN = "\N{REPLACEMENT CHARACTER}"


def write(sheet: Sheet, out: IO[bytes]) -> int:
    """Write a line of names and one for each row.

    Lists are joined by a comma and a blank, times are ISO 8601 with Z. A text that begins like a
    formula gets a quote before it; numbers stay numbers.
    """
    lines = csv.writer(_Encoded(out), lineterminator="\n")
    lines.writerow([column.name for column in sheet.columns])
    count = 0
    for batch in sheet.batches:
        lines.writerows(_rows(batch))
        count += batch.num_rows
    return count


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Takes text for a stream of bytes; unlike a wrapper it never closes the stream."""

    out: IO[bytes]

    def write(self, text: str) -> int:
        return self.out.write(text.encode())


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[object, ...]]:
    columns = (_column(column).to_pylist() for column in to_seconds(batch).columns)
    return zip(*columns, strict=True)


def _column(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_boolean(kind):
        return pc.if_else(column, "yes", "no")
    if pa.types.is_list(kind):
        return _guarded(pc.binary_join(column.cast(pa.list_(pa.string())), ", "))
    if pa.types.is_string(kind):
        return _guarded(column)
    return column


def _guarded(texts: pa.Array) -> pa.Array:
    begins_like_one = pc.match_substring_regex(texts, _FORMULA)
    texts = pc.if_else(begins_like_one, pc.binary_join_element_wise("'", texts, ""), texts)
    # A line ends in one way within the whole file, in cells as well.
    texts = pc.replace_substring_regex(texts, r"\r\n?", "\n")
    return pc.replace_substring_regex(texts, _UNFIT, _UNFIT_SHOWN)

"""What every format is given, and what it has to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plumbline.posture.relation import Heading


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An answer on its way out. Its rows pass by once."""

    name: str
    """Name of the schema: `plumbline/<name>/1`."""
    columns: tuple[Heading, ...]
    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]
    warnings: tuple[str, ...] = ()
    about: Callable[[], tuple[tuple[str, str], ...]] = tuple
    """Tells what else is to be known of it, by name: the query, as of when, how it was proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where people look at a table."""

    width: int | None = None
    """Columns of text; None when it is no terminal and lines may be as long as they are."""
    colour: bool = False
    encoding: str = "utf-8"


class Writer(Protocol):
    """Writes an answer in one format."""

    def __call__(self, sheet: Sheet, out: IO[bytes]) -> int:
        """Write all rows and tell how many there were."""


def to_seconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times in UTC and to the second, as the console tells them."""
    fields = [
        pa.field(f.name, pa.timestamp("s", tz="UTC")) if pa.types.is_timestamp(f.type) else f
        for f in batch.schema
    ]
    arrays = [
        column.cast(field.type, safe=False)
        for column, field in zip(batch.columns, fields, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))

"""The form in which a dataset is declared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


class Kind(StrEnum):
    """The types a column can have."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"
    """UTC, to the second as the console tells it; stored in microseconds."""
    TEXTS = "texts"
    INTEGERS = "integers"

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type that carries it."""
        return _ARROW[self]

    @property
    def sql(self) -> str:
        """Its name in the engine."""
        return _SQL[self]


_ARROW: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.INTEGERS: pa.list_(pa.int64()),
}
_SQL: dict[Kind, str] = {
    Kind.TEXT: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.NUMBER: "DOUBLE",
    Kind.FLAG: "BOOLEAN",
    Kind.TIME: "TIMESTAMPTZ",
    Kind.TEXTS: "VARCHAR[]",
    Kind.INTEGERS: "BIGINT[]",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type, meaning, and the console's field it comes from."""

    name: str
    kind: Kind
    doc: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One dataset of the lake."""

    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema."""
        return pa.schema([pa.field(c.name, c.kind.arrow) for c in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(c.name for c in self.columns)

    def empty(self) -> pa.Table:
        """The table without a row."""
        return self.schema.empty_table()

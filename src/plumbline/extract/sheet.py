"""Columns of one table in the making, with what did not fit kept row by row."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plumbline.extract.values import READERS, Read
from plumbline.tables import ALIASES, FINDINGS, OUTPUTS, PLUGINS, Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_LATER = frozenset(
    {"host", "state", "fixed_at", "fixed_by", "opened_run", "changed_run", "rule", "evidence"}
    | {"told", "patched_severity", "present", "first_alias"}
)
LAST_MITIGATED = Column("last_mitigated", Kind.TIME, "Told as fixed.", "lastMitigated")
KEY_PARTS = (
    Column("tail", Kind.TEXT, "What the key holds beside the key of the host."),
    Column("twin", Kind.INTEGER, "Which it is of several rows that share the rest of the key."),
)
"""What findings are keyed anew by when their host got another name."""


def _staged(table: Table) -> pa.Schema:
    columns = [c for c in table.columns if c.name not in _LATER]
    if table is FINDINGS:
        columns += [LAST_MITIGATED, *KEY_PARTS]
    return pa.schema([pa.field(c.name, c.kind.arrow) for c in columns])


STAGED = {t.name: _staged(t) for t in (FINDINGS, OUTPUTS, PLUGINS, ALIASES)}
"""The tables as a page fills them: without what only alignment and history can tell."""

_KINDS = {c.name: c.kind for c in (*PLUGINS.columns, *ALIASES.columns, *FINDINGS.columns)} | {
    LAST_MITIGATED.name: LAST_MITIGATED.kind
}


class Sheet:
    """Columns of one table in the making, with what did not fit kept row by row."""

    def __init__(self, console: str, rows: Sequence[Any]) -> None:
        self._length = len(rows)
        self._columns: dict[str, pa.Array] = {}
        self._extra: dict[int, dict[str, Any]] = {}
        self.odd: dict[str, int] = {}
        self.put("console", pa.repeat(pa.scalar(console), self._length))

    def put(self, name: str, array: pa.Array) -> None:
        """Set a column that is ready."""
        self._columns[name] = array

    def read(
        self,
        name: str,
        values: Sequence[Any],
        wire: str,
        reader: Callable[[Sequence[Any]], Read] | None = None,
    ) -> None:
        """Read a column from the console's values; those that do not fit are kept apart."""
        array, odd = (reader or READERS[_KINDS[name]])(values)
        self._columns[name] = array
        for place in odd:
            self._extra.setdefault(place, {})[wire] = values[place]
        if odd:
            self.odd[f"field {wire}"] = self.odd.get(f"field {wire}", 0) + len(odd)

    def read_all(self, fields: Sequence[tuple[str, str]], rows: Sequence[Any]) -> None:
        """Read columns that are each one field of the row: pairs of column and field."""
        pick = attrgetter(*(wire for _, wire in fields))
        columns = zip(*map(pick, rows), strict=True) if rows else ((),) * len(fields)
        for (name, wire), values in zip(fields, columns, strict=True):
            self.read(name, values, wire)

    def keep(self, extras: Iterable[dict[str, Any]]) -> None:
        """Keep fields that have no column, row by row."""
        for place, extra in enumerate(extras):
            if extra:
                self._extra.setdefault(place, {}).update(extra)

    @property
    def apart(self) -> list[dict[str, Any]]:
        """What is kept of each row apart from its columns; empty when nothing is of any row."""
        return [self._extra.get(place, {}) for place in range(self._length)] if self._extra else []

    def table(self, schema: pa.Schema) -> pa.Table:
        """The columns as a table; what was kept apart is in `extra`."""
        extra: list[str | None] = [None] * self._length
        for place, values in self._extra.items():
            extra[place] = json.dumps(values, ensure_ascii=True, sort_keys=True, default=str)
        self._columns.setdefault("extra", pa.array(extra, pa.string()))
        return pa.table([self._columns[name] for name in schema.names], schema=schema)

    def table_with_nulls(self, schema: pa.Schema) -> pa.Table:
        """The table, with nulls for the columns nobody has read."""
        for field in schema:
            if field.name not in self._columns and field.name != "extra":
                self._columns[field.name] = pa.nulls(self._length, field.type)
        return self.table(schema)

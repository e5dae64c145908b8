"""Columns of one table in the making, with what did not fit kept row by row."""

from __future__ import annotations

import json
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plumbline.domain.normalise import times
from plumbline.domain.oddities import Oddities
from plumbline.extract.values import Read, reader_of
from plumbline.tables import ALIASES, FINDINGS, OUTPUTS, PLUGINS, Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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


@lru_cache(maxsize=64)
def _readers(latest: int) -> Mapping[str, Callable[[Sequence[Any]], Read]]:
    return {name: reader_of(name, kind, latest) for name, kind in _KINDS.items() if kind in _PLAIN}


_PLAIN = frozenset({Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.FLAG, Kind.TIME})


class Sheet:
    """Columns of one table in the making, with what did not fit kept row by row.

    `latest` is the last second in which anything can have been seen; `place` says where a row
    stood, for examples of what was odd.
    """

    def __init__(
        self,
        console: str,
        rows: Sequence[Any],
        latest: int = times.LATEST,
        place: Callable[[int], str] = lambda row: f"row {row + 1}",
    ) -> None:
        self._length = len(rows)
        self._readers = _readers(latest)
        self._place = place
        self._columns: dict[str, pa.Array] = {}
        self._extra: dict[int, dict[str, Any]] = {}
        self.odd = Oddities()
        self.put("console", pa.repeat(pa.scalar(console), self._length))

    def put(self, name: str, array: pa.Array) -> None:
        """Set a column that is ready."""
        self._columns[name] = array

    def read(self, name: str, values: Sequence[Any], wire: str, *, counted: bool = True) -> None:
        """Read a column from the console's values; those that do not fit are kept apart."""
        self.take(name, self._readers[name](values), values, wire, counted=counted)

    def take(
        self, name: str, read: Read, values: Sequence[Any], wire: str, *, counted: bool = True
    ) -> None:
        """Set a column that was read from these values; count what was odd in them."""
        self._columns[name] = read.array
        for place in read.odd:
            self._extra.setdefault(place, {})[wire] = values[place]
        if counted:
            for place in {**read.notes, **dict.fromkeys(read.odd)}:
                kind = read.notes.get(place, f"{wire} with a value that does not fit")
                if kind in self.odd:
                    self.odd[kind] += 1
                else:
                    self.odd.add(kind, values[place], f"{wire}, {self._place(place)}")

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

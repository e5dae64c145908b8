"""The engine the questions are asked of: tables of one snapshot, and the moment it speaks for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
from ibis import udf
from ibis.expr import datatypes as dt

from plumbline.errors import StorageError, UsageError
from plumbline.posture.sla import DEADLINES

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping
    from datetime import datetime

    import pyarrow as pa
    from ibis.expr import types as ir

    from plumbline.domain.deadlines import Deadlines
    from plumbline.posture.forms import Slots

DAY_SECONDS = 86_400
DUCKDB = "duckdb"
_MOST_STATEMENTS = 500


@udf.scalar.builtin(name="epoch", signature=((dt.Timestamp("UTC"),), dt.float64))
def _epoch(at):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - declared by its signature
    """Seconds since 1970. Ibis' own epoch_seconds() asks the calendar, at eight times the cost."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estate:
    """One snapshot, ready to be asked.

    It never changes, so what was compiled or summed up once is kept for as long as it lives.
    """

    tables: Mapping[str, ir.Table] = field(repr=False)
    """One table for each dataset of `plumbline.tables`; rows of all consoles together."""
    as_of: Mapping[str, datetime]
    """For each console the time its run began, with time zone. Ages count up to this moment and
    never to the wall clock, so the numbers of a snapshot stay as they are."""
    deadlines: Deadlines = DEADLINES
    """By when findings should be fixed."""
    _statements: dict[Hashable, Statement] = field(default_factory=dict, init=False, repr=False)
    _sums: dict[str, ir.Table] = field(default_factory=dict, init=False, repr=False)
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    # One that its holder may take again: what is kept may be made of what is kept.
    _lock: RLock = field(default_factory=RLock, init=False, repr=False)

    def table(self, name: str) -> ir.Table:
        """One dataset by its name in `plumbline.tables`."""
        return self.tables[name]

    @property
    def backend(self) -> Any:
        """The Ibis backend that holds the tables."""
        return self.tables["findings"].get_backend()

    def prepared(
        self,
        key: Hashable,
        make: Callable[[], ir.Table],
        finish: Callable[[str], str] | None = None,
    ) -> Statement:
        """An answer ready to be run; made once for each key. `finish` is given its statement."""
        found = self._statements.get(key)
        if found is None:
            found = Statement.of(make(), self.backend)
            found = replace(found, sql=finish(found.sql)) if finish else found
            if len(self._statements) >= _MOST_STATEMENTS:
                self._statements.clear()
            self._statements[key] = found
        return found

    def formed(
        self,
        key: tuple[Hashable, ...],
        form: Hashable,
        slots: Slots,
        make: Callable[[Any], ir.Table],
    ) -> Statement:
        """The same with the values of a form given when it runs; made once for each form.

        `make` is given the key's last part, or the form in its place: that with stand-ins.
        """
        if self.backend.name != DUCKDB or not slots.usable:
            return self.prepared(key, lambda: make(key[-1]))
        try:
            named = ("form", *key[:-1], form)
            held = self.prepared(named, lambda: make(form), slots.parametrised)
        except UsageError:
            # It is told of what was written, not of what stands in for it.
            held = None
        if held is None or not held.sql:
            return self.prepared(key, lambda: make(key[-1]))
        return replace(held, values=slots.parameters)

    def summed(self, name: str, make: Callable[[Estate], ir.Table]) -> ir.Table:
        """A sum over all findings that many questions start from; summed up once.

        Raises:
            StorageError: the engine could not read its files or had no room.
        """
        if name in self._sums:
            return self._sums[name]
        with self._lock:
            if name not in self._sums:
                self._sums[name] = self._stored(name, make(self))
            return self._sums[name]

    def kept(self, name: str, make: Callable[[Estate], Any]) -> Any:
        """Whatever was worked out from the tables; made once."""
        if name in self._kept:
            return self._kept[name]
        with self._lock:
            if name not in self._kept:
                self._kept[name] = make(self)
            return self._kept[name]

    def held(self, name: str) -> Any:
        """What was worked out beside the questions; None while it is not there."""
        return self._kept.get(name)

    def hold(self, name: str, value: Any) -> None:
        """Put something there that questions find from now on."""
        self._kept[name] = value

    def packed(
        self, name: str, made: Mapping[str, Callable[[Mapping[str, ir.Table]], ir.Table]]
    ) -> dict[str, ir.Table]:
        """Tables worked out now, one after the other, and packed into a third of the room.

        Each is given those before it, by their names; `name` is that of all of them together. For
        engines in this process.

        Raises:
            StorageError: the engine could not read its files or had no room.
        """
        tables: dict[str, ir.Table] = {}
        # A connection of its own: others ask meanwhile, and none of them waits.
        with self.backend.con.cursor() as cursor:
            try:
                cursor.execute(f"ATTACH ':memory:' AS {name} (COMPRESS)")
            except duckdb.Error as error:
                # What has the name already may be in use.
                raise _failed(error) from error
            try:
                for table, make in made.items():
                    rows = Statement.of(make(tables), self.backend)
                    cursor.execute(f"CREATE TABLE {name}.{table} AS {rows.sql}")
                    with self._lock:
                        tables[table] = self.backend.table(table, database=(name, "main"))
                # Only what is written out is packed.
                cursor.execute(f"CHECKPOINT {name}")
            except duckdb.Error as error:
                cursor.execute(f"DETACH DATABASE {name}")
                raise _failed(error) from error
        return tables

    def on_file(self) -> set[str]:
        """Names of the tables that are read from files; for engines in this process."""
        with self.backend.con.cursor() as cursor:
            views = cursor.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal")
            return {name for (name,) in views.fetchall() if name in self.tables}

    def settle(
        self, name: str, made: Mapping[str, Callable[[Mapping[str, ir.Table]], ir.Table]]
    ) -> None:
        """Tables as of `packed`, by names of `on_file`: from now on they are read in their place.

        Raises:
            StorageError: the engine could not read its files or had no room.
        """
        tables = self.packed(name, made)
        try:
            with self.backend.con.cursor() as cursor:
                for table in tables:
                    cursor.execute(f"CREATE OR REPLACE VIEW {table} AS FROM {name}.{table}")
        except duckdb.Error as error:
            raise _failed(error) from error

    @property
    def is_local(self) -> bool:
        """Whether the engine runs in this process."""
        return bool(self.backend.name == DUCKDB)

    @property
    def several(self) -> bool:
        """Whether more than one console is looked at."""
        return len(self.as_of) > 1

    def _stored(self, name: str, rows: ir.Table) -> ir.Table:
        if self.backend.name != DUCKDB:
            return rows.cache()
        try:
            # No temporary table: that would be seen by one cursor alone.
            return self.backend.create_table(ibis.util.gen_name(name), rows)
        except duckdb.Error as error:
            raise _failed(error) from error

    def moment(self, rows: ir.Table, before: timedelta = timedelta(0)) -> ir.TimestampValue:
        """The time of each row's snapshot, or so long before it; null for an unknown console."""
        moments = [(name, at - before) for name, at in self.as_of.items()]
        if len(moments) == 1:
            return ibis.literal(moments[0][1])
        if not moments:
            return ibis.null("timestamp('UTC')")
        # Rows of `plumbline.posture.coded` tell their console by a number.
        column = "console" if "console" in rows.columns else "consoles_no"
        known = self.held(column) or {}
        return ibis.cases(
            *((rows[column] == known.get(name, name), ibis.literal(at)) for name, at in moments)
        )

    def days_since(self, rows: ir.Table, start: str, end: str | None = None) -> ir.IntegerValue:
        """Whole days from one time column to another one, or to the snapshot where that is null.

        Never negative: a scanner's clock may run ahead of the console's.
        """
        stop = self.moment(rows)
        if end is not None:
            stop = ibis.coalesce(rows[end], stop)
        seconds = self.seconds(stop) - self.seconds(rows[start])
        # Not clip(), which spells its operand out four times.
        positive = (seconds.abs() + seconds) / 2
        return (positive / DAY_SECONDS).floor().cast("int64")

    def seconds(self, at: ir.TimestampValue) -> ir.NumericValue:
        """Seconds since 1970."""
        return _epoch(at) if self.backend.name == DUCKDB else at.epoch_seconds()


@dataclass(frozen=True, slots=True)
class Statement:
    """An answer that is compiled and can be run any number of times, by several threads."""

    rows: ir.Table
    sql: str
    backend: Any
    values: Mapping[str, str | int] = field(default_factory=dict)
    """Of its parameters; `rows` has stand-ins for them."""

    @classmethod
    def of(cls, rows: ir.Table, backend: Any) -> Statement:
        """Compile an answer, where its engine takes statements."""
        return cls(rows, str(rows.compile()) if backend.name == DUCKDB else "", backend)

    def _run(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        return cursor.execute(self.sql, dict(self.values) or None)

    @property
    def schema(self) -> pa.Schema:
        """Columns and types; the engine's own are wider in places, sums of counts for one."""
        return self.rows.schema().to_pyarrow()

    def fetch(self) -> pa.Table:
        """Every row at once; for answers that are known to be small.

        Raises:
            StorageError: the engine could not read its files or had no room.
        """
        if not self.sql:
            return self.rows.to_pyarrow()
        try:
            with self.backend.con.cursor() as cursor:
                return self._run(cursor).to_arrow_table().cast(self.schema)
        except duckdb.Error as error:
            raise _failed(error) from error

    def stream(self, *, rows: int = 20_000) -> Iterator[pa.RecordBatch]:
        """The rows in batches, so that any number of them passes through.

        Raises:
            StorageError: the engine could not read its files or had no room.
        """
        if not self.sql:
            yield from self.rows.to_pyarrow_batches(chunk_size=rows)
            return
        try:
            with self.backend.con.cursor() as cursor:
                for batch in self._run(cursor).to_arrow_reader(rows):
                    yield batch.cast(self.schema)
        except duckdb.Error as error:
            raise _failed(error) from error


def _failed(error: duckdb.Error) -> StorageError:
    first_line = str(error).partition("\n")[0]
    return StorageError(
        f"The snapshot could not be read: {first_line}",
        advice="run `plumbline doctor`; a full disk or a damaged file of the lake shows there.",
        unchanged="the snapshot itself; questions only read.",
    )

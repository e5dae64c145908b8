"""The engine reads files where they lie, keeps to its limits and tells its faults in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plumbline.errors import StorageError
from plumbline.lake.engine import Limits, connect, engine_faults, show_files, show_snapshot
from plumbline.tables import EVENTS, TABLES

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, *runs: int) -> str:
    pq.write_table(pa.Table.from_pylist([{"run": run} for run in runs], EVENTS.schema), path)
    return str(path)


def test_files_are_shown_as_one_table(tmp_path: Path) -> None:
    engine = connect()
    files = [write(tmp_path / "a.parquet", 1, 2), write(tmp_path / "b.parquet", 3)]
    show_files(engine, "events", files, EVENTS)
    assert engine.execute("SELECT sum(run)::INT FROM events").fetchall() == [(6,)]
    show_files(engine, "events", files[1:], EVENTS)
    assert engine.execute("SELECT sum(run)::INT FROM events").fetchall() == [(3,)]


def test_files_of_older_versions_show_the_columns_they_lack_as_null(tmp_path: Path) -> None:
    engine = connect()
    young, old = tmp_path / "young.parquet", tmp_path / "old.parquet"
    pq.write_table(pa.Table.from_pylist([{"run": 2, "cause": "why"}], EVENTS.schema), young)
    lacking = [name for name in EVENTS.names if name not in {"cause", "evidence", "at"}]
    pq.write_table(
        pa.Table.from_pylist([{"run": 1, "event": "opened"}], EVENTS.schema).select(lacking), old
    )
    show_files(engine, "events", [str(old)], EVENTS)
    shown = engine.execute("FROM events").fetchall()
    assert len(shown) == 1
    types = {row[0]: row[1] for row in engine.execute("DESCRIBE events").fetchall()}
    assert types == {row[0]: row[1] for row in _described(engine) if row[0] in EVENTS.names}
    show_files(engine, "events", [str(old), str(young)], EVENTS)
    found = engine.execute("SELECT run, event, cause FROM events ORDER BY run").fetchall()
    assert found == [(1, "opened", None), (2, None, "why")]


def _described(engine: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Columns and types as the engine gives them to the declared table."""
    show_files(engine, "declared", [], EVENTS)
    return engine.execute("SELECT column_name, column_type FROM (DESCRIBE declared)").fetchall()


def test_no_file_is_an_empty_table_with_all_columns() -> None:
    engine = connect()
    show_files(engine, "events", [], EVENTS)
    relation = engine.execute("SELECT * FROM events")
    assert [column[0] for column in relation.description] == list(EVENTS.names)
    assert relation.fetchall() == []


def test_a_snapshot_shows_every_table(tmp_path: Path) -> None:
    engine = connect()
    write(tmp_path / "a.parquet", 7)
    show_snapshot(engine, tmp_path, {"events": ["a.parquet"]})
    counts = {t.name: engine.execute(f"FROM {t.name}").fetchall() for t in TABLES}
    assert len(counts.pop("events")) == 1
    assert set(map(len, counts.values())) == {0}


def test_times_are_shown_in_utc() -> None:
    assert connect().execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]


def test_the_engine_reaches_for_no_extension() -> None:
    engine = connect()
    for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
        assert engine.execute("SELECT current_setting(?)", [name]).fetchall() == [(False,)]


def test_a_missing_file_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="engine") as caught, engine_faults():
        connect().execute("FROM read_parquet(?)", [str(tmp_path / "none.parquet")])
    assert caught.value.advice
    assert "\n" not in caught.value.what


def test_too_little_memory_is_told_with_the_setting_that_helps(tmp_path: Path) -> None:
    engine = connect(Limits(memory_mb=16, threads=1, spill=tmp_path / "spill"))
    engine.execute("SET max_temp_directory_size = '1MB'")
    with pytest.raises(StorageError) as caught, engine_faults():
        engine.execute("SELECT list(range) FROM range(20000000) ORDER BY 1").fetchall()
    assert "engine_memory_mb" in caught.value.advice


def test_what_does_not_fit_into_memory_goes_to_its_folder(tmp_path: Path) -> None:
    engine = connect(Limits(memory_mb=32, threads=1, spill=tmp_path / "spill"))
    ordered = "SELECT range, hash(range) AS h FROM range(2000000) ORDER BY h"
    found = engine.execute(f"SELECT count(*) FROM ({ordered})").fetchall()  # noqa: S608 - fixed text
    assert found == [(2_000_000,)]


def test_a_fault_of_ours_is_no_fault_of_the_engine() -> None:
    with pytest.raises(KeyError), engine_faults():
        raise KeyError("ours")
    with pytest.raises(StorageError), engine_faults():
        raise duckdb.IOException("could not write")

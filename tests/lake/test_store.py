"""Tables are written whole, old versions stay, and what was never published is left out."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from plumbline.errors import StorageError
from plumbline.lake.engine import connect
from plumbline.lake.store import Store
from plumbline.tables import EVENTS, TABLES
from plumbline.tables.declaration import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from plumbline.domain.snapshot import Pin


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "lab")


def events(*runs: int) -> pa.Table:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [{"console": "lab", "run": run, "at": at, "finding": f"f{run}"} for run in runs]
    return pa.Table.from_pylist(rows, EVENTS.schema)


def runs_in(tmp_path: Path, pin: Pin) -> list[int]:
    files = [str(tmp_path / file) for file in pin.files]
    found = connect().execute("SELECT run FROM read_parquet(?) ORDER BY run", [files]).fetchall()
    return [run for (run,) in found]


def test_a_table_is_replaced_as_a_whole(store: Store, tmp_path: Path) -> None:
    store.replace(EVENTS, events(1, 2))
    pin = store.replace(EVENTS, events(3))
    assert runs_in(tmp_path, pin) == [3]
    assert pin.rows == 1


def test_rows_are_added_to_what_was_published(store: Store, tmp_path: Path) -> None:
    first = store.append(EVENTS, events(1), None)
    second = store.append(EVENTS, events(2), first)
    assert runs_in(tmp_path, second) == [1, 2]
    assert second.rows == 2
    assert second.version > first.version


def test_a_version_that_was_never_published_is_left_out(store: Store, tmp_path: Path) -> None:
    published = store.append(EVENTS, events(1), None)
    store.append(EVENTS, events(666), published)
    after = store.append(EVENTS, events(2), published)
    assert runs_in(tmp_path, after) == [1, 2]
    again = store.append(EVENTS, events(3), after)
    assert runs_in(tmp_path, again) == [1, 2, 3]


def test_a_first_version_that_was_never_published_is_left_out(store: Store, tmp_path: Path) -> None:
    store.append(EVENTS, events(666), None)
    assert runs_in(tmp_path, store.append(EVENTS, events(1), None)) == [1]


def test_earlier_versions_stay_readable(store: Store, tmp_path: Path) -> None:
    pins = [store.replace(EVENTS, events(number)) for number in range(3)]
    assert [runs_in(tmp_path, pin) for pin in pins] == [[0], [1], [2]]
    appended = store.append(EVENTS, events(9), pins[0])
    assert runs_in(tmp_path, appended) == [0, 9]
    assert runs_in(tmp_path, pins[2]) == [2]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_can_be_written_empty(store: Store, table: Any) -> None:
    pin = store.replace(table, table.empty())
    assert pin.rows == 0
    assert store.append(table, table.empty(), pin).rows == 0


def test_others_read_the_same_table(store: Store, tmp_path: Path) -> None:
    store.replace(EVENTS, events(4))
    table = DeltaTable(str(tmp_path / "lab" / "events"))
    assert table.metadata().name == "events"
    assert table.metadata().description == EVENTS.doc
    assert sum(part.num_rows for part in _parts(table)) == 1


def _parts(table: DeltaTable) -> Iterator[pa.Table]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - beside its use

    for uri in table.file_uris():
        yield pq.read_table(uri.removeprefix("file://"))


def test_rows_that_fail_on_their_way_leave_the_version_before(store: Store, tmp_path: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield events(2).to_batches()[0]
        raise OSError(28, "No space left on device")

    first = store.replace(EVENTS, events(1))
    broken = pa.RecordBatchReader.from_batches(EVENTS.schema, batches())
    with pytest.raises(StorageError):
        store.replace(EVENTS, broken)
    assert runs_in(tmp_path, store.append(EVENTS, events(3), first)) == [1, 3]


def test_a_folder_that_cannot_be_used_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "lab").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot be written") as caught:
        Store(tmp_path, "lab").replace(EVENTS, events(1))
    assert "published snapshot" in caught.value.unchanged


def test_a_name_with_blanks_and_signs_is_only_a_name(tmp_path: Path) -> None:
    pin = Store(tmp_path, "my lab % 100#").replace(EVENTS, events(5))
    assert runs_in(tmp_path, pin) == [5]


def test_many_small_files_are_joined_and_earlier_versions_stay(
    store: Store, tmp_path: Path
) -> None:
    pins = [store.append(EVENTS, events(1), None)]
    for number in range(2, 31):
        pins.append(store.append(EVENTS, events(number), pins[-1]))
    assert max(len(pin.files) for pin in pins) <= 25
    for number in (1, 2, 24, 25, 26, 30):
        assert runs_in(tmp_path, pins[number - 1]) == list(range(1, number + 1))
        assert pins[number - 1].rows == number


def test_joining_keeps_the_rows_and_the_files_before(store: Store, tmp_path: Path) -> None:
    first = store.append(EVENTS, events(1), None)
    second = store.append(EVENTS, events(2), first)
    joined = store.compact(EVENTS, second)
    assert joined is not None
    assert len(joined.files) == 1
    assert runs_in(tmp_path, joined) == runs_in(tmp_path, second) == [1, 2]
    assert store.compact(EVENTS, joined) is None
    assert runs_in(tmp_path, store.append(EVENTS, events(3), joined)) == [1, 2, 3]


def test_what_an_unpublished_run_wrote_is_not_joined(store: Store) -> None:
    first = store.append(EVENTS, events(1), None)
    second = store.append(EVENTS, events(2), first)
    store.append(EVENTS, events(666), second)
    assert store.compact(EVENTS, second) is None


def test_rows_past_their_time_are_left_out_of_versions_to_come(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    aged = [events_at(n, now - timedelta(days=d)) for n, d in ((1, 200), (2, 145), (3, 0))]
    keeps_all = Store(tmp_path, "lab")
    before = keeps_all.append(EVENTS, aged[1], keeps_all.append(EVENTS, aged[0], None))
    store = Store(tmp_path, "lab", keep={EVENTS.name: timedelta(days=150)})
    after = store.append(EVENTS, aged[2], before)
    assert runs_in(tmp_path, after) == [2, 3]
    assert after.rows == 2
    assert runs_in(tmp_path, before) == [1, 2]
    # Not each day anew: only once the oldest is a month past it.
    soon = Store(tmp_path, "lab", keep={EVENTS.name: timedelta(days=120)})
    assert runs_in(tmp_path, soon.append(EVENTS, events_at(4, now), after)) == [2, 3, 4]


def events_at(run: int, at: datetime) -> pa.Table:
    return events(run).set_column(2, "at", pa.array([at], EVENTS.schema.field("at").type))


def test_the_log_stays_short_and_the_published_version_outlives_it(
    store: Store, tmp_path: Path
) -> None:
    log = tmp_path / "lab" / "events" / "_delta_log"
    pin = store.append(EVENTS, events(1), None)
    for _ in range(2):
        store.append(EVENTS, events(666), pin)
    old = (datetime.now(UTC) - timedelta(days=40)).timestamp()
    table = DeltaTable(str(tmp_path / "lab" / "events"))
    table.create_checkpoint()
    for file in log.iterdir():
        os.utime(file, (old, old))
    table.cleanup_metadata()
    assert not (log / f"{pin.version:020}.json").exists()
    after = store.append(EVENTS, events(2), pin)
    assert runs_in(tmp_path, after) == [1, 2]
    assert DeltaTable(str(tmp_path / "lab" / "events")).to_pyarrow_table().num_rows == 2


def test_columns_declared_later_are_added(store: Store, tmp_path: Path) -> None:
    pin = store.append(EVENTS, events(1), None)
    more = replace(EVENTS, columns=(*EVENTS.columns, Column("later", Kind.TEXT, "New.")))
    rows = pa.Table.from_pylist([{"run": 2, "later": "yes"}], more.schema)
    after = store.append(more, rows, pin)
    joined = store.compact(more, after)
    assert joined is not None
    for held in (after, joined):
        assert runs_in(tmp_path, held) == [1, 2]
    told = DeltaTable(str(tmp_path / "lab" / "events")).to_pyarrow_table()
    assert sorted(told["later"].to_pylist(), key=str) == [None, "yes"]

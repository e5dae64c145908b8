"""Tables are written whole, old versions stay, and what was never published is left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from plumbline.errors import StorageError
from plumbline.lake.engine import connect
from plumbline.lake.store import Store
from plumbline.tables import EVENTS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from plumbline.terms.snapshot import Pin


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

"""Tables held in memory tell what their files tell, and no file is read for them any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import small
from plumbline import tables
from plumbline.errors import StorageError
from plumbline.lake.engine import Limits, connect, show_snapshot
from plumbline.posture import explore, questions, resident
from plumbline.posture.engine import Estate
from plumbline.posture.filters import NO_QUERY
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from small import Made

HOST_QUESTIONS = ("host-names", "host-lists", "host-events")


def event(finding: dict[str, Any], number: int) -> dict[str, Any]:
    shared = {n: finding[n] for n in ("console", "finding", "host", "plugin_id", "severity")}
    word = ("opened", "reopened", "recast")[number % 3]
    return {**shared, "run": number % 4, "at": small.AS_OF[finding["console"]], "event": word}


@pytest.fixture
def on_file(made: Made, tmp_path: Path) -> Estate:
    """The small estate, read from files."""
    given = made.rows | {"events": [event(finding, n) for n, finding in enumerate(made.open())]}
    files = {}
    for table in tables.TABLES:
        rows = [{n: row.get(n) for n in table.names} for row in given.get(table.name, [])]
        if rows:
            pq.write_table(
                pa.Table.from_pylist(rows, table.schema), tmp_path / f"{table.name}.parquet"
            )
            files[table.name] = [f"{table.name}.parquet"]
    engine = connect(Limits(threads=1))
    show_snapshot(engine, tmp_path, files)
    backend = ibis.duckdb.from_connection(engine)
    return Estate(tables={t.name: backend.table(t.name) for t in tables.TABLES}, as_of=small.AS_OF)


def told(estate: Estate, made: Made) -> dict[str, Any]:
    """Rows of every relation, and what is asked of each host."""
    found: dict[str, Any] = {
        name: explore.rows(relation, estate, explore.Request()).fetch().to_pylist()
        for name, relation in RELATIONS.items()
    }
    for host in made.of("hosts"):
        for question in HOST_QUESTIONS:
            arguments = (host["host"], "60") if question == "host-events" else (host["host"],)
            answer = questions.ask(estate, question, arguments)
            found[f"{question} {host['host']}"] = answer.fetch().to_pylist()
    return found


def test_everything_is_told_as_before_without_the_files(
    on_file: Estate, made: Made, tmp_path: Path
) -> None:
    before = told(on_file, made)
    assert any(rows for name, rows in before.items() if name.startswith("host-events"))
    resident.prepare(on_file)
    resident.prepare(on_file)
    for name in ("hosts", "aliases", "memberships", "asset_lists", "repositories", "facts"):
        (tmp_path / f"{name}.parquet").unlink(missing_ok=True)
    assert told(on_file, made) == before
    (tmp_path / "events.parquet").unlink()
    host = made.of("hosts")[0]["host"]
    answer = questions.ask(on_file, "host-events", (host, "60")).fetch().to_pylist()
    assert answer == before[f"host-events {host}"]


def test_events_that_cannot_be_read_leave_the_rest_as_it_is(
    on_file: Estate, made: Made, tmp_path: Path
) -> None:
    before = {name: rows for name, rows in told(on_file, made).items() if "events" not in name}
    damaged = tmp_path / "events.parquet"
    content = damaged.read_bytes()
    # How many there are still stands at its end.
    damaged.write_bytes(
        content[:4] + b"\xff" * (len(content) // 4) + content[4 + len(content) // 4 :]
    )
    with pytest.raises(StorageError):
        resident.prepare(on_file)
    resident.prepare(on_file)
    (tmp_path / "hosts.parquet").unlink()
    assert not resident.has_host_events(on_file)
    for name, relation in RELATIONS.items():
        rows = explore.rows(relation, on_file, explore.Request()).fetch().to_pylist()
        assert rows == before[name]


def test_tables_that_have_a_name_already_are_not_taken_away(on_file: Estate) -> None:
    hosts = on_file.table("hosts")
    on_file.settle("held", {"hosts": lambda _: hosts})
    with pytest.raises(StorageError):
        on_file.packed("held", {"others": lambda _: hosts})
    assert explore.total(RELATIONS["hosts"], on_file, NO_QUERY) > 0


def test_what_is_in_memory_already_stays_there(estate: Estate) -> None:
    assert estate.on_file() == set()
    resident.prepare(estate)
    assert not resident.has_host_events(estate)

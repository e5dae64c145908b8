"""Runs where PLUMBLINE_TEST_POSTGRESQL holds the address of a database that may be emptied."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from plumbline.config.settings import Settings
from plumbline.errors import FatalError, StorageError
from plumbline.ledger import audit, connections, evidence, requests, runs, seal, snapshots
from plumbline.ledger.opening import close, open_ledger
from plumbline.ledger.records import Publication, Slice
from plumbline.terms.connection import Address, Connection, Keys
from plumbline.terms.request import RequestRecord
from plumbline.terms.run import RunMode, RunState
from plumbline.terms.snapshot import Pin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = os.environ.get("PLUMBLINE_TEST_POSTGRESQL", "")
pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not URL, reason="PLUMBLINE_TEST_POSTGRESQL names no database"),
]

OPEN_AND_NOTE = """
import sys
from pathlib import Path
from plumbline.config.settings import Settings
from plumbline.ledger.opening import open_ledger
from plumbline.ledger import audit
open_ledger(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2]))
for number in range(10):
    audit.note("try", str(number))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Settings]:
    """Settings that lead to the server's database, emptied."""
    settings = Settings(home=tmp_path / "home", database_url=URL)
    open_ledger(settings, migrate=False)
    from django.db import connection  # noqa: PLC0415 - Django is configured by now

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    yield settings
    close()


def test_the_whole_ledger_works_on_a_server(server: Settings) -> None:
    assert open_ledger(server)
    assert not open_ledger(server)
    lab = Connection(name="lab", address=Address(url="https://sc.example"))
    connections.add(lab, Keys("a", "s"))
    seal.rotate()
    assert connections.get_keys("lab").secret == "s"
    run = runs.start("lab", RunMode.FULL)
    with pytest.raises(FatalError, match="right now"):
        runs.start("lab", RunMode.FULL)
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    with requests.Log(run.number) as log:
        log.record(
            RequestRecord(
                at=moment,
                method="GET",
                path="/rest/system",
                summary="",
                status=200,
                received=5_000_000_000,
                seconds=1.0,
                attempt=1,
                outcome="ok",
            )
        )
    part = Slice(name="r1", state="proven", expected=1, distinct=1, passes=1)
    evidence.record_slices(run.number, [part])
    evidence.record_slices(run.number, [part])
    publication = Publication(as_of=moment, tables={"findings": Pin(version=1, files=(), rows=1)})
    shown = snapshots.publish(run.number, RunState.COMPLETE, {"open": 1}, publication)
    assert snapshots.latest_all() == (shown,)
    assert snapshots.as_of(run.number) == (shown,)
    assert runs.get(run.number).received == 5_000_000_000
    connections.remove("lab")
    assert snapshots.latest_all() == ()


def test_several_machines_may_begin_at_once(server: Settings, tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_NOTE, str(tmp_path / str(number)), URL],
            stderr=subprocess.PIPE,
            env=os.environ,
        )
        for number in range(4)
    ]
    told = [worker.communicate()[1].decode() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0], told
    assert not open_ledger(server)
    assert len(audit.listing()) == 40


def test_a_server_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    url = "postgresql://someone:hush@127.0.0.1:9/ledger?connect_timeout=2"
    with pytest.raises(StorageError, match="refused") as caught:
        open_ledger(Settings(home=tmp_path, database_url=url))
    assert "hush" not in " ".join(caught.value.lines())
    assert "server" in caught.value.advice

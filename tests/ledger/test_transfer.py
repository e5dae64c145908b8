from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps

from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.request import RequestRecord
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.severity import Severity
from plumbline.domain.snapshot import Pin
from plumbline.errors import StorageError, UsageError
from plumbline.ledger import audit, connections, evidence, requests, runs, schedules, snapshots
from plumbline.ledger.models import SliceRow
from plumbline.ledger.opening import close, open_ledger
from plumbline.ledger.records import Oddity, Publication, Slice
from plumbline.ledger.transfer import take_over

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.config.settings import Settings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of the ledger that is open."""
    return {
        model.__name__: [
            {name: bytes(one) if isinstance(one, memoryview) else one for name, one in row.items()}
            for row in model._default_manager.order_by("pk").values()
        ]
        for model in apps.get_app_config("ledger").get_models()
    }


def live(connection: Connection) -> None:
    """A little life of a connection."""
    connections.add(connection, Keys("access", "secret-word"))
    schedules.put(connection.name, "every 24h", ("08:00-18:00",), 5, changed=NOON)
    run = runs.start(connection.name, RunMode.FULL).number
    with requests.Log(run) as log:
        log.record(
            RequestRecord(
                at=NOON,
                method="GET",
                path="/rest/system",
                summary="",
                status=200,
                received=5_000_000_000,
                seconds=1.5,
                attempt=1,
                outcome="ok",
            )
        )
    evidence.record_proofs(
        run,
        [
            Proof(
                repository_id=1,
                source=Source.PATCHED,
                severity=Severity.LOW,
                ours=2,
                console=2,
            )
        ],
    )
    evidence.record_slices(
        run,
        [Slice(name=f"r{n}", state="whole", expected=n, distinct=n, passes=1) for n in range(9)],
    )
    evidence.record_oddities(run, [Oddity(kind="date", count=3, example="ä")])
    at = Publication(as_of=NOON, tables={"findings": Pin(version=1, files=("a",), rows=7)})
    snapshots.publish(run, RunState.COMPLETE, {"open": 7}, at)


@pytest.fixture
def source(tmp_path: Path, unopened: Settings) -> Settings:
    """A ledger in a file, with something in it; the sealing keys are those of the other one."""
    old = replace(
        unopened, home=tmp_path / "old", database_url="", secret_key_file=unopened.key_path
    )
    unopened.home.mkdir(mode=0o700)
    open_ledger(old)
    live(Connection(name="lab", address=Address(url="https://sc.example")))
    live(Connection(name="gone", address=Address(url="https://sc.example")))
    connections.remove("gone")
    return old


def test_everything_arrives_as_it_was(source: Settings, unopened: Settings) -> None:
    before = everything()
    assert sum(map(len, before.values())) > 30
    assert take_over(unopened, source.home / "ledger.sqlite3") == sum(map(len, before.values()))
    assert everything() == before
    assert connections.get_keys("lab").secret == "secret-word"
    open_ledger(source)
    assert everything() == before


def test_numbers_go_on_where_they_stopped(source: Settings, unopened: Settings) -> None:
    last = runs.listing()[0].number
    take_over(unopened, source.home / "ledger.sqlite3")
    assert runs.start("lab", RunMode.FULL).number > last
    audit.note("try", "more")
    live(Connection(name="new", address=Address(url="https://sc.example")))
    assert len(connections.list_all()) == 2


def test_signs_that_a_server_refuses_are_written_out(source: Settings, unopened: Settings) -> None:
    SliceRow.objects.filter(name="r1").update(note="a\0b")
    take_over(unopened, source.home / "ledger.sqlite3")
    assert {row.note for row in SliceRow.objects.filter(name="r1")} == {"a\\0b"}


def test_a_database_in_use_is_left_alone(source: Settings, unopened: Settings) -> None:
    open_ledger(unopened)
    audit.note("try", "mine")
    before = everything()
    with pytest.raises(UsageError, match="in use"):
        take_over(unopened, source.home / "ledger.sqlite3")
    assert everything() == before


def test_what_is_no_ledger_is_refused(unopened: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file"):
        take_over(unopened, tmp_path / "nope")
    empty, text = tmp_path / "empty", tmp_path / "text"
    empty.touch()
    text.write_text("no database at all" * 100)
    with pytest.raises(UsageError, match="older Plumbline, or none"):
        take_over(unopened, empty)
    with pytest.raises(StorageError, match="not a database"):
        take_over(unopened, text)
    assert not any(everything().values())
    close()

"""What only a database server can do to the ledger; the rest is tested on both databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.run import RunMode, RunState
from plumbline.errors import BusyError, PlumblineError, StorageError, UsageError
from plumbline.ledger import audit, connections, contact, evidence, runs, seal, snapshots
from plumbline.ledger.opening import close, open_ledger, outdated
from plumbline.ledger.records import Publication, Slice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postgresql import Database

pytestmark = pytest.mark.network

OPENED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from plumbline.config.settings import Settings
from plumbline.errors import PlumblineError
from plumbline.ledger import snapshots
from plumbline.ledger.opening import open_ledger
from plumbline.ledger.records import Publication
from plumbline.domain.run import RunState
open_ledger(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2]))
print("ready", flush=True)
input()
"""
PUBLISH = """
publication = Publication(as_of=datetime.now(UTC), tables={})
try:
    snapshots.publish(int(sys.argv[3]), RunState.COMPLETE, {}, publication)
except PlumblineError as error:
    print(error.what)
else:
    print("done")
"""


@pytest.fixture
def server(tmp_path: Path, postgresql: Database) -> Iterator[Settings]:
    """A ledger on a server, opened."""
    settings = Settings(home=tmp_path / "home", database_url=postgresql.url)
    open_ledger(settings)
    yield settings
    close()


@pytest.fixture
def lab(server: Settings) -> Connection:
    """A connection in that ledger."""
    connection = Connection(name="lab", address=Address(url="https://sc.example"))
    connections.add(connection, Keys("access-word", "secret-word"))
    assert server.database_url
    return connection


def at_once(settings: Settings, script: str, arguments: tuple[str, ...]) -> list[list[str]]:
    """Run a script in one process an argument, all let go together; what each printed."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENED + script, str(settings.home), settings.database_url, one],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        for one in arguments
    ]
    for worker in workers:
        assert worker.stdout
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("\n")
        worker.stdin.flush()
    told = [worker.communicate() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers), told
    return [out.splitlines() for out, _ in told]


def test_a_run_is_published_once_however_many_try(server: Settings, lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    told = sorted(at_once(server, PUBLISH, (str(run),) * 3))
    assert told == [[f"Run {run} has ended as complete."]] * 2 + [["done"]]
    assert [one.run for one in snapshots.listing(lab.name)] == [run]


def test_a_connection_is_not_removed_while_a_run_begins(lab: Connection) -> None:
    from django.db import transaction  # noqa: PLC0415 - Django is configured by now

    told: list[PlumblineError] = []
    remover = threading.Thread(target=_remove_in_thread, args=(told,))
    with transaction.atomic():
        run = runs.start(lab.name, RunMode.FULL)
        remover.start()
        remover.join(1)
        assert remover.is_alive(), "it waits for the run to be seen"
    remover.join()
    [error] = told
    assert isinstance(error, UsageError), error
    assert f"Run {run.number} is reading lab" in error.what
    assert connections.exists(lab.name)


def _remove_in_thread(told: list[PlumblineError]) -> None:
    try:
        connections.remove("lab")
    except PlumblineError as error:
        told.append(error)
    finally:
        close()


def test_a_server_restarted_between_two_operations_goes_unnoticed(
    postgresql: Database, lab: Connection
) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    for number in (signal.SIGINT, signal.SIGQUIT):
        postgresql.restart(number)
        runs.heartbeat(run)
        evidence.record_slices(
            run, [Slice(name="r1", state="read", expected=1, distinct=1, passes=1)]
        )
    postgresql.restart()
    publication = Publication(as_of=runs.get(run).started, tables={})
    postgresql.restart()
    assert snapshots.publish(run, RunState.COMPLETE, {}, publication).run == run


@pytest.mark.usefixtures("server")
def test_a_server_that_answered_before_is_waited_for(postgresql: Database) -> None:
    audit.note("try", "before")
    postgresql.stop()
    failed: list[str] = []
    waiter = threading.Thread(target=_note_in_thread, args=(failed,))
    waiter.start()
    time.sleep(1)
    assert waiter.is_alive(), "it waits"
    postgresql.start()
    waiter.join(contact.PATIENCE)
    assert not failed
    assert [act.subject for act in audit.listing()] == ["during", "before"]


def _note_in_thread(failed: list[str]) -> None:
    try:
        audit.note("try", "during")
    except StorageError as error:
        failed.append(error.what)
    finally:
        close()


def test_a_transaction_that_loses_its_server_is_undone_and_told(
    postgresql: Database, lab: Connection
) -> None:
    with pytest.raises(StorageError) as caught:
        _note_over_a_crash(postgresql)
    assert "rolled back" in caught.value.unchanged
    assert [act.subject for act in audit.listing()] == [lab.name]


def _note_over_a_crash(postgresql: Database) -> None:
    from django.db import transaction  # noqa: PLC0415 - Django is configured by now

    with transaction.atomic():
        audit.note("try", "half")
        postgresql.restart(signal.SIGQUIT)
        audit.note("try", "whole")


def test_neither_runs_nor_keys_are_shared_by_mistake(server: Settings, lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    with pytest.raises(BusyError, match="right now"):
        runs.start(lab.name, RunMode.FULL)
    with pytest.raises(UsageError, match="reading lab"):
        connections.remove(lab.name)
    assert seal.rotate() == 1
    assert connections.get_keys(lab.name).secret == "secret-word"
    assert runs.get(run.number) == run
    assert server.key_path.exists()


def test_a_server_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    url = "postgresql://someone:hush@127.0.0.1:9/ledger?connect_timeout=2"
    began = time.monotonic()
    with pytest.raises(StorageError, match="refused") as caught:
        open_ledger(Settings(home=tmp_path, database_url=url))
    assert time.monotonic() - began < contact.PATIENCE / 2, "never met, so not waited for"
    assert "hush" not in " ".join(caught.value.lines())
    assert "server" in caught.value.advice


@pytest.mark.parametrize(
    ("mistake", "advice"),
    [
        (("line-%2541", "hush"), "user and password"),
        (("plumb:", "nobody:"), "user and password"),
        (("/test_", "/other_"), "create the database"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(
    server: Settings, mistake: tuple[str, str], advice: str
) -> None:
    wrong = server.database_url.replace(*mistake)
    assert wrong != server.database_url
    with pytest.raises(StorageError) as caught:
        outdated(replace(server, database_url=wrong))
    told = " ".join(caught.value.lines())
    assert "hush" not in told
    assert "line-" not in told
    assert advice in caught.value.advice

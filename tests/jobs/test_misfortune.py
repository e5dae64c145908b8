"""Workers that fall silent, full disks, databases that go for good, and what must not leak."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from crew import lives, same_on_either_database, until
from dead import move_away
from test_disk import fill, small_disk
from test_durable import ended, last, under_way

from plumbline.domain.connection import Address
from plumbline.domain.job import JobState
from plumbline.domain.run import RunState
from plumbline.ledger import connections, jobs, opening, owner, runs, snapshots, workers
from postgresql import PASSWORD

if TYPE_CHECKING:
    from crew import MakeConsole, Workers

    from plumbline.config.settings import Settings

pytestmark = pytest.mark.network
COMMAND = [sys.executable, "-m", "plumbline", "worker"]


def freeze(number: int, settings: Settings) -> None:
    """Stop a worker at a moment when it holds no lock on a file."""
    while True:
        os.kill(number, signal.SIGSTOP)
        time.sleep(0.05)
        if settings.database_url or all(map(_is_free, settings.home.glob("*.sqlite3"))):
            return
        os.kill(number, signal.SIGCONT)
        time.sleep(0.05)


def _is_free(file: Path) -> bool:
    base = sqlite3.connect(file, isolation_level=None, timeout=0.1)
    try:
        base.execute("BEGIN IMMEDIATE")
        base.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        base.close()
    return True


def check_ends() -> None:
    assert runs.live("lab") is None
    assert all(run.state is not RunState.RUNNING for run in runs.listing("lab"))


def test_a_silent_worker_of_another_machine_is_taken_over_after_two_minutes(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    lab.emulator.set_pace(latency=0.03)
    jobs.start("lab", by="test")
    first = crew.begin(settings)
    under_way(lab)
    crew.kill(first)
    dead = jobs.for_workers(last().due)[0].worker
    move_away(dead, owner.SILENCE / 2)
    crew.begin(settings)
    until(lambda: len(workers.living()) == 2)
    time.sleep(1.5)  # three beats
    assert (last().state, last().attempts) == (JobState.RUNNING, 1)
    move_away(dead, owner.SILENCE + timedelta(seconds=1))
    done = ended()
    assert (done.state, done.attempts) == (JobState.COMPLETE, 2)
    assert lab.shown() == lab.truth()
    check_ends()


def test_a_worker_that_was_silent_and_comes_back_changes_nothing(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    lab.emulator.set_pace(latency=0.2)
    jobs.start("lab", by="test")
    first = crew.begin(settings)
    under_way(lab)
    freeze(first, settings)
    lab.emulator.set_pace(latency=0)
    move_away(last().worker, 2 * owner.SILENCE)
    second = crew.begin(settings)
    done = ended()
    assert (done.state, done.attempts) == (JobState.COMPLETE, 2)
    published, shown = snapshots.latest("lab"), lab.shown()
    os.kill(first, signal.SIGCONT)
    until(lambda: len(workers.living()) == 2)
    crew.end(second)
    jobs.start("lab", by="test", full=True)
    again = ended()
    assert (again.state, again.attempts) == (JobState.COMPLETE, 1)
    assert jobs.get(done.id) == done
    assert published is not None
    assert runs.get(published.run).state is RunState.COMPLETE
    assert lab.shown() == shown == lab.truth()
    check_ends()


def test_a_worker_is_ended_while_its_database_is_away(
    settings: Settings, console: MakeConsole, crew: Workers, request: pytest.FixtureRequest
) -> None:
    if not settings.database_url:
        pytest.skip("a file does not go away")
    server = request.getfixturevalue("postgresql")
    lab = console()
    lab.emulator.set_pace(latency=0.05)
    jobs.start("lab", by="test")
    number = crew.begin(settings)
    under_way(lab)
    server.stop(signal.SIGQUIT)
    time.sleep(1)
    os.kill(number, signal.SIGTERM)
    until(lambda: not lives(number), 20)
    server.start()
    lab.emulator.set_pace(latency=0)
    crew.once(settings)
    assert last().state is JobState.COMPLETE
    assert lab.shown() == lab.truth()
    check_ends()


@same_on_either_database
@pytest.mark.parametrize("leave", [0, 100_000])
def test_a_disk_that_is_full_under_a_worker_is_waited_for(
    settings: Settings, console: MakeConsole, crew: Workers, tmp_path: Path, leave: int
) -> None:
    with small_disk(tmp_path / "small", 40) as filler:
        small = replace(settings, home=tmp_path / "small")
        opening.open_ledger(small)
        lab = console()
        lab.settings = small
        lab.emulator.set_pace(latency=0.03)
        jobs.start("lab", by="test")
        number = crew.begin(small)
        under_way(lab)
        fill(filler, leave)
        lab.emulator.set_pace(latency=0)
        time.sleep(3)
        assert lives(number)
        filler.unlink()
        assert ended().state is JobState.COMPLETE
        assert lab.shown() == lab.truth()
        check_ends()
        crew.end(number)
        opening.close()


@same_on_either_database
def test_a_connection_that_is_edited_while_its_job_waits_is_read_as_edited(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    right = connections.get("lab")
    connections.edit(replace(right, address=Address(url="http://127.0.0.1:9")))
    jobs.start("lab", by="test")
    connections.edit(right)
    crew.once(settings)
    assert (last().state, last().attempts) == (JobState.COMPLETE, 1)
    assert lab.shown() == lab.truth()


@same_on_either_database
def test_a_worker_talks_to_its_consoles_alone(
    settings: Settings, console: MakeConsole, crew: Workers, tmp_path: Path
) -> None:
    lab = console()
    jobs.start("lab", by="test")
    number = crew.begin(settings, once=True, watch=str(tmp_path / "sight"))
    until(lambda: not lives(number))
    assert last().state is JobState.COMPLETE
    port = int(lab.emulator.url.rpartition(":")[2])
    seen = set((tmp_path / "sight").read_text().splitlines())
    assert seen <= {"127.0.0.1", str(("127.0.0.1", port))}, seen
    assert str(("127.0.0.1", port)) in seen


def test_no_secret_is_in_the_log_or_in_the_list_of_processes(
    settings: Settings, console: MakeConsole, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if not settings.database_url:
        pytest.skip("a file has no password")
    lab = console()
    lab.emulator.set_pace(latency=0.05)
    jobs.start("lab", by="test")
    surroundings = {
        "PLUMBLINE_HOME": str(settings.home),
        "PLUMBLINE_DATABASE_URL": settings.database_url,
        "PLUMBLINE_LOG_LEVEL": "debug",
        "PLUMBLINE_RETRY_PAUSE_SECONDS": "1",
    }
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(COMMAND, stderr=log, env={**os.environ, **surroundings})
    try:
        under_way(lab)
        request.getfixturevalue("postgresql").restart(signal.SIGQUIT)
        lab.emulator.set_pace(latency=0)
        assert ended().state is JobState.COMPLETE
        listed = Path(f"/proc/{worker.pid}/cmdline").read_text(encoding="utf-8")
    finally:
        worker.send_signal(signal.SIGTERM)
        code = worker.wait(60)
    told = (tmp_path / "log").read_text()
    assert code == 0
    assert "queue: " in told
    assert "Traceback" not in told
    secret, escaped = PASSWORD, PASSWORD.replace("%", "%25")
    for word in (secret, escaped, lab.emulator.access_key, lab.emulator.secret_key):
        assert word not in told
        assert word not in listed

"""Workers, queues and runs that outlive what befalls them."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
from crew import lives, same_on_either_database, until

from plumbline.domain.connection import Address, Keys
from plumbline.domain.job import JobState
from plumbline.domain.run import RunState
from plumbline.errors import StoppedError
from plumbline.ledger import connections, jobs, runs, schedules, workers
from plumbline.sync.run import Synchroniser

if TYPE_CHECKING:
    from crew import MakeConsole, Workers
    from lab import Lab

    from plumbline.config.settings import Settings
    from plumbline.ledger.records import Job

pytestmark = pytest.mark.network
FAULT = "error-500:1"
"""One answer that is tried again after a pause."""
NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there."""
WRONG = Keys("wrong", "wrong")


def last(name: str = "lab") -> Job:
    return jobs.listing(name, 1)[0]


def ended(name: str = "lab") -> Job:
    until(lambda: jobs.find(name) is None)
    return last(name)


def under_way(lab: Lab, requests: int = 12) -> None:
    """Wait until a run has got so far."""
    since = len(lab.emulator.requests)
    until(lambda: len(lab.emulator.requests) >= since + requests)


def test_a_job_is_done_and_its_run_is_its_own(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    job, fresh = jobs.start("lab", by="test")
    assert fresh
    assert jobs.start("lab", by="test") == (job, False)
    crew.once(settings)
    done = jobs.get(job.id)
    assert (done.state, done.attempts, done.error) == (JobState.COMPLETE, 1, "")
    assert done.run is not None
    assert runs.get(done.run).by == "job"
    assert lab.shown() == lab.truth()
    assert workers.living() == workers.dead() == ()


def test_consoles_are_read_side_by_side_up_to_the_cap(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    names = ["north", "south", "west"]
    for name in names:
        console(name).emulator.set_pace(latency=0.03)
        jobs.start(name, by="test")
    crew.begin(settings)
    crew.begin(settings)
    most = 0
    while any(jobs.find(name) for name in names):
        most = max(most, sum(job.state is JobState.RUNNING for job in jobs.listing()))
        time.sleep(0.05)
    assert most == settings.parallel_consoles
    assert {job.state for job in jobs.listing()} == {JobState.COMPLETE}
    assert len(runs.listing()) == len(names)


def test_a_living_worker_takes_over_from_a_dead_one(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    lab.emulator.set_pace(latency=0.03)
    jobs.start("lab", by="test")
    first = crew.begin(settings)
    under_way(lab)
    crew.begin(settings)
    crew.kill(first)
    done = ended()
    assert (done.state, done.attempts) == (JobState.COMPLETE, 2)
    assert lab.shown() == lab.truth()


@same_on_either_database
def test_a_worker_that_is_asked_to_end_stops_at_its_next_page(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    lab.emulator.set_pace(latency=0.1)
    jobs.start("lab", by="test")
    number = crew.begin(settings)
    under_way(lab)
    crew.end(number)
    assert last().state is JobState.QUEUED
    assert runs.listing("lab")[0].state is RunState.FAILED
    assert (settings.home / "staging" / "lab").exists()
    assert workers.living() == workers.dead() == ()
    lab.emulator.set_pace(latency=0)
    crew.once(settings)
    assert last().state is JobState.COMPLETE
    assert lab.shown() == lab.truth()


@same_on_either_database
def test_a_second_interrupt_ends_at_once(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    lab.emulator.set_pace(latency=3)
    jobs.start("lab", by="test")
    number = crew.begin(settings)
    under_way(lab, 1)
    os.kill(number, signal.SIGINT)
    time.sleep(0.3)
    assert lives(number)
    os.kill(number, signal.SIGINT)
    until(lambda: not lives(number), 2)
    lab.emulator.set_pace(latency=0)
    crew.once(settings)
    assert last().state is JobState.COMPLETE


@same_on_either_database
def test_a_job_is_cancelled_at_its_next_page_and_goes_on_when_retried(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    lab.emulator.set_pace(latency=0.1)
    job, _ = jobs.start("lab", by="test")
    crew.begin(settings)
    under_way(lab)
    assert jobs.cancel(jobs.get(job.id), "alice").state is JobState.RUNNING
    done = ended()
    assert (done.state, done.error) == (JobState.CANCELLED, "It was cancelled by alice.")
    assert runs.listing("lab")[0].error == "It was cancelled by alice."
    lab.emulator.set_pace(latency=0)
    jobs.retry(job.id)
    assert ended().state is JobState.COMPLETE
    assert lab.shown() == lab.truth()


@same_on_either_database
def test_a_run_in_the_foreground_is_cancelled_too(settings: Settings, console: MakeConsole) -> None:
    lab = console()

    def cancel(_seconds: float) -> None:
        runs.cancel("lab", "bob")

    lab.emulator.add_fault(FAULT)
    report = Synchroniser(settings=settings, sleep=cancel).run("lab")
    assert isinstance(report.error, StoppedError)
    assert report.run.error == "It was cancelled by bob."


@same_on_either_database
def test_a_job_waits_while_somebody_else_reads_the_console(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    told: list[Job] = []

    def wait(_seconds: float) -> None:
        jobs.start("lab", by="test")
        number = crew.begin(settings)
        until(lambda: last().state is JobState.WAITING)
        told.append(last())
        crew.kill(number)

    lab.emulator.add_fault(FAULT)
    assert Synchroniser(settings=settings, sleep=wait).run("lab").error is None
    assert "right now" in told[0].note
    assert told[0].attempts == 0
    jobs.retry(told[0].id)
    crew.once(settings)
    assert last().state is JobState.COMPLETE


@same_on_either_database
def test_a_console_that_is_down_is_tried_until_it_is_back(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console(retries=0)
    up = connections.get("lab")
    connections.edit(replace(up, address=Address(url=NOWHERE)))
    jobs.start("lab", by="test")
    first = crew.begin(settings)
    until(lambda: last().failures >= 2)
    waiting = until(lambda: last().state is JobState.WAITING and last())
    assert waiting.error
    assert waiting.due > waiting.asked
    crew.kill(first)
    crew.begin(settings)
    until(lambda: last().failures >= 3)
    connections.edit(up)
    done = ended()
    assert done.state is JobState.COMPLETE
    assert done.attempts >= 4
    assert lab.shown() == lab.truth()


@same_on_either_database
def test_a_console_that_stays_down_is_given_up(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    console(retries=0)
    down = replace(connections.get("lab"), address=Address(url=NOWHERE))
    connections.edit(down)
    jobs.start("lab", by="test")
    crew.begin(replace(settings, retry_limit_seconds=1))
    done = ended()
    assert done.state is JobState.FAILED
    assert "It was tried for" in done.error


@same_on_either_database
def test_refused_keys_are_not_tried_again(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    connections.set_keys("lab", WRONG)
    jobs.start("lab", by="test")
    crew.once(settings)
    assert (last().state, last().attempts) == (JobState.FAILED, 1)
    assert last().error
    assert lab.emulator.requests


def test_a_database_that_restarts_under_a_run_does_no_harm(
    settings: Settings,
    console: MakeConsole,
    crew: Workers,
    request: pytest.FixtureRequest,
) -> None:
    if not settings.database_url:
        pytest.skip("a file does not restart")
    server = request.getfixturevalue("postgresql")
    lab = console()
    lab.emulator.set_pace(latency=0.05)
    jobs.start("lab", by="test")
    crew.begin(settings)
    under_way(lab)
    server.stop(signal.SIGQUIT)
    time.sleep(1)
    server.start()
    lab.emulator.set_pace(latency=0)
    assert ended().state is JobState.COMPLETE
    assert runs.live("lab") is None
    assert lab.shown() == lab.truth()


def test_a_locked_file_is_waited_for(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    if settings.database_url:
        pytest.skip("a server has no file")
    lab = console()
    lab.emulator.set_pace(latency=0.02)
    jobs.start("lab", by="test")
    crew.begin(settings)
    under_way(lab, 6)
    for name in ("ledger.sqlite3", "jobs.sqlite3"):
        with sqlite3.connect(settings.home / name, isolation_level=None) as base:
            base.execute("BEGIN EXCLUSIVE")
            time.sleep(1)
            base.execute("ROLLBACK")
        base.close()
    assert ended().state is JobState.COMPLETE
    assert lab.shown() == lab.truth()


def test_the_queue_may_be_lost_and_is_filled_again(
    settings: Settings, console: MakeConsole, crew: Workers, request: pytest.FixtureRequest
) -> None:
    lab = console()
    lab.emulator.set_pace(latency=0.05)
    jobs.start("lab", by="test")
    number = crew.begin(settings)
    under_way(lab)
    crew.kill(number)
    if settings.database_url:
        request.getfixturevalue("postgresql").say("DROP SCHEMA plumbline_jobs CASCADE")
    for file in settings.home.glob("jobs.sqlite3*"):
        file.unlink()
    crew.once(settings)
    assert last().state is JobState.COMPLETE
    assert lab.shown() == lab.truth()


@same_on_either_database
def test_what_may_not_begin_waits_or_ends(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console()
    console("gone")
    connections.pause("lab", paused=True)
    jobs.start("lab", by="test")
    jobs.start("gone", by="test")
    connections.remove("gone")
    crew.once(settings)
    assert last().state is JobState.QUEUED
    assert last("gone").state is JobState.CANCELLED
    assert last("gone").error == "The connection was removed."
    connections.pause("lab", paused=False)
    crew.once(settings)
    assert last().state is JobState.COMPLETE
    assert lab.shown() == lab.truth()


@same_on_either_database
def test_a_run_waits_for_its_budget_and_can_be_cancelled_meanwhile(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    lab = console(requests_per_hour=10)
    jobs.start("lab", by="test")
    first = crew.begin(settings)
    waiting = until(lambda: last().note.startswith("Waiting until") and last())
    assert "10 requests an hour are allowed" in waiting.note
    assert len(lab.emulator.requests) == 10
    crew.kill(first)
    second = crew.begin(settings)
    until(lambda: last().attempts == 2 and last().note.startswith("Waiting until"))
    # What the killed process had sent and not yet written down is all that it may exceed.
    assert len(lab.emulator.requests) <= 20
    jobs.cancel(last(), "carol")
    assert ended().error == "It was cancelled by carol."
    crew.end(second)


def test_the_queue_holds_no_pickles(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    console()
    jobs.start("lab", by="test")
    crew.once(settings)
    if settings.database_url:
        with psycopg.connect(settings.database_url) as server:
            query = "SELECT serialization FROM plumbline_jobs.workflow_status"
            told = {row[0] for row in server.execute(query)}
    else:
        with sqlite3.connect(settings.home / "jobs.sqlite3") as file:
            told = {row[0] for row in file.execute("SELECT serialization FROM workflow_status")}
        file.close()
    assert told == {"portable_json"}


@same_on_either_database
def test_missed_times_make_one_run_and_none_piles_up(
    settings: Settings, console: MakeConsole, crew: Workers
) -> None:
    console()
    long_ago = datetime.now(UTC) - timedelta(days=3)
    schedules.put("lab", "every 5m", (), 0, changed=long_ago)
    schedules.plan("lab", long_ago + timedelta(minutes=5))
    crew.once(settings)
    [only] = jobs.listing("lab")
    assert (only.by, only.state) == ("schedule", JobState.COMPLETE)
    planned = schedules.get("lab").next_at
    assert planned is not None
    assert planned > datetime.now(UTC)

"""Jobs and schedules as rows: what may be done to them in each state, and what time does."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from dead import at_work, gone

from plumbline.domain.connection import Address, Connection, ConnectionKind, Keys
from plumbline.domain.job import OPEN, JobState
from plumbline.errors import UsageError
from plumbline.jobs import rule, schedule
from plumbline.jobs.upkeep import VACUUM, Upkeep
from plumbline.jobs.verdict import End, Ended, judge
from plumbline.ledger import audit, connections, jobs, schedules
from plumbline.sync.run import Synchroniser

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.config.settings import Settings
    from plumbline.ledger.records import Job

pytestmark = pytest.mark.network  # PostgreSQL is reached by a socket
LATER = timedelta(days=1)


@pytest.fixture
def lab(settings: Settings) -> str:
    assert settings.home.exists()
    connections.add(
        Connection(name="lab", address=Address(url="https://sc.example")), Keys("a", "b")
    )
    return "lab"


def begun(worker: str) -> Job:
    job, _ = jobs.start("lab", by="test")
    claimed = jobs.claim(job.id, job.turn, worker)
    assert claimed is not None
    return claimed


def settled(state: JobState, **changes: object) -> Job:
    job = begun(at_work())
    jobs.settle(job.id, job.turn, state, changes)
    return jobs.get(job.id)


def queued() -> Job:
    return jobs.start("lab", by="test")[0]


def waiting() -> Job:
    return settled(JobState.WAITING, due=datetime.now(UTC) + LATER, note="Down.")


@pytest.mark.parametrize("make", [queued, waiting, lambda: begun(gone())])
@pytest.mark.usefixtures("lab")
def test_a_job_nobody_works_on_is_cancelled_at_once(make: Callable[[], Job]) -> None:
    job = make()
    assert jobs.cancel(job, "alice").state is JobState.CANCELLED
    ended = jobs.get(job.id)
    assert (ended.error, ended.note) == ("It was cancelled by alice.", "")
    assert ended.ended
    assert jobs.claim(job.id, job.turn, at_work()) is None
    assert jobs.for_workers(datetime.now(UTC) + 2 * LATER) == ()


@pytest.mark.parametrize("outcome", list(OPEN))
@pytest.mark.usefixtures("lab")
def test_a_job_at_work_is_cancelled_when_its_worker_settles_it(outcome: JobState) -> None:
    job = begun(worker := at_work())
    told = jobs.cancel(job, "alice")
    assert (told.state, told.stopped_by) == (JobState.RUNNING, "alice")
    jobs.settle(job.id, job.turn, outcome, {"due": datetime.now(UTC)}, worker=worker)
    assert jobs.get(job.id).error == "It was cancelled by alice."
    assert jobs.get(job.id).state is JobState.CANCELLED


@pytest.mark.usefixtures("lab")
def test_a_run_that_was_published_before_it_heard_of_the_end_is_complete() -> None:
    job = begun(worker := at_work())
    jobs.cancel(job, "alice")
    jobs.settle(job.id, job.turn, JobState.COMPLETE, {}, worker=worker)
    assert jobs.get(job.id).state is JobState.COMPLETE


@pytest.mark.parametrize("state", sorted(set(JobState) - set(OPEN)))
@pytest.mark.usefixtures("lab")
def test_what_has_ended_is_not_cancelled(state: JobState) -> None:
    with pytest.raises(UsageError, match=f"has ended as {state}"):
        jobs.cancel(settled(state), "alice")


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.INCOMPLETE, JobState.CANCELLED])
@pytest.mark.usefixtures("lab")
def test_what_ended_without_a_result_is_tried_again_from_anew(state: JobState) -> None:
    old = settled(state, failures=7, failing_since=datetime.now(UTC), incompletes=1, error="No.")
    found = jobs.retry(old.id)
    assert (found.state, found.failures, found.failing_since) == (JobState.QUEUED, 0, None)
    assert (found.incompletes, found.error, found.ended) == (0, "", None)
    assert found.turn > old.turn
    assert jobs.for_workers(datetime.now(UTC)) == (found,)


@pytest.mark.usefixtures("lab")
def test_what_waits_is_tried_at_once() -> None:
    assert jobs.retry(waiting().id).state is JobState.QUEUED
    assert len(jobs.for_workers(datetime.now(UTC))) == 1


@pytest.mark.usefixtures("lab")
def test_what_cannot_be_tried_again_is_refused_in_words() -> None:
    done = settled(JobState.COMPLETE)
    failed = settled(JobState.FAILED)
    with pytest.raises(UsageError, match="is complete"):
        jobs.retry(done.id)
    running = begun(at_work())
    with pytest.raises(UsageError, match="is running"):
        jobs.retry(running.id)
    with pytest.raises(UsageError, match=f"Job {running.id} of lab is running already"):
        jobs.retry(failed.id)
    with pytest.raises(UsageError, match="There is no job 99"):
        jobs.retry(99)


@pytest.mark.usefixtures("lab")
def test_who_was_taken_for_dead_settles_nothing() -> None:
    job = begun(silent := gone())
    assert jobs.get(job.id).state is JobState.QUEUED
    assert jobs.claim(job.id, job.turn, at_work())
    jobs.settle(job.id, job.turn, JobState.FAILED, {"error": "Late."}, worker=silent)
    assert jobs.get(job.id).state is JobState.RUNNING


@pytest.mark.usefixtures("lab")
def test_words_that_no_database_keeps_are_kept_all_the_same() -> None:
    job = begun(worker := at_work())
    jobs.tell(job.id, worker, "page \0 of \ud800")
    jobs.settle(job.id, job.turn, JobState.FAILED, {"error": "It said \0."}, worker=worker)
    assert jobs.get(job.id).error == "It said \\0."


def test_a_turn_whose_end_is_never_known_is_given_up_in_words(settings: Settings, lab: str) -> None:
    unseen = Ended(end=End.PASSING, error="Unseen.", advice="Look.")
    job, now, tries = jobs.start(lab, by="test")[0], datetime.now(UTC), 0
    while job.state in OPEN:
        verdict = judge(job, unseen, settings, now)
        jobs.settle(job.id, job.turn, verdict.state, verdict.changes)
        job, tries = jobs.get(job.id), tries + 1
        now = max(now, job.due)
    assert job.state is JobState.FAILED
    assert job.error.startswith("Unseen. It was tried for")
    assert tries < settings.retry_limit_seconds


@pytest.mark.parametrize(
    ("before", "now"),
    [(queued, JobState.QUEUED), (waiting, JobState.WAITING), (lambda: begun(at_work()), "running")],
)
def test_a_time_that_comes_while_a_job_is_open_is_skipped(
    settings: Settings, lab: str, before: Callable[[], Job], now: str
) -> None:
    schedule.put(settings, lab, rule.every("5m"))
    job = before()
    schedule.begin_due(settings, at := datetime.now(UTC) + timedelta(minutes=6))
    assert [one.id for one in jobs.listing()] == [job.id]
    assert jobs.get(job.id).state == now
    planned = schedules.get(lab).next_at
    assert planned is not None
    assert at < planned <= at + timedelta(minutes=5)


def test_a_clock_that_jumps_forward_begins_what_is_due_once(settings: Settings, lab: str) -> None:
    schedule.put(settings, lab, rule.every("5m"))
    for _ in range(3):
        schedule.begin_due(settings, datetime.now(UTC) + timedelta(days=400))
    assert len(jobs.listing()) == 1


def test_a_clock_that_was_far_ahead_leaves_no_schedule_waiting_for_years(
    settings: Settings, lab: str
) -> None:
    schedule.put(settings, lab, rule.every("1h"))
    schedules.plan(lab, datetime.now(UTC) + timedelta(days=4_000))
    schedule.begin_due(settings, now := datetime.now(UTC))
    planned = schedules.get(lab).next_at
    assert planned is not None
    assert planned <= now + timedelta(hours=1)


@pytest.mark.usefixtures("lab")
def test_a_clock_that_jumps_back_leaves_no_job_waiting_for_years() -> None:
    job = settled(JobState.WAITING, due=datetime.now(UTC) + timedelta(days=4_000))
    jobs.bring_forward(latest := datetime.now(UTC) + schedule.LONGEST_WAIT)
    assert jobs.get(job.id).due == latest


def test_a_connection_that_is_paused_skips_its_times(settings: Settings, lab: str) -> None:
    schedule.put(settings, lab, rule.every("5m"))
    connections.pause(lab, paused=True)
    schedule.begin_due(settings, datetime.now(UTC) + timedelta(minutes=6))
    assert jobs.listing() == ()
    queued()
    assert jobs.for_workers(datetime.now(UTC)) == ()
    connections.pause(lab, paused=False)
    assert len(jobs.for_workers(datetime.now(UTC))) == 1


@pytest.mark.parametrize("end", [connections.remove, connections.retire])
def test_a_connection_that_goes_takes_its_waiting_job_with_it(
    lab: str, end: Callable[[str], object]
) -> None:
    job = queued()
    end(lab)
    jobs.close_removed()
    assert jobs.get(job.id).state is JobState.CANCELLED
    assert jobs.get(job.id).error


def test_what_has_no_console_to_read_is_refused_in_words(settings: Settings, lab: str) -> None:
    files = Connection(name="files", address=Address(url=""), kind=ConnectionKind.FILE)
    connections.add(files, None)
    connections.retire(lab)
    for name, words in {"files": "imported files", "lab": "was retired"}.items():
        with pytest.raises(UsageError, match=words):
            schedule.put(settings, name, rule.every("1h"))
        with pytest.raises(UsageError, match=words):
            jobs.start(name, by="test")
        with pytest.raises(UsageError, match=words):
            Synchroniser(settings=settings).run(name)
    assert jobs.names() == []


@pytest.mark.usefixtures("lab")
def test_upkeep_comes_once_a_day_whoever_asks(settings: Settings) -> None:
    done: list[Settings] = []
    now = datetime.now(UTC)
    for hours in (0, 1, 23, 25):
        keeper = Upkeep(
            settings=settings,
            clear=lambda found, gone: done.append(found),  # noqa: ARG005
            clock=lambda at=now + timedelta(hours=hours): at,  # type: ignore[misc]
        )
        keeper.after_run()
        keeper.wait()
    assert len(done) == 2
    assert [act.action for act in audit.listing()].count(VACUUM) == 2


def test_upkeep_that_fails_is_a_line_in_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_settings: Settings, *, gone: object) -> None:
        del gone
        raise OSError("no such luck")

    keeper = Upkeep(settings=settings, clear=fail)
    keeper.after_run()
    keeper.wait()
    assert "could not be cleared up: OSError: no such luck" in caplog.text


def test_upkeep_of_a_worker_that_ends_stops_behind_the_file_it_is_at(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    begun, go_on, removed = threading.Event(), threading.Event(), []

    def clear(_settings: Settings, *, gone: Callable[[str], None]) -> None:
        for file in ("first", "second"):
            begun.set()
            assert go_on.wait(30)
            removed.append(file)
            gone(file)

    keeper = Upkeep(settings=settings, clear=clear)
    keeper.after_run()
    assert begun.wait(30)
    threading.Timer(0.3, go_on.set).start()
    keeper.end()
    assert removed == ["first"]
    assert "cut short" in caplog.text


def test_an_edit_holds_from_the_next_turn_on(lab: str) -> None:
    job = queued()
    connections.edit(replace(connections.get(lab), address=Address(url="https://other.example")))
    assert jobs.get(job.id) == job

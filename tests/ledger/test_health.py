from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from plumbline.domain.connection import Connection, ConnectionKind, Keys
from plumbline.domain.finding import Source
from plumbline.domain.health import Cause, HealthState
from plumbline.domain.job import JobState
from plumbline.domain.proof import Proof
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.severity import Severity
from plumbline.errors import IncompleteError, StoppedError, UsageError
from plumbline.ledger import connections, evidence, health, jobs, runs, schedules, snapshots
from plumbline.ledger.models import ConnectionRow, JobRow, RunRow, SealedRow, SnapshotRow
from plumbline.ledger.records import Oddity, Publication

if TYPE_CHECKING:
    from plumbline.ledger.health import Health

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Runs of the connection `lab`, told by how long ago they began."""

    now: datetime

    def good(self, ago: timedelta = HOUR, seconds: float = 60, *, ours: int = 7) -> int:
        """A run that published."""
        run = runs.start("lab", RunMode.FULL).number
        proof = Proof(
            repository_id=1,
            source=Source.CUMULATIVE,
            severity=Severity.HIGH,
            ours=ours,
            console=7,
        )
        evidence.record_proofs(run, [proof])
        runs.saw(run, rows=9, sight={})
        counts = {"open": 7, "new": 3, "changed": 2, "fixed": 1}
        at = Publication(as_of=self.now - ago, tables={})
        snapshots.publish(run, RunState.COMPLETE, counts, at)
        self._move(run, ago, seconds)
        SnapshotRow.objects.filter(run=run).update(published=self.now - ago)
        return run

    def bad(self, ago: timedelta = HOUR, code: int = 5, error: str = "It is gone.") -> int:
        """A run that published nothing."""
        run = runs.start("lab", RunMode.FULL).number
        incomplete = code == IncompleteError.exit_code
        state = RunState.INCOMPLETE if incomplete else RunState.FAILED
        runs.finish(run, state, error=error, advice="Mend it.", code=code)
        self._move(run, ago, 1)
        return run

    def _move(self, run: int, ago: timedelta, seconds: float) -> None:
        began = self.now - ago
        ended = began + timedelta(seconds=seconds)
        RunRow.objects.filter(pk=run).update(started=began, ended=ended, seconds=seconds)

    def job(self, state: JobState, **columns: object) -> int:
        """The newest job."""
        job, _ = jobs.start("lab", by="schedule")
        ended = None if state in {JobState.WAITING, JobState.QUEUED} else self.now
        JobRow.objects.filter(pk=job.id).update(state=state, ended=ended, **columns)
        return job.id

    def plan(self, ahead: timedelta) -> None:
        """A schedule that is due so much later."""
        schedules.put("lab", "every 24h", (), 0, changed=self.now)
        schedules.plan("lab", self.now + ahead)

    def look(self, stale_after: timedelta = 2 * DAY) -> Health:
        """The health of the connection now."""
        [found] = health.examine(self.now, stale_after, ["lab"])
        return found

    def causes(self) -> list[Cause]:
        """Why it is no better."""
        return [reason.cause for reason in self.look().reasons]


@pytest.fixture
def past(lab: Connection) -> Past:
    ConnectionRow.objects.filter(name=lab.name).update(created=datetime(2000, 1, 1, tzinfo=UTC))
    return Past(now=datetime.now(UTC))


def test_a_connection_that_was_just_read_is_active(past: Past) -> None:
    number = past.good()
    evidence.record_oddities(number, [Oddity(kind="date", count=4)])
    found = past.look()
    assert (found.state, found.reasons) == (HealthState.ACTIVE, ())
    assert found.last_good == found.last_try == runs.get(number)
    assert found.age == HOUR
    assert not found.is_stale
    assert found.proof == health.Agreement(agreeing=1, totals=1)
    assert found.changes == {
        "new": 3,
        "changed": 2,
        "fixed": 1,
        "reopened": None,
        "vanished": None,
    }
    assert found.last_good.rows == 9
    assert found.findings == {"critical": 0, "high": 7, "medium": 0, "low": 0, "info": 0}
    assert found.oddities == 4
    assert found.next_at is None


def test_a_connection_that_was_never_read_is_an_error(past: Past) -> None:
    found = past.look()
    assert (found.state, past.causes()) == (HealthState.ERROR, [Cause.UNREAD])
    assert found.reasons[0].remedy == "plumbline sync lab"
    assert (found.age, found.last_good, found.findings) == (None, None, {})


def test_its_first_run_is_waited_for(past: Past) -> None:
    run = runs.start("lab", RunMode.FULL)
    found = past.look()
    assert (found.state, past.causes()) == (HealthState.DEGRADED, [Cause.FIRST_RUN])
    assert found.running == run
    assert found.last_try is None


def test_without_keys_nothing_will_get_better(past: Past) -> None:
    past.good()
    SealedRow.objects.update(keys=b"")
    assert past.look().state is HealthState.ERROR
    assert past.causes() == [Cause.NO_KEYS]


def test_one_that_takes_files_needs_no_keys(past: Past, lab: Connection) -> None:
    connections.add(replace(lab, name="files", kind=ConnectionKind.FILE), None)
    [found] = health.examine(past.now, DAY, ["files"])
    assert [reason.cause for reason in found.reasons] == [Cause.UNREAD]
    assert "import" in found.reasons[0].remedy


@pytest.mark.parametrize(
    ("code", "cause"), [(1, Cause.FAILED), (5, Cause.FAILED), (6, Cause.INCOMPLETE)]
)
def test_a_try_that_failed_degrades(past: Past, code: int, cause: Cause) -> None:
    past.good(DAY)
    number = past.bad(code=code)
    found = past.look()
    assert (found.state, past.causes(), found.failures) == (HealthState.DEGRADED, [cause], 1)
    assert f"Run {number}" in found.reasons[0].what
    assert "It is gone." in found.reasons[0].what
    assert found.reasons[0].remedy == "Mend it."


@pytest.mark.parametrize("code", [3, 4])
def test_what_only_a_person_can_mend_is_an_error_at_once(past: Past, code: int) -> None:
    past.good(DAY)
    past.bad(code=code)
    assert past.look().state is HealthState.ERROR
    assert past.causes() == [Cause.REFUSED]


def test_three_failures_in_a_row_are_an_error_and_a_good_run_ends_them(past: Past) -> None:
    past.good(DAY)
    for hours in (4, 3):
        past.bad(hours * HOUR)
    assert past.look().state is HealthState.DEGRADED
    past.bad(2 * HOUR)
    assert (past.look().state, past.causes()) == (HealthState.ERROR, [Cause.FAILING])
    past.good()
    assert past.look().state is HealthState.ACTIVE


def test_while_a_job_tries_again_it_may_still_get_better(past: Past) -> None:
    past.good(DAY)
    for hours in (4, 3, 2):
        past.bad(hours * HOUR)
    due = past.now + HOUR
    past.job(JobState.WAITING, due=due)
    found = past.look()
    assert (found.state, past.causes()) == (HealthState.DEGRADED, [Cause.FAILED])
    assert f"tried again at {due:%Y-%m-%d %H:%M}" in found.reasons[0].what
    assert found.next_at == due


def test_a_job_that_was_given_up_is_an_error_until_something_is_published(past: Past) -> None:
    past.good(DAY)
    number = past.job(JobState.FAILED, error="No key opens it.", advice="Restore it.")
    found = past.look()
    assert (found.state, past.causes()) == (HealthState.ERROR, [Cause.GIVEN_UP])
    assert found.reasons[0].what == f"Job {number} was given up: No key opens it."
    past.good(-HOUR)
    assert Cause.GIVEN_UP not in past.causes()


def test_what_ended_run_and_job_alike_is_told_once(past: Past) -> None:
    past.good(DAY)
    past.bad()
    past.job(JobState.FAILED, error="It is gone.")
    assert past.causes() == [Cause.GIVEN_UP]


def test_a_run_that_somebody_stopped_is_no_failure(past: Past) -> None:
    past.good(DAY)
    past.bad(code=StoppedError.exit_code)
    found = past.look()
    assert (found.state, found.failures) == (HealthState.ACTIVE, 0)
    assert found.last_try is not None
    assert found.last_try.state is RunState.FAILED


def test_old_data_is_stale_by_the_setting(past: Past) -> None:
    past.good(49 * HOUR)
    assert (past.look().state, past.causes()) == (HealthState.DEGRADED, [Cause.STALE])
    assert past.look(50 * HOUR).state is HealthState.ACTIVE
    assert "2.0 days old" in past.look().reasons[0].what


def test_weekly_data_is_stale_when_a_turn_was_missed(past: Past) -> None:
    past.good(5 * DAY)
    past.plan(2 * DAY)
    found = past.look()
    assert (found.state, found.fresh_for) == (HealthState.ACTIVE, 14 * DAY)
    assert found.next_at == past.now + 2 * DAY


def test_a_failure_does_not_make_old_data_fresh(past: Past) -> None:
    past.good(15 * DAY)
    past.bad(DAY)
    past.plan(6 * DAY)
    assert set(past.causes()) == {Cause.FAILED, Cause.STALE}


def test_a_run_that_nobody_began_is_told(past: Past) -> None:
    past.good()
    past.plan(-2 * HOUR)
    assert (past.look().state, past.causes()) == (HealthState.DEGRADED, [Cause.OVERDUE])
    assert "worker" in past.look().reasons[0].remedy
    runs.start("lab", RunMode.FULL)
    assert past.causes() == []


def test_busy_workers_may_be_an_hour_late(past: Past) -> None:
    past.good()
    past.plan(-HOUR / 2)
    assert past.look().state is HealthState.ACTIVE


def test_what_does_not_agree_is_told(past: Past) -> None:
    past.good(ours=6)
    found = past.look()
    assert (found.state, past.causes()) == (HealthState.DEGRADED, [Cause.UNPROVEN])
    assert found.proof == health.Agreement(agreeing=0, totals=1)


def test_a_paused_connection_is_paused_whatever_else_it_is(past: Past) -> None:
    past.plan(HOUR)
    connections.pause("lab", paused=True)
    found = past.look()
    assert (found.state, found.reasons, found.next_at) == (HealthState.PAUSED, (), None)


def test_where_keys_were_deleted_it_is_paused_and_that_is_told(past: Past) -> None:
    past.good()
    running = runs.start("lab", RunMode.FULL)
    connections.delete_keys("lab")
    assert (past.look().state, past.causes()) == (HealthState.PAUSED, [Cause.NO_KEYS])
    assert runs.heartbeat(running.number)


def test_retired_ones_are_told_apart_and_last(past: Past, lab: Connection) -> None:
    connections.add(replace(lab, name="zoo"), Keys("a", "b"))
    ConnectionRow.objects.filter(name="lab").update(retired=past.now)
    found = health.examine(past.now, DAY)
    assert [(one.connection, one.state) for one in found] == [
        ("zoo", HealthState.ERROR),
        ("lab", HealthState.RETIRED),
    ]


def test_the_trend_compares_runs_of_one_mode(past: Past) -> None:
    for number, seconds in enumerate((10, 20, 30, 80)):
        past.good((9 - number) * HOUR, seconds)
    trend = past.look().trend
    assert (trend.seconds, trend.median, trend.ratio) == ((10, 20, 30, 80), 20, 4)
    past.bad()
    assert past.look().trend == trend


def test_a_first_run_has_nothing_to_be_compared_with(past: Past) -> None:
    past.good(seconds=10)
    trend = past.look().trend
    assert (trend.seconds, trend.median, trend.ratio) == ((10,), None, None)


def test_runs_of_a_removed_connection_are_not_those_of_its_namesake(
    past: Past, lab: Connection
) -> None:
    past.good()
    past.bad()
    connections.remove("lab")
    connections.add(lab, Keys("a", "b"))
    found = past.look()
    assert (found.last_try, found.last_good, found.failures) == (None, None, 0)


def test_an_unknown_connection_is_refused(past: Past) -> None:
    with pytest.raises(UsageError, match="no connection 'nope'"):
        health.examine(past.now, DAY, ["lab", "nope"])

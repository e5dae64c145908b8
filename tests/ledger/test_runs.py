from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from plumbline.domain.connection import Connection, Keys
from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.request import RequestRecord
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.severity import Severity
from plumbline.domain.snapshot import Pin
from plumbline.errors import FatalError, UsageError
from plumbline.ledger import connections, evidence, owner, requests, runs, snapshots
from plumbline.ledger.models import RunRow
from plumbline.ledger.records import Oddity, Publication, Slice

if TYPE_CHECKING:
    from plumbline.config.settings import Settings

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)

START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from plumbline.config.settings import Settings
from plumbline.ledger.opening import open_ledger
from plumbline.ledger import runs
from plumbline.domain.run import RunMode
open_ledger(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2]))
print(runs.start("lab", RunMode.FULL).number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_run(settings: Settings) -> int:
    told = subprocess.run(
        [sys.executable, "-c", START_AND_DIE, str(settings.home), settings.database_url],
        capture_output=True,
        check=False,
        env=os.environ,
    )
    return int(told.stdout)


def pin(version: int) -> Publication:
    return Publication(
        as_of=NOON,
        tables={"findings": Pin(version=version, files=("a.parquet",), rows=7)},
        plan={"repositories": {"1": 1700000000}},
    )


def request(at: datetime = NOON, outcome: str = "ok", received: int = 10) -> RequestRecord:
    return RequestRecord(
        at=at,
        method="POST",
        path="/rest/analysis",
        summary="vulndetails",
        status=200,
        received=received,
        seconds=0.5,
        attempt=1,
        outcome=outcome,
    )


def test_a_run_begins_and_ends(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    assert run.state is RunState.RUNNING
    assert run.ended is None
    done = runs.finish(run.number, RunState.COMPLETE, {"open": 3})
    assert done == runs.get(run.number)
    assert done.counts == {"open": 3}
    assert done.ended is not None
    assert done.seconds == pytest.approx((done.ended - done.started).total_seconds())


def test_numbers_only_grow_over_all_connections(lab: Connection) -> None:
    connections.add(replace(lab, name="other"), Keys("a", "b"))
    numbers = []
    for name in ("lab", "other", "lab"):
        run = runs.start(name, RunMode.FULL)
        runs.finish(run.number, RunState.FAILED)
        numbers.append(run.number)
    RunRow.objects.filter(pk=numbers[-1]).delete()
    numbers.append(runs.start("lab", RunMode.FULL).number)
    assert numbers == sorted(set(numbers))


def test_runs_are_listed_from_the_newest(lab: Connection) -> None:
    connections.add(replace(lab, name="other"), Keys("a", "b"))
    first, second = runs.start("lab", RunMode.FULL), runs.start("other", RunMode.INCREMENTAL)
    assert [run.number for run in runs.listing()] == [second.number, first.number]
    assert [run.number for run in runs.listing("lab")] == [first.number]
    assert len(runs.listing(limit=1)) == 1


def test_a_console_is_read_by_one_run_at_a_time(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    with pytest.raises(FatalError, match=f"Run {run.number} is reading lab right now"):
        runs.start(lab.name, RunMode.FULL)
    assert runs.resumable(lab.name) is None
    assert runs.live(lab.name) == runs.get(run.number)


@pytest.mark.usefixtures("lab")
def test_a_killed_run_is_recognised_and_taken_over(settings: Settings) -> None:
    number = killed_run(settings)
    assert runs.live("lab") is None
    found = runs.resumable("lab")
    assert found is not None
    assert found.number == number
    assert runs.resume(number).number == number
    assert runs.resumable("lab") is None
    with pytest.raises(FatalError, match="right now"):
        runs.resume(number)
    assert runs.finish(number, RunState.COMPLETE).state is RunState.COMPLETE


@pytest.mark.usefixtures("lab")
def test_a_killed_run_that_is_not_taken_over_ends_as_failed(settings: Settings) -> None:
    number = killed_run(settings)
    assert runs.get(number).state is RunState.FAILED, "shown as it is before anybody tidies up"
    assert runs.listing("lab", 1)[0].ended is not None
    fresh = runs.start("lab", RunMode.FULL)
    assert fresh.number > number
    dead = runs.get(number)
    assert dead.state is RunState.FAILED
    assert "stopped before it could finish" in dead.error


def test_the_pause_between_kill_and_resumption_is_no_work(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    ago = datetime.now(UTC) - timedelta(hours=5)
    RunRow.objects.filter(pk=run.number).update(
        started=ago, claimed=ago, heartbeat=ago + timedelta(seconds=60), pid=2**22 - 1, process="x"
    )
    runs.resume(run.number)
    assert runs.finish(run.number, RunState.COMPLETE).seconds == pytest.approx(60, abs=5)


def test_a_process_on_another_machine_lives_by_its_heartbeat() -> None:
    far = owner.Owner(host="elsewhere.example", pid=1, process="")
    assert far.lives(NOON, NOON + timedelta(seconds=119))
    assert not far.lives(NOON, NOON + timedelta(seconds=121))


def test_a_later_process_with_the_same_number_is_not_the_owner() -> None:
    me = owner.this()
    assert me.lives(NOON, NOON)
    assert not replace(me, process="another boot:1").lives(NOON, NOON)


def test_a_killed_process_that_nobody_has_buried_is_dead() -> None:
    worker = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    dead = owner.Owner(host=owner.this().host, pid=worker.pid, process=owner._mark(worker.pid))
    assert dead.lives(NOON, NOON)
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert not dead.lives(NOON, NOON)
    worker.communicate()


def test_a_heartbeat_is_kept(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    RunRow.objects.update(heartbeat=NOON)
    runs.heartbeat(run.number)
    assert RunRow.objects.get(pk=run.number).heartbeat > NOON


def test_an_ended_run_does_not_end_again(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    runs.finish(run.number, RunState.FAILED, error="no", advice="yes")
    for again in (
        lambda: runs.finish(run.number, RunState.COMPLETE),
        lambda: runs.resume(run.number),
        lambda: snapshots.publish(run.number, RunState.COMPLETE, {}, pin(1)),
    ):
        with pytest.raises(UsageError, match="has ended as failed"):
            again()
    assert runs.get(run.number).error == "no"
    assert snapshots.latest(lab.name) is None


@pytest.mark.usefixtures("settings")
def test_unknown_runs_and_connections_are_refused() -> None:
    with pytest.raises(UsageError, match="no run 99"):
        runs.get(99)
    with pytest.raises(UsageError, match="no connection 'nope'"):
        runs.start("nope", RunMode.FULL)


def test_publishing_ends_the_run_and_shows_the_snapshot_together(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    assert snapshots.latest(lab.name) is None
    shown = snapshots.publish(run.number, RunState.COMPLETE, {"open": 7}, pin(4))
    assert runs.get(run.number).state is RunState.COMPLETE
    assert snapshots.latest(lab.name) == shown
    assert shown.tables["findings"] == Pin(version=4, files=("a.parquet",), rows=7)
    assert shown.plan == {"repositories": {"1": 1700000000}}
    assert shown.as_of == NOON


def test_a_snapshot_that_cannot_be_written_leaves_the_run_going(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    broken = replace(pin(1), plan={"not json": object()})
    with pytest.raises(TypeError):
        snapshots.publish(run.number, RunState.COMPLETE, {}, broken)
    assert runs.get(run.number).state is RunState.RUNNING
    assert snapshots.latest(lab.name) is None


def test_any_earlier_moment_can_be_asked(lab: Connection) -> None:
    connections.add(replace(lab, name="other"), Keys("a", "b"))
    shown = []
    for name in ("lab", "other", "lab"):
        run = runs.start(name, RunMode.FULL)
        shown.append(snapshots.publish(run.number, RunState.COMPLETE, {}, pin(1)))
    first, other, second = shown
    assert snapshots.latest_all() == (second, other)
    assert snapshots.as_of(first.run) == (first,)
    assert snapshots.as_of(other.run) == (first, other)
    assert snapshots.as_of(other.published) == (first, other)
    assert snapshots.as_of(NOON - timedelta(days=9000)) == ()
    assert snapshots.listing("lab") == (second, first)


def test_a_removed_connection_is_no_longer_shown_even_if_the_name_returns(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    snapshots.publish(run.number, RunState.COMPLETE, {}, pin(1))
    connections.remove(lab.name)
    connections.add(lab, Keys("a", "b"))
    assert snapshots.latest(lab.name) is None
    assert snapshots.latest_all() == ()
    assert runs.resumable(lab.name) is None


def test_proofs_come_back_as_recorded_and_recording_again_replaces(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    proofs = [
        Proof(repository_id=1, source=source, severity=severity, ours=3, console=4)
        for source in Source
        for severity in sorted(Severity, reverse=True)
    ]
    evidence.record_proofs(run, proofs)
    evidence.record_proofs(run, proofs)
    assert list(evidence.proofs(run)) == proofs


def test_a_slice_recorded_again_replaces_only_itself(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    first = Slice(name="r1", state="read", expected=5, distinct=4, passes=1)
    other = Slice(name="r2", state="proven", expected=None, distinct=4, passes=1)
    evidence.record_slices(run, [first, other])
    again = replace(first, state="proven", distinct=5, passes=2, note="drift")
    evidence.record_slices(run, [again])
    assert evidence.slices(run) == (again, other)


def test_of_a_slice_told_twice_the_last_word_counts(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    first = Slice(name="r1", state="read", expected=5, distinct=4, passes=1)
    evidence.record_slices(run, [first, replace(first, state="proven")])
    assert [part.state for part in evidence.slices(run)] == ["proven"]


def test_signs_that_no_database_keeps_are_written_out(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    evidence.record_slices(
        run, [Slice(name="r1", state="", expected=0, distinct=0, passes=1, note="a\0b")]
    )
    with requests.Log(run) as log:
        log.record(request(outcome="\0 \ud800"))
    ended = runs.finish(run, RunState.FAILED, error="a\0b", advice="\udfff")
    assert (ended.error, ended.advice) == ("a\\0b", "\\udfff")
    assert evidence.slices(run)[0].note == "a\\0b"
    assert [one.outcome for one in requests.listing(run)] == ["\\0 \\ud800"]


def test_oddities_are_kept_with_a_short_example(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    evidence.record_oddities(
        run,
        [
            Oddity(kind="date", count=1, example="-1\0"),
            Oddity(kind="score", count=9, example="x" * 10**6),
        ],
    )
    score, date = evidence.oddities(run)
    assert (score.count, len(score.example)) == (9, 2_000)
    assert date.example == "-1\\0"


def test_requests_are_written_when_the_log_closes(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    with requests.Log(run) as log:
        log.record(request())
        log.record(request(outcome="connection reset"))
        assert list(requests.listing(run)) == []
    assert list(requests.listing(run)) == [request(), request(outcome="connection reset")]
    traffic = requests.traffic(run)
    assert (traffic.requests, traffic.received, traffic.failed) == (2, 20, 1)
    done = runs.finish(run, RunState.COMPLETE)
    assert (done.requests, done.received) == (2, 20)


def test_fifty_requests_or_five_seconds_are_written_at_once(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    log = requests.Log(run)
    for _ in range(51):
        log.record(request())
    assert len(list(requests.listing(run))) == 50
    log.record(request(at=NOON + timedelta(seconds=5)))
    assert len(list(requests.listing(run))) == 52


@pytest.mark.usefixtures("settings")
def test_requests_outside_any_run_are_kept_too() -> None:
    with requests.Log(None) as log:
        log.record(request())
    assert list(requests.listing(None)) == [request()]

"""Which snapshots are kept, and what is told of those that are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain.connection import Keys
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.snapshot import Pin
from plumbline.errors import UsageError
from plumbline.ledger import connections, retention, runs, snapshots
from plumbline.ledger.models import SnapshotRow
from plumbline.ledger.records import Publication
from plumbline.ledger.retention import Policy, Published, kept

if TYPE_CHECKING:
    from plumbline.domain.connection import Connection

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = Policy(
    every=timedelta(days=3),
    daily=timedelta(days=10),
    weekly=timedelta(days=40),
    monthly=timedelta(days=400),
)


def published(*moments: tuple[str, datetime]) -> list[Published]:
    ordered = sorted(moments, key=lambda one: one[1])
    return [
        Published(run=number, connection=name, published=at)
        for number, (name, at) in enumerate(ordered, start=1)
    ]


def shown_at(snapshots: list[Published], at: datetime) -> set[int]:
    """What readers saw of each connection at a time."""
    newest: dict[str, int] = {}
    for one in snapshots:
        if one.published <= at:
            newest[one.connection] = max(one.run, newest.get(one.connection, 0))
    return set(newest.values())


moments = st.lists(
    st.tuples(
        st.sampled_from(["north", "south"]),
        st.integers(0, 500 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda one: one[1],
)


@given(moments)
def test_whole_days_weeks_and_months_are_kept(made: list[tuple[str, datetime]]) -> None:
    every = published(*made)
    stay = kept(every, POLICY, NOW)
    assert shown_at(every, NOW) <= stay
    for one in every:
        if one.published >= NOW - POLICY.every:
            assert shown_at(every, one.published) <= stay
    midnight = NOW.replace(hour=0, minute=0)
    for day in range(1, 9):
        assert shown_at(every, midnight - timedelta(days=day, microseconds=1)) <= stay or not any(
            one.published.date() == (midnight - timedelta(days=day + 1)).date() for one in every
        )
    sunday = midnight - timedelta(days=midnight.weekday(), microseconds=1)
    for week in range(5):
        end = sunday - timedelta(weeks=week)
        if any(end - timedelta(days=7) < one.published <= end for one in every):
            assert shown_at(every, end) <= stay


@given(moments, st.integers(0, 100))
def test_what_was_given_up_once_is_never_wanted_again(
    made: list[tuple[str, datetime]], days: int
) -> None:
    every = published(*made)
    stay = kept(every, POLICY, NOW)
    left = [one for one in every if one.run in stay]
    later = NOW + timedelta(days=days)
    assert kept(left, POLICY, later) == kept(every, POLICY, later)


def test_a_year_of_daily_runs_is_thinned() -> None:
    every = published(*(("lab", NOW - timedelta(days=day)) for day in range(365)))
    days = [(NOW - one.published).days for one in every if one.run in kept(every, POLICY, NOW)]
    assert sorted(days)[:11] == list(range(11))
    assert max(later - one for one, later in pairwise(sorted(days))) <= 31
    assert len(days) < 30


def publish(name: str, at: datetime) -> int:
    run = runs.start(name, RunMode.FULL)
    pins = {"findings": Pin(version=1, files=(f"{name}/findings/{run.number}.parquet",), rows=7)}
    snapshots.publish(run.number, RunState.COMPLETE, {}, Publication(as_of=at, tables=pins))
    SnapshotRow.objects.filter(pk=run.number).update(published=at)
    return run.number


@pytest.fixture
def chain(lab: Connection) -> list[int]:
    """A run of either connection each day, the newest one today."""
    connections.add(replace(lab, name="other"), Keys("a", "b"))
    return [
        publish(name, NOW - timedelta(days=day, minutes=minutes))
        for day in reversed(range(30))
        for name, minutes in (("lab", 30), ("other", 20))
    ]


def test_a_snapshot_given_up_is_told_with_its_nearest_neighbours(chain: list[int]) -> None:
    asked = NOW - timedelta(days=15)
    before = snapshots.as_of(asked)
    gone = {one.run for one in retention.forget(POLICY, NOW)}
    assert gone
    assert {one.run for one in before} <= gone
    with pytest.raises(UsageError, match="on 2026-11-05 12:00 UTC is no longer kept") as caught:
        snapshots.as_of(asked)
    assert "given up by age" in caught.value.what
    stay = [number for number in chain if number not in gone]
    earlier = max(number for number in stay if number < before[0].run)
    later = [number for number in stay if number > before[1].run]
    assert f"run {earlier} (published 2026-11-01)" in caught.value.advice
    # As of the first that stays, what was seen of the other connection is gone: not that one.
    assert f"run {later[1]} (published 2026-11-08)" in caught.value.advice
    assert [one.run for one in snapshots.as_of(later[1])] == later[:2]
    for number in gone:
        with pytest.raises(UsageError, match="no longer kept"):
            snapshots.as_of(number)


def test_what_is_kept_is_answered_as_before(chain: list[int]) -> None:
    before = {number: snapshots.as_of(number) for number in chain}
    gone = {one.run for one in retention.forget(POLICY, NOW)}
    answered = 0
    for number in chain:
        if not {one.run for one in before[number]} & gone:
            assert snapshots.as_of(number) == before[number]
            answered += 1
    assert answered > 20
    assert retention.forget(POLICY, NOW) == ()


def test_files_stay_pinned_for_the_grace(chain: list[int]) -> None:
    every = {f"lab/findings/{n}.parquet" for n in chain[::2]}
    gone = {one.run for one in retention.forget(POLICY, NOW)}
    assert retention.pinned("lab", NOW - timedelta(hours=1)) == every
    left = every - {f"lab/findings/{number}.parquet" for number in gone}
    assert retention.pinned("lab", NOW) == left
    retention.settle(NOW)
    assert retention.pinned("lab", NOW - timedelta(days=9)) == left


def test_a_dry_run_gives_nothing_up(chain: list[int]) -> None:
    told = retention.forget(POLICY, NOW, dry_run=True)
    assert [one.run for one in snapshots.listing("lab")] == sorted(chain[::2], reverse=True)
    assert retention.forget(POLICY, NOW) == told


def test_a_long_run_is_not_seen_before_it_is_published(lab: Connection) -> None:
    connections.add(replace(lab, name="other"), Keys("a", "b"))
    long = runs.start("other", RunMode.FULL)
    short = publish("lab", NOW - timedelta(days=1))
    seen = snapshots.as_of(short)
    assert [one.run for one in seen] == [short]
    pins = {"findings": Pin(version=1, files=(), rows=0)}
    snapshots.publish(long.number, RunState.COMPLETE, {}, Publication(as_of=NOW, tables=pins))
    assert snapshots.as_of(short) == seen
    assert [one.run for one in snapshots.as_of(long.number)] == [short, long.number]


def test_a_failed_run_means_what_readers_saw_after_it(lab: Connection) -> None:
    first = publish(lab.name, NOW - timedelta(days=1))
    failed = runs.start("lab", RunMode.FULL).number
    with pytest.raises(UsageError, match=f"Run {failed} is still under way"):
        snapshots.as_of(failed)
    runs.finish(failed, RunState.FAILED, error="It broke.")
    publish("lab", datetime.now(UTC))
    assert [one.run for one in snapshots.as_of(failed)] == [first]


def test_a_time_ahead_is_refused(chain: list[int]) -> None:
    assert chain
    with pytest.raises(UsageError, match="lies ahead"):
        snapshots.as_of(datetime.now(UTC) + timedelta(hours=1))


def test_the_newest_snapshot_may_hold_its_rows_in_other_files(chain: list[int]) -> None:
    first, last = chain[0], chain[-2]
    pin = Pin(version=9, files=("lab/findings/joined.parquet",), rows=7)
    assert not snapshots.repin(first, {"findings": pin})
    assert snapshots.repin(last, {"findings": pin})
    shown = snapshots.latest("lab")
    assert shown is not None
    assert shown.tables["findings"] == pin
    held = retention.pinned("lab", datetime.now(UTC) - timedelta(hours=1))
    assert {"lab/findings/joined.parquet", f"lab/findings/{last}.parquet"} <= held
    assert f"lab/findings/{last}.parquet" not in retention.pinned("lab", datetime.now(UTC))
    runs.start("lab", RunMode.FULL)
    assert not snapshots.repin(last, {"findings": pin})

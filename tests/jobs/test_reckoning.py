"""When runs begin, and what follows from how they ended: reckoned, with no clock and no console."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.config.settings import Settings
from plumbline.console.budget import HOUR, Budget
from plumbline.domain.job import JobState
from plumbline.errors import (
    BusyError,
    ConfigurationError,
    IncompleteError,
    PlumblineError,
    RefusedError,
    RetriableError,
    StoppedError,
    StorageError,
    UnreachableError,
    UsageError,
)
from plumbline.jobs import rule, timetable
from plumbline.jobs.verdict import End, Ended, end_of, judge, pause_of
from plumbline.ledger.records import Job, Schedule

NOW = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata"]).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given apart
MINUTES = st.integers(0, 1439)
SPANS = st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1])


def schedule(
    text: str = "every 24h", *, blackout: tuple[str, ...] = (), jitter: int = 0
) -> Schedule:
    return Schedule(
        connection="lab",
        rule=text,
        blackout=blackout,
        jitter_minutes=jitter,
        next_at=None,
        changed=NOW,
    )


JOB = Job(
    id=1,
    connection="lab",
    state=JobState.RUNNING,
    full=False,
    by="schedule",
    asked=NOW,
    due=NOW,
    began=NOW,
    ended=None,
    run=7,
    attempts=1,
    turn=0,
    settled_run=0,
    failures=0,
    failing_since=None,
    incompletes=0,
    note="",
    error="",
    advice="",
    stopped_by="",
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("24h", "every 24h"),
        ("every 90m", "every 90m"),
        ("Every 7d", "every 168h"),
        ("2w", "every 336h"),
    ],
)
def test_intervals_are_read_and_kept(text: str, kept: str) -> None:
    found = rule.every(text)
    assert rule.written(found) == kept
    assert rule.parse(kept) == found


@pytest.mark.parametrize("text", ["", "4m", "0h", "400d", "h", "24", "-1h", "1.5h", "99999999m"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no interval"):
        rule.every(text)


@pytest.mark.parametrize(
    "line", ["", "* * * *", "* * * * * *", "61 * * * *", "@daily", "a b c d e", "0 0 30 2 *"]
)
def test_what_is_no_cron_line_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="cron line"):
        rule.cron(line)


@given(st.text(max_size=20))
def test_any_text_is_a_rule_or_one_clear_error(text: str) -> None:
    told: list[str] = []
    for read in (rule.every, rule.cron, rule.jitter, timetable.Span.parse):
        try:
            read(text)
        except UsageError as error:
            told.append(error.advice)
    assert all(told)


@given(MOMENTS, st.integers(5, 10_000))
def test_an_interval_keeps_to_its_beat_whatever_was_missed(now: datetime, minutes: int) -> None:
    step = timedelta(minutes=minutes)
    found = rule.Interval(step).after(now, NOW, ZoneInfo("UTC"))
    assert found is not None
    assert found > now
    assert (found - NOW) % step == timedelta()
    assert found - step <= max(now, NOW)


@given(MOMENTS, ZONES)
def test_a_cron_line_is_meant_in_its_zone(now: datetime, zone: ZoneInfo) -> None:
    found = rule.cron("30 4 * * *").after(now, NOW, zone)
    assert found is not None
    local = found.astimezone(zone)
    assert (local.hour, local.minute) == (4, 30)
    assert now < found <= now + timedelta(days=2)


@given(MOMENTS, st.lists(SPANS, max_size=3), ZONES)
def test_nothing_begins_in_a_blackout(
    moment: datetime, pairs: list[tuple[int, int]], zone: ZoneInfo
) -> None:
    written = [str(timetable.Span(*pair)) for pair in pairs]
    try:
        hours = timetable.spans(written)
    except UsageError:
        return
    found = timetable.outside(moment, hours, zone)
    local = found.astimezone(zone)
    minute = local.hour * 60 + local.minute
    assert not any(span.holds(minute) for span in hours)
    assert moment <= found <= moment + timedelta(days=3)
    assert found == moment or hours


@given(SPANS)
def test_a_span_is_written_as_it_is_read(pair: tuple[int, int]) -> None:
    span = timetable.Span(*pair)
    assert timetable.Span.parse(str(span)) == span
    assert {m for m in range(1440) if span.holds(m)} == span.minutes()


@pytest.mark.parametrize("hours", [("00:00-24:00",), ("08:00-20:00", "20:00-08:00")])
def test_blackouts_must_leave_some_time(hours: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="no time"):
        timetable.spans(hours)


@given(MOMENTS, st.integers(1, 120))
def test_jitter_is_the_same_whoever_reckons(now: datetime, minutes: int) -> None:
    jittered = schedule("0 2 * * *", jitter=minutes)
    first, second = (timetable.following(jittered, now, ZoneInfo("UTC")) for _ in range(2))
    assert first == second
    assert first is not None
    planned = first.replace(hour=2, minute=0, second=0, microsecond=0)
    assert timedelta() <= first - planned <= timedelta(minutes=minutes)


def test_a_run_that_falls_into_a_blackout_is_moved_to_its_end() -> None:
    moved = schedule("0 9 * * *", blackout=("08:00-18:00",))
    berlin = timetable.following(moved, NOW, ZoneInfo("Europe/Berlin"))
    # The clocks go forward in that night: 18:00 is 16:00 UTC then.
    assert berlin == datetime(2026, 3, 29, 16, 0, tzinfo=UTC)
    assert timetable.held_until(moved, NOW, ZoneInfo("UTC")) == NOW.replace(hour=18)
    assert timetable.held_until(None, NOW, ZoneInfo("UTC")) is None


def test_a_zone_that_is_none_is_a_clear_error() -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd"):
        with pytest.raises(ConfigurationError, match="timezone"):
            timetable.zone_of(name)


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (RetriableError("x"), End.PASSING),
        (UnreachableError("x"), End.PASSING),
        (StorageError("x"), End.PASSING),
        (IncompleteError("x"), End.INCOMPLETE),
        (BusyError("x"), End.BUSY),
        (StoppedError("x"), End.STOPPED),
        (RefusedError("x"), End.FATAL),
        (ConfigurationError("x"), End.FATAL),
        (UsageError("x"), End.FATAL),
    ],
)
def test_each_error_has_its_end(error: PlumblineError, end: End) -> None:
    assert end_of(error) is end


def test_pauses_grow_and_cover_more_than_an_hour() -> None:
    settings, job, now = Settings(), JOB, NOW
    pauses = []
    while True:
        verdict = judge(job, Ended(end=End.PASSING, error="Down."), settings, now)
        if verdict.state is JobState.FAILED:
            break
        pauses.append(verdict.changes["due"] - now)
        now = verdict.changes["due"]
        known = ("failures", "failing_since")
        job = replace(job, **{name: verdict.changes[name] for name in known})
    assert pauses[:4] == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    assert max(pauses) == timedelta(minutes=30)
    assert sum(pauses, timedelta()) > timedelta(hours=5)
    assert "It was tried for 6" in verdict.changes["error"]
    assert pause_of(10_000, settings) == timedelta(minutes=30)


def test_what_could_not_be_proven_is_tried_once_more() -> None:
    ended = Ended(end=End.INCOMPLETE, error="Short.")
    first = judge(JOB, ended, Settings(), NOW)
    assert (first.state, first.changes["due"]) == (JobState.WAITING, NOW + timedelta(minutes=15))
    again = judge(replace(JOB, incompletes=1), ended, Settings(), NOW)
    assert again.state is JobState.INCOMPLETE


class Hour:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.said: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(
    st.integers(1, 20),
    st.lists(st.floats(-7_200, 100), max_size=40),
    st.lists(st.floats(0, 1_000), min_size=1, max_size=60),
)
def test_no_hour_ever_holds_more_requests_than_allowed(
    most: int, before: list[float], gaps: list[float]
) -> None:
    clock = Hour()
    sent = [clock.now + at for at in sorted(before)[-most:]]
    budget = Budget(most, sent, clock=lambda: clock.now, sleep=clock.sleep, tell=clock.said.append)
    taken = [min(at, clock.now) for at in sent]
    for gap in gaps:
        clock.now += gap
        budget.take()
        taken.append(clock.now)
    for place in range(len(taken) - most):
        assert taken[place + most] - taken[place] >= HOUR - 1e-3
    assert len(gaps) + len(sent) <= most or all("allowed" in t or "on" in t for t in clock.said)

"""What follows from how a turn of a job ended: its end, another try, or a wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from plumbline.domain.job import JobState
from plumbline.errors import (
    BusyError,
    IncompleteError,
    RetriableError,
    StoppedError,
    StorageError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.config.settings import Settings
    from plumbline.errors import PlumblineError
    from plumbline.ledger.records import Job

BUSY_PAUSE = timedelta(seconds=30)
"""Before a console is asked for again that another process reads."""


class End(StrEnum):
    """How a turn ended."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    PASSING = "passing"
    """What went wrong may be right later: network, console, disk, database."""
    FATAL = "fatal"
    """A person has to change something."""
    BUSY = "busy"
    STOPPED = "stopped"
    """The worker was asked to end, or somebody cancelled the job."""
    HELD = "held"
    """It may not begin now: a blackout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a turn ended, in words."""

    end: End
    error: str = ""
    advice: str = ""
    run: int = 0
    until: datetime | None = None
    """When it may begin, if it may not now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state a job gets, and what else is to be written down."""

    state: JobState
    changes: dict[str, Any] = field(default_factory=dict)


def end_of(error: PlumblineError) -> End:
    """How a turn ended that this error ended."""
    match error:
        case StoppedError():
            return End.STOPPED
        case BusyError():
            return End.BUSY
        case IncompleteError():
            return End.INCOMPLETE
        case RetriableError() | UnreachableError() | StorageError():
            return End.PASSING
        case _:
            return End.FATAL


def judge(job: Job, ended: Ended, settings: Settings, now: datetime) -> Verdict:
    """What becomes of a job whose turn ended so."""
    verdicts: dict[End, Callable[[], Verdict]] = {
        End.COMPLETE: lambda: _over(JobState.COMPLETE, ended),
        End.INCOMPLETE: lambda: _incomplete(job, ended, settings, now),
        End.PASSING: lambda: _passing(job, ended, settings, now),
        End.FATAL: lambda: _over(JobState.FAILED, ended),
        End.STOPPED: lambda: _again(ended, now),
        End.BUSY: lambda: _wait(now + BUSY_PAUSE, ended.error, {}),
        End.HELD: lambda: _wait(ended.until or now, ended.error, {}),
    }
    return verdicts[ended.end]()


def _again(ended: Ended, now: datetime) -> Verdict:
    return Verdict(state=JobState.QUEUED, changes={"due": now, "note": ended.error})


def _over(state: JobState, ended: Ended) -> Verdict:
    words = {"error": ended.error, "advice": ended.advice, "note": ""}
    return Verdict(state=state, changes=words)


def _wait(until: datetime, note: str, changes: dict[str, Any]) -> Verdict:
    return Verdict(state=JobState.WAITING, changes={"due": until, "note": note} | changes)


def _incomplete(job: Job, ended: Ended, settings: Settings, now: datetime) -> Verdict:
    """Once more after a while: the console may have been in the middle of an import."""
    if job.incompletes:
        return _over(JobState.INCOMPLETE, ended)
    until = now + timedelta(seconds=settings.retry_incomplete_seconds)
    return _wait(until, ended.error, {"incompletes": 1, "error": ended.error})


def _passing(job: Job, ended: Ended, settings: Settings, now: datetime) -> Verdict:
    since = job.failing_since or now
    if now - since >= timedelta(seconds=settings.retry_limit_seconds):
        times = f"{ended.error} It was tried for {_words(now - since)}."
        return _over(JobState.FAILED, Ended(end=ended.end, error=times, advice=ended.advice))
    pause = pause_of(job.failures, settings)
    told = {"failures": job.failures + 1, "failing_since": since, "error": ended.error}
    return _wait(now + pause, ended.error, told | {"advice": ended.advice})


def pause_of(failures: int, settings: Settings) -> timedelta:
    """The pause after so many failures before: twice as long each time, up to the longest."""
    longest = settings.retry_longest_pause_seconds
    return timedelta(seconds=min(longest, settings.retry_pause_seconds * 2 ** min(failures, 20)))


def _words(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    if hours >= 1:
        return f"{hours:.1f} hours"
    return f"{max(1, round(span / timedelta(minutes=1)))} minutes"

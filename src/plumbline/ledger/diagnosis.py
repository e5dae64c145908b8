"""The state of a connection from the facts of the ledger. Pure: it reads nothing.

docs/status.md tells these rules to users.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from plumbline.domain.connection import ConnectionKind
from plumbline.domain.health import Cause, HealthState
from plumbline.domain.job import JobState
from plumbline.domain.run import RunState
from plumbline.errors import ConfigurationError, RefusedError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from plumbline.ledger.records import Entry, Job, Run, Snapshot

TOO_MANY = 3
"""So many tries in a row without a complete one are no accident."""
GRACE = timedelta(hours=1)
"""A run may begin so much later than planned: workers are busy, machines restart."""
_PERSONAL = frozenset({ConfigurationError.exit_code, RefusedError.exit_code})
_ERRORS = frozenset({Cause.NO_KEYS, Cause.REFUSED, Cause.FAILING, Cause.GIVEN_UP, Cause.UNREAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason for a state: what is wrong, and what to do about it."""

    cause: Cause
    what: str
    remedy: str

    @property
    def state(self) -> HealthState:
        """The state it leads to."""
        return HealthState.ERROR if self.cause in _ERRORS else HealthState.DEGRADED


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the ledger knows of a connection now."""

    now: datetime
    entry: Entry
    snapshot: Snapshot | None
    tries: Sequence[Run]
    """Its runs, the newest first."""
    job: Job | None
    """Its newest job."""
    planned: datetime | None
    """When its schedule reads it next."""
    fresh_for: timedelta
    disagreeing: int
    """Totals of what is shown that are not the console's."""

    @property
    def name(self) -> str:
        """The connection."""
        return self.entry.connection.name

    @property
    def running(self) -> Run | None:
        """The run that is under way."""
        return next((run for run in self.tries if run.state is RunState.RUNNING), None)

    @property
    def ended(self) -> list[Run]:
        """Its tries that have ended, the newest first."""
        return [run for run in self.tries if run.state is not RunState.RUNNING]

    @property
    def missed(self) -> list[Run]:
        """The last tries in a row that were not complete, but for those that somebody stopped."""
        counted = [run for run in self.ended if run.code != StoppedError.exit_code]
        complete = (n for n, run in enumerate(counted) if run.state is RunState.COMPLETE)
        return counted[: next(complete, len(counted))]

    @property
    def open_job(self) -> Job | None:
        """Its job, if that has not ended."""
        return self.job if self.job and self.job.ended is None else None

    @property
    def given_up(self) -> Job | None:
        """Its job, if that ended without a result and nothing was published since."""
        job, shown = self.job, self.snapshot
        if job is None or job.ended is None or job.state is not JobState.FAILED:
            return None
        return None if shown and shown.published > job.ended else job

    @property
    def age(self) -> timedelta | None:
        """How old the data shown is; a clock that was set back makes nothing younger than now."""
        return max(self.now - self.snapshot.as_of, timedelta()) if self.snapshot else None


def diagnose(facts: Facts) -> tuple[HealthState, tuple[Reason, ...]]:
    """The state of a connection and why it is no better, the worst reason first."""
    if facts.entry.retired:
        return HealthState.RETIRED, ()
    if facts.entry.paused:
        return HealthState.PAUSED, tuple(_keyless(facts))
    reasons = sorted(_reasons(facts), key=lambda reason: -reason.state.rank)
    return (reasons[0].state if reasons else HealthState.ACTIVE), tuple(reasons)


def _reasons(facts: Facts) -> Iterator[Reason]:
    yield from _keyless(facts)
    yield from _given_up(facts)
    yield from _missed(facts)
    yield from _unread(facts)
    yield from _aged(facts)
    if facts.disagreeing:
        yield Reason(
            cause=Cause.UNPROVEN,
            what=f"{facts.disagreeing:,} totals of what is shown are not the console's.",
            remedy=f"plumbline sync --full {facts.name}",
        )


def _keyless(facts: Facts) -> Iterator[Reason]:
    """A console without keys; of one that is paused, too, this is told."""
    entry = facts.entry
    if entry.connection.kind is ConnectionKind.CONSOLE and not entry.has_keys:
        yield Reason(
            cause=Cause.NO_KEYS,
            what="It has no API keys.",
            remedy=f"plumbline connection rotate-keys {facts.name}",
        )


def _given_up(facts: Facts) -> Iterator[Reason]:
    """Its job ended without a result, and nothing was published since."""
    job = facts.given_up
    if job is not None and not _is_personal(facts.missed[:1]):
        yield Reason(
            cause=Cause.GIVEN_UP,
            what=f"Job {job.id} was given up: {job.error}",
            remedy=job.advice or f"plumbline connection test {facts.name}",
        )


def _missed(facts: Facts) -> Iterator[Reason]:
    if not facts.missed:
        return
    last, times = facts.missed[0], len(facts.missed)
    told = f"Run {last.number} {last.state}: {last.error}"
    if _is_personal([last]):
        yield Reason(cause=Cause.REFUSED, what=told, remedy=_remedy(last))
    elif facts.given_up:  # which tells the same
        return
    elif times >= TOO_MANY and facts.open_job is None:
        what = f"{times} tries in a row were not complete. {told}"
        yield Reason(cause=Cause.FAILING, what=what, remedy=_remedy(last))
    else:
        incomplete = last.state is RunState.INCOMPLETE
        cause = Cause.INCOMPLETE if incomplete else Cause.FAILED
        yield Reason(cause=cause, what=told + _again(facts), remedy=_remedy(last))


def _is_personal(tries: Sequence[Run]) -> bool:
    """Whether only a person can end what ended the try."""
    return any(run.code in _PERSONAL for run in tries)


def _unread(facts: Facts) -> Iterator[Reason]:
    if facts.snapshot is not None:
        return
    if facts.running or facts.open_job:
        what, cause = "It is read for the first time.", Cause.FIRST_RUN
        yield Reason(cause=cause, what=what, remedy="wait until the run ends")
        return
    is_file = facts.entry.connection.kind is ConnectionKind.FILE
    yield Reason(
        cause=Cause.UNREAD,
        what="It has never been read whole, so nothing of it is shown.",
        remedy="plumbline import FILE" if is_file else f"plumbline sync {facts.name}",
    )


def _aged(facts: Facts) -> Iterator[Reason]:
    if facts.age is not None and facts.age > facts.fresh_for:
        yield Reason(
            cause=Cause.STALE,
            what=f"Its data is {words(facts.age)} old; it is fresh for {words(facts.fresh_for)}.",
            remedy="plumbline import FILE with a newer export"
            if facts.entry.connection.kind is ConnectionKind.FILE
            else f"plumbline sync {facts.name}, or plan it with plumbline schedule",
        )
    planned, busy = facts.planned, facts.running or facts.open_job
    if planned is not None and not busy and facts.now > planned + GRACE:
        yield Reason(
            cause=Cause.OVERDUE,
            what=f"It was to be read {words(facts.now - planned)} ago, and nobody did.",
            remedy="see that plumbline worker runs",
        )


def _again(facts: Facts) -> str:
    job = facts.open_job
    if job is None or job.state is not JobState.WAITING:
        return ""
    return f" It is tried again at {job.due:%Y-%m-%d %H:%M} UTC."


def _remedy(run: Run) -> str:
    return run.advice or f"plumbline run show {run.number}"


def words(span: timedelta) -> str:
    """A span of time as people say it."""
    hours = span / timedelta(hours=1)
    if hours >= 48:  # noqa: PLR2004 - two days
        return f"{hours / 24:.1f} days"
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"

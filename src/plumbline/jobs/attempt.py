"""One turn of a job: one run, and what was learned from it. Both halves may be repeated.

A worker can be killed anywhere in here. The first half is repeated then: a run that was published
meanwhile is taken as it is, one that was killed is gone on with from its staged pages. The second
half names the turn it settles, and a turn is settled once.
"""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from plumbline.domain.job import JobState
from plumbline.domain.run import RunState
from plumbline.errors import PlumblineError, StoppedError, StorageError
from plumbline.jobs import timetable
from plumbline.jobs.verdict import End, Ended, end_of, judge
from plumbline.ledger import connections, jobs, opening, runs, schedules
from plumbline.sync import pulse
from plumbline.sync.run import Synchroniser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plumbline.config.settings import Settings
    from plumbline.ledger.records import Job

T = TypeVar("T")
_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 15.0
SCHEDULE = "schedule"


@dataclass(slots=True, kw_only=True)
class Attempts:
    """What a worker does with the jobs that are given to it."""

    settings: Settings
    worker: str
    closing: Callable[[], bool]
    published: Callable[[], None]
    """Told that a run was published and its job is over."""
    words: dict[int, str] = field(default_factory=dict)
    """What each job that is at work does just now."""

    def read(self, number: int, turn: int) -> dict[str, Any] | None:
        """Run the job's connection; tells how that ended, nothing if the turn is over already."""
        self.words[number] = ""
        try:
            job = self._insist(lambda: jobs.claim(number, turn, self.worker))
            return None if job is None else _plain(self._perform(job))
        except StoppedError as error:
            return _plain(Ended(end=End.STOPPED, error=error.what))
        finally:
            del self.words[number]
            opening.close()

    def settle(self, number: int, turn: int, told: dict[str, Any]) -> None:
        """Write down what follows from how a turn ended.

        Raises:
            StoppedError: the database is away, and the worker is to end.
        """
        ended = msgspec.convert(told, Ended)
        try:
            self._insist(lambda: self._settle(number, turn, ended))
        finally:
            opening.close()

    def _settle(self, number: int, turn: int, ended: Ended) -> None:
        job = jobs.get(number)
        verdict = judge(job, ended, self.settings, datetime.now(UTC))
        changes = verdict.changes | {"settled_run": ended.run or job.run or 0}
        jobs.settle(number, turn, verdict.state, changes, worker=self.worker)
        if verdict.state is JobState.COMPLETE:
            self.published()
        _log.info("Job %s of %s: %s %s", number, job.connection, verdict.state, ended.error)

    def _perform(self, job: Job) -> Ended:
        try:
            return self._hindrance(job) or self._done(job) or self._run(job)
        except PlumblineError as error:
            return _ended(error)
        except OSError as error:
            what = f"The machine refused: {error.strerror or error}."
            return Ended(end=End.PASSING, error=what, advice="`plumbline doctor`.")
        except Exception as error:  # noqa: BLE001 - one job must not end the worker; it is written down
            return self._unexpected(error)

    def _hindrance(self, job: Job) -> Ended | None:
        """Why the job may not begin now; many may have been between its asking and its turn."""
        if job.stopped_by or self.closing():
            return Ended(end=End.STOPPED, error=_CLOSING)
        now = datetime.now(UTC)
        if connections.entry(job.connection).paused:
            return Ended(end=End.HELD, error="The connection is paused.", until=now)
        zone = timetable.zone_of(self.settings.timezone)
        until = timetable.held_until(schedules.find(job.connection), now, zone)
        if until is None:
            return None
        return Ended(end=End.HELD, error="No run begins in the blackout hours.", until=until)

    def _done(self, job: Job) -> Ended | None:
        """The run that was published in this turn by a worker that was killed right afterwards."""
        run = runs.last_of_job(job.id)
        if run is None or run.state is not RunState.COMPLETE or run.number <= job.settled_run:
            return None
        return Ended(end=End.COMPLETE, run=run.number)

    def _run(self, job: Job) -> Ended:
        runs.close_strays(pulse.working(), job=job.id)
        synchroniser = Synchroniser(
            settings=self.settings,
            progress=_Telling(self.words, job.id),
            halted=lambda: _CLOSING if self.closing() else "",
        )
        by = SCHEDULE if job.by == SCHEDULE else "job"
        report = synchroniser.run(job.connection, full=job.full, by=by, job=job.id)
        if report.error is not None:
            return _ended(report.error, report.run.number)
        return Ended(end=End.COMPLETE, run=report.run.number)

    def _insist(self, act: Callable[[], T]) -> T:
        """Do something with the ledger, however long it is away.

        Raises:
            StoppedError: the worker is to end meanwhile.
        """
        pause = 0.5
        while True:
            try:
                return act()
            except StorageError as error:
                _log.warning("The ledger cannot be used, waiting: %s", error)
            for _ in range(int(pause * 4)):
                if self.closing():
                    raise StoppedError(_CLOSING)
                time.sleep(0.25)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _unexpected(self, error: Exception) -> Ended:
        """An error of our own: in one sentence for people, with its trace in the log folder."""
        what = f"Something unexpected happened ({type(error).__name__})"
        file = self.settings.logs / f"job-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.log"
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            file.chmod(0o600)
        except OSError as refusal:
            what += f"; its details could not be written: {refusal.strerror}"
        else:
            what += f"; its details are in {file}"
        return Ended(end=End.FATAL, error=f"{what}.", advice="report it with that file.")


_CLOSING = "Its worker was asked to end; the next one goes on with it."


@dataclass(frozen=True, slots=True)
class _Telling:
    """Lets the worker know what a run is at."""

    words: dict[int, str]
    job: int

    def stage(self, words: str) -> None:
        self.words[self.job] = words

    def announce(self, counts: Mapping[str, int]) -> None:
        """Nothing."""

    def expect(self, rows: int) -> None:
        """Nothing."""

    def read(self, rows: int) -> None:
        """Nothing."""


def _plain(ended: Ended) -> dict[str, Any]:
    """What JSON can hold, for the queue keeps it."""
    plain: dict[str, Any] = msgspec.to_builtins(ended)
    return plain


def _ended(error: PlumblineError, run: int = 0) -> Ended:
    return Ended(end=end_of(error), error=error.what, advice=error.advice, run=run)

"""A worker: begins what is due, works off what is queued, takes over what the dead left."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from plumbline.domain.job import JobState
from plumbline.errors import PlumblineError, StorageError
from plumbline.jobs import schedule
from plumbline.jobs.attempt import Attempts
from plumbline.jobs.queue import Queue, mark
from plumbline.jobs.upkeep import Upkeep
from plumbline.jobs.verdict import End, Ended, judge
from plumbline.ledger import contact, jobs, opening, runs, workers
from plumbline.sync import pulse

if TYPE_CHECKING:
    from plumbline.config.settings import Settings
    from plumbline.ledger.records import Job

_log = logging.getLogger(__name__)
_KEPT = timedelta(days=7)
_UNSEEN = Ended(
    end=End.PASSING,
    error="How its last try ended could not be written down.",
    advice="look whether the disk is full: `plumbline doctor`.",
)
_GIVEN_UP = {"error": "Its workers died over it again and again.", "note": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a worker looks around, in seconds."""

    look: float = 1.0
    """For what is due, and for room in the queue."""
    beat: float = 10.0
    """For dead workers; its own heartbeat."""
    sweep: float = 3_600.0
    """For turns that were over long ago."""


class Worker:
    """Works until it is told to stop, or with `once` until nothing is left to do now."""

    def __init__(self, settings: Settings, *, pace: Pace | None = None) -> None:
        self._settings = settings
        self._pace = pace or Pace()
        self._closing = threading.Event()
        self._away = False
        self._me = ""
        self._next: dict[str, float] = {}
        self._told: dict[int, str] = {}

    def stop(self) -> None:
        """Begin nothing more, and let what is under way stop at its next page; from anywhere."""
        self._closing.set()
        contact.hurry()

    def work(self, *, once: bool = False) -> None:
        """Work.

        Raises:
            StorageError: a database cannot be used at the start.
            ConfigurationError: a setting is wrong.
        """
        schedule.zone(self._settings)
        self._me = workers.enter().name
        upkeep = Upkeep(settings=self._settings)
        attempts = Attempts(
            settings=self._settings,
            worker=self._me,
            closing=self._closing.is_set,
            published=upkeep.after_run,
        )
        queue = Queue(self._settings, self._me, attempts, seconds=self._pace.look)
        try:
            queue.open()
            self._loop(queue, attempts, once=once)
            if once and not self._closing.is_set():
                upkeep.wait()
            self._see_off(queue)
        finally:
            queue.close()
            upkeep.end()
            self._leave()

    def _loop(self, queue: Queue, attempts: Attempts, *, once: bool) -> None:
        while not self._closing.is_set():
            left = self._look(queue, attempts)
            if once and not left and not queue.active:
                return
            self._closing.wait(self._pace.look)

    def _look(self, queue: Queue, attempts: Attempts) -> int:
        """Look around once; a database that is away is waited for, and said once."""
        try:
            left = self._round(queue, attempts)
        except PlumblineError as error:
            level = logging.INFO if self._away else logging.WARNING
            _log.log(level, "The worker waits: %s", error)
            self._away = True
            return 1
        if self._away:
            _log.warning("The worker goes on.")
        self._away = False
        return left

    def _round(self, queue: Queue, attempts: Attempts) -> int:
        now = datetime.now(UTC)
        if self._is_time("beat", self._pace.beat):
            self._beat(queue)
        schedule.begin_due(self._settings, now)
        self._tidy(now)
        self._tell(attempts)
        # A later moment: what has just become due was asked for meanwhile.
        wanted = jobs.for_workers(datetime.now(UTC))
        self._offer(queue, wanted)
        if self._is_time("sweep", self._pace.sweep):
            queue.sweep((now - _KEPT).isoformat())
        return len(wanted)

    def _beat(self, queue: Queue) -> None:
        """Tell that this worker lives, and take over from those that do not."""
        if not workers.heartbeat(self._me):
            _log.warning("This worker was silent for too long: what it had begun was taken over.")
        runs.close_strays(pulse.working())
        for gone in workers.dead():
            _log.info("Taking over from worker %s", gone.name)
            queue.take_over(gone.name)
            workers.leave(gone.name)

    def _tidy(self, now: datetime) -> None:
        jobs.close_removed()
        jobs.bring_forward(now + schedule.LONGEST_WAIT)

    def _tell(self, attempts: Attempts) -> None:
        """Write down what the jobs of this worker are at, where that has changed."""
        for number, words in list(attempts.words.items()):
            if words and self._told.get(number) != words:
                jobs.tell(number, self._me, words)
                self._told[number] = words

    def _offer(self, queue: Queue, wanted: tuple[Job, ...]) -> None:
        """See to it that every open job that is due has a turn in the queue."""
        if not wanted:
            return
        fates = queue.fates(wanted)
        for job in wanted:
            fate = fates.get(mark(job.id, job.turn, job))
            if fate is None:
                queue.offer(job, job.turn)
            elif fate.given_up:
                jobs.settle(job.id, job.turn, JobState.FAILED, _GIVEN_UP)
            elif fate.over:
                self._unsettled(job)
            elif self._is_dropped(job, queue):
                queue.drop(job)

    def _unsettled(self, job: Job) -> None:
        """Try again what ended unseen: the disk was full, or the database away, at its end."""
        verdict = judge(job, _UNSEEN, self._settings, datetime.now(UTC))
        jobs.settle(job.id, job.turn, verdict.state, verdict.changes)

    def _is_dropped(self, job: Job, queue: Queue) -> bool:
        """Whether this worker began it, and works on it no more, and the queue was not told so."""
        mine = job.state is JobState.RUNNING and job.worker == self._me
        return mine and not queue.is_at_work(job)

    def _see_off(self, queue: Queue) -> None:
        """Wait until what is under way has stopped at its next page."""
        self._closing.set()
        while queue.active:
            threading.Event().wait(0.05)

    def _leave(self) -> None:
        try:
            workers.leave(self._me)
        except StorageError as error:  # the next worker finds out by itself
            _log.info("The worker could not sign off: %s", error)
        opening.close()

    def _is_time(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + seconds
        return True

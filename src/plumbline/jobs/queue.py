"""The queue that hands the turns of jobs to workers: the only module that knows DBOS.

Nothing is lost with it: the ledger holds every job, and the queue is filled from there. What DBOS
is good for here: a turn is given to one worker alone, no more turns are under way than the cap
allows, and the turns of a dead worker are given to a living one.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.errors import StorageError
from plumbline.jobs import reach

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from pathlib import Path

    from dbos import DBOS, DBOSConfig
    from sqlalchemy import Engine

    from plumbline.config.settings import Settings
    from plumbline.jobs.attempt import Attempts
    from plumbline.ledger.records import Job

_log = logging.getLogger(__name__)

FILE = "jobs.sqlite3"
SCHEMA = "plumbline_jobs"
_NAME = "consoles"
_SHAPE = "1"
"""The shape of the workflow below, not the version of this program: a worker takes over what a
worker of any version with the same shape began."""
_MOST_DEATHS = 50
"""A job whose workers died so often in one turn is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a turn that was offered."""

    over: bool
    given_up: bool


class Queue:
    """The queue as one worker sees it. One a process: DBOS is a global of the process."""

    def __init__(
        self, settings: Settings, worker: str, attempts: Attempts, *, seconds: float
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._attempts = attempts
        self._seconds = seconds
        self._active: set[str] = set()
        self._dbos: type[DBOS] | None = None
        self._engine: Engine | None = None
        self._turn: Any = None

    @property
    def active(self) -> int:
        """How many turns are under way in this process."""
        return len(self._active)

    def open(self) -> None:
        """Connect, make the tables if they are not there, and take turns from now on.

        Raises:
            StorageError: the database cannot be used.
        """
        _silence()
        from dbos import DBOS  # noqa: PLC0415 - most of a second, and only workers need it

        self._dbos = DBOS
        _relay(self._settings)
        with self._faults():
            self._launch(DBOS)

    def close(self) -> None:
        """Take no more turns; what is under way goes on until its process ends."""
        if self._dbos is not None:
            self._dbos.destroy(destroy_registry=True)
            self._dbos = None
        if self._engine is not None:
            # DBOS leaves one that it was given as it is.
            self._engine.dispose()
            self._engine = None

    def fates(self, jobs: Iterable[Job]) -> Mapping[str, Fate]:
        """What became of the turns of these jobs that were offered, by their marks."""
        marks = [mark(job.id, job.turn, job) for job in jobs]
        with self._faults():
            found = self._do.list_workflows(workflow_ids=marks, load_input=False, load_output=False)
        return {
            one.workflow_id: Fate(
                over=one.status not in _UNDER_WAY,
                given_up=one.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED",
            )
            for one in found
        }

    def offer(self, job: Job, turn: int) -> None:
        """Give a turn of a job to whoever has room; offering it again changes nothing."""
        from dbos import SetWorkflowID  # noqa: PLC0415 - loaded long ago

        with self._faults(), SetWorkflowID(mark(job.id, turn, job)):
            self._do.enqueue_workflow(_NAME, self._turn, job.id, turn)

    def is_at_work(self, job: Job) -> bool:
        """Whether a thread of this process works on a turn of a job."""
        return _place(job.id, job.turn) in self._active

    def drop(self, job: Job) -> None:
        """Let a turn be over whose end could not be told to the queue."""
        with self._faults():
            self._do.cancel_workflow(mark(job.id, job.turn, job))

    def take_over(self, worker: str) -> None:
        """Offer again what a dead worker had begun; safe if several workers do so."""
        with self._faults():
            self._do._recover_pending_workflows([worker])  # noqa: SLF001 - offered by no other name

    def sweep(self, before: str) -> None:
        """Forget turns that were over before a moment (ISO 8601)."""
        with self._faults():
            found = self._do.list_workflows(
                completed_before=before, limit=500, load_input=False, load_output=False
            )
            if over := [one.workflow_id for one in found if one.status not in _UNDER_WAY]:
                self._do.delete_workflows(over)

    @contextmanager
    def _faults(self) -> Generator[None]:
        """Turn whatever DBOS and its database raise into one sentence."""
        try:
            yield
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in _THEIRS:
                raise
            raise self._refused(error) from None

    @property
    def _do(self) -> type[DBOS]:
        if self._dbos is None:
            raise StorageError("The job queue was used before it was opened.")
        return self._dbos

    def _launch(self, dbos: type[DBOS]) -> None:
        dbos(config=self._config())
        self._turn = self._workflow(dbos)
        dbos.launch()
        dbos.register_queue(
            _NAME,
            global_concurrency=self._settings.parallel_consoles,
            polling_interval_sec=self._seconds,
            on_conflict="always_update",
        )

    def _workflow(self, dbos: type[DBOS]) -> Any:
        """Two steps, so that an end that was learned is not learned again."""

        @dbos.step(name="read")
        def read(number: int, turn: int) -> dict[str, Any] | None:
            return self._attempts.read(number, turn)

        @dbos.step(name="settle")
        def settle(number: int, turn: int, told: dict[str, Any]) -> None:
            self._attempts.settle(number, turn, told)

        @dbos.workflow(name="turn", max_recovery_attempts=_MOST_DEATHS)
        def perform(number: int, turn: int) -> None:
            with self._at_work(_place(number, turn)):
                told = read(number, turn)
                if told is not None:
                    settle(number, turn, told)

        return perform

    @contextmanager
    def _at_work(self, place: str) -> Generator[None]:
        self._active.add(place)
        try:
            yield
        finally:
            self._active.discard(place)

    def _config(self) -> DBOSConfig:
        from dbos import DBOSPortableJSONSerializer  # noqa: PLC0415 - loaded long ago

        return {
            "name": "plumbline",
            **self._database(),
            "dbos_system_schema": SCHEMA,
            "executor_id": self._worker,
            "application_version": _SHAPE,
            # Text that people can read, and no code in a database that others may write to.
            "serializer": DBOSPortableJSONSerializer(),
            "enable_otlp": False,
            "use_listen_notify": False,
            "log_level": "DEBUG" if _log.isEnabledFor(logging.DEBUG) else "INFO",
        }

    def _database(self) -> DBOSConfig:
        """Where the queue's tables are: in the server's database, else in a file of their own."""
        scheme, _, rest = self._settings.database_url.partition(":")
        if scheme in {"postgresql", "postgres"}:
            self._engine = reach.engine(f"postgresql:{rest}", self._attempts.closing)
        else:
            file = self._settings.home / FILE
            _prepare(file)
            self._engine = reach.file_engine(file)
        return {"system_database_engine": self._engine}

    def _refused(self, error: Exception) -> StorageError:
        text = " ".join(str(getattr(error, "orig", None) or error).split())
        return StorageError(
            f"The database of the job queue refused: {_hushed(text, self._settings)}",
            advice="look at PLUMBLINE_DATABASE_URL; its user must be allowed to make a schema.",
        )


_THEIRS = frozenset({"dbos", "sqlalchemy", "psycopg", "sqlite3"})
_UNDER_WAY = frozenset({"ENQUEUED", "PENDING", "DELAYED"})


def mark(number: int, turn: int, job: Job) -> str:
    """What a turn is called in the queue; other than that of any ledger that was here before."""
    return f"job-{number}-{job.asked:%Y%m%d%H%M%S%f}-{turn}"


def _place(number: int, turn: int) -> str:
    return f"{number}-{turn}"


def _prepare(file: Path) -> None:
    """Make the file, for this user alone, so that readers and a writer work side by side."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with sqlite3.connect(file, timeout=30) as base:
            base.execute("PRAGMA journal_mode=WAL")
        base.close()
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            f"The file of the job queue {file} cannot be used: {error}.",
            advice="look whether its disk is full, and whether this user may write there.",
        ) from error


def _silence() -> None:
    """Leave nothing in the environment that would have DBOS talk to its makers' service."""
    for name in [name for name in os.environ if name.startswith("DBOS")]:
        del os.environ[name]


class _Relay(logging.Handler):
    """Tells in our log what DBOS tells, one step less alarming, without traces or secrets."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on."""
        with suppress(ValueError, TypeError):  # a message that does not fit its arguments
            cause = f" {record.exc_info[1]!r}" if record.exc_info else ""
            text = _hushed(" ".join(f"{record.getMessage()}{cause}".split()), self._settings)
            level = logging.INFO if record.levelno >= logging.WARNING else logging.DEBUG
            _log.log(level, "queue: %.300s", text)


def _relay(settings: Settings) -> None:
    logger = logging.getLogger("dbos")
    logger.handlers[:] = [_Relay(settings)]
    logger.propagate = False


def _hushed(text: str, settings: Settings) -> str:
    """A text without the address of the database and its password."""
    address = settings.database_url
    if not address:
        return text
    secret = address.partition("://")[2].rpartition("@")[0].partition(":")[2]
    hushed = text.replace(address, "the database")
    return hushed.replace(secret, "***") if secret else hushed

"""Jobs: who asked for a run, how it stands, and when it is tried again.

The row is the truth: the queue that hands jobs to workers can be lost and is filled from here.
Every write names the turn it belongs to, so that a worker that was taken for dead changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from plumbline.domain.connection import ConnectionKind
from plumbline.domain.job import OPEN, JobState
from plumbline.errors import NotFoundError, UsageError
from plumbline.ledger import runs, workers
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import ConnectionRow, JobRow, WorkerRow
from plumbline.ledger.records import Job
from plumbline.ledger.texts import storable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

_LARGEST = 2**63 - 1
_REMOVED = "The connection was removed."
_ORPHANED = "Its worker is gone; the next one goes on with it."
_FREE: dict[str, Any] = {"note": "", "error": "", "advice": "", "stop": False, "stopped_by": ""}


@storage_faults()
def start(connection: str, *, by: str, full: bool = False) -> tuple[Job, bool]:
    """Ask for a run of a connection; tells the job, and whether it is a new one.

    A connection has one open job at most: one that waits for another try is tried now.

    Raises:
        UsageError: there is no such connection, or it cannot be read.
    """
    now = timezone.now()
    with transaction.atomic():
        parent = _connection(connection)
        row = _rows().filter(connection=parent, state__in=OPEN).first()
        if row is not None:
            _hasten(row, full=full, now=now)
            return _job(_one(row.pk)), False
        row = JobRow.objects.create(
            connection=parent,
            name=connection,
            state=JobState.QUEUED,
            full=full,
            by=by,
            asked=now,
            due=now,
        )
    return _job(_one(row.pk)), True


@storage_faults()
def get(number: int) -> Job:
    """One job.

    Raises:
        UsageError: there is none of that number.
    """
    return _job(_one(number))


@storage_faults()
def find(connection: str) -> Job | None:
    """The open job of a connection, if it has one."""
    row = _rows().filter(connection__name=connection, state__in=OPEN).first()
    return None if row is None else _job(row)


@storage_faults()
def listing(connection: str | None = None, limit: int | None = None) -> tuple[Job, ...]:
    """Jobs of one connection or of all, the newest first."""
    rows = _rows().order_by("-pk")
    if connection is not None:
        rows = rows.filter(name=connection)
    return tuple(map(_job, rows[:limit]))


@storage_faults()
def for_workers(now: datetime) -> tuple[Job, ...]:
    """The open jobs that workers have or may have now, in the order they were due."""
    begun = Q(state=JobState.RUNNING)
    due = Q(due__lte=now, connection__paused=False)
    rows = _rows().filter(begun | due, state__in=OPEN, connection__isnull=False)
    return tuple(map(_plain, rows.order_by("due", "pk")))


@storage_faults()
def close_removed() -> None:
    """End the jobs whose connection was removed or retired before they could begin."""
    gone = Q(connection__isnull=True) | Q(connection__retired__isnull=False)
    rows = JobRow.objects.filter(gone, state__in=[JobState.QUEUED, JobState.WAITING])
    numbers = list(rows.values_list("pk", flat=True))
    JobRow.objects.filter(pk__in=numbers, state__in=[JobState.QUEUED, JobState.WAITING]).update(
        state=JobState.CANCELLED, ended=timezone.now(), error=_REMOVED, note=""
    )


@storage_faults()
def bring_forward(latest: datetime) -> None:
    """Let no job wait beyond this: a clock that was set back would make it wait for years."""
    waiting = JobRow.objects.filter(state=JobState.WAITING, due__gt=latest)
    waiting.update(due=latest)


@storage_faults()
def claim(number: int, turn: int, worker: str) -> Job | None:
    """Begin a turn of a job as this worker; nothing if the job has ended or has another turn."""
    now = timezone.now()
    with transaction.atomic():
        row = _open_turn(number, turn)
        if row is None:
            return None
        if row.state != JobState.RUNNING:
            row.state, row.note = JobState.RUNNING.value, ""
        row.began = row.began or now
        row.worker = WorkerRow.objects.filter(name=worker).first()
        row.save()
    return _job(_one(number))


@storage_faults()
def settle(
    number: int, turn: int, state: JobState, changes: Mapping[str, Any], *, worker: str = ""
) -> None:
    """Write down how a turn ended, as the worker that had it.

    Nothing happens if somebody did, the job has another turn, or another worker has this one.
    """
    now = timezone.now()
    with transaction.atomic():
        row = _open_turn(number, turn)
        if row is None or (worker and row.worker is not None and row.worker.name != worker):
            return
        if row.stop and state in OPEN:
            state, changes = JobState.CANCELLED, {"error": _cancelled(row.stopped_by)}
        for name, value in changes.items():
            setattr(row, name, storable(value) if isinstance(value, str) else value)
        row.state, row.turn, row.worker = state.value, row.turn + 1, None
        row.ended = None if state in OPEN else now
        row.save()


@storage_faults()
def tell(number: int, worker: str, words: str) -> None:
    """Write down what a job is at that this worker works on."""
    rows = JobRow.objects.filter(pk=number, state=JobState.RUNNING, worker__name=worker)
    rows.update(note=storable(words))


@storage_faults()
def cancel(job: Job, by: str) -> Job:
    """End a job: at once if it has not begun or its worker is gone, else at its next page.

    Raises:
        UsageError: it has ended.
    """
    now = timezone.now()
    with transaction.atomic():
        row = JobRow.objects.select_for_update().get(pk=job.id)
        if row.state not in OPEN:
            raise UsageError(f"Job {row.pk} has ended as {row.state}.")
        row.stop, row.stopped_by = True, by
        if row.state != JobState.RUNNING or not _at_work(row, now):
            row.state, row.ended, row.turn = JobState.CANCELLED.value, now, row.turn + 1
            row.error, row.note = _cancelled(by), ""
        row.save()
    runs.cancel(row.name, by)
    return _job(_one(job.id))


@storage_faults()
def retry(number: int) -> Job:
    """Try a job again, whether it has ended without a result or waits.

    Raises:
        UsageError: it was successful, is at work, or its connection has another open job.
    """
    now = timezone.now()
    with transaction.atomic():
        row = _one(number)
        if row.state in {JobState.COMPLETE, JobState.RUNNING}:
            raise UsageError(f"Job {number} is {row.state}.", advice="`plumbline jobs start NAME`.")
        parent = _connection(row.name)
        other = JobRow.objects.filter(connection=parent, state__in=OPEN).exclude(pk=number).first()
        if other is not None:
            raise UsageError(f"Job {other.pk} of {row.name} is {other.state} already.")
        fresh = {"failures": 0, "failing_since": None, "incompletes": 0, "ended": None}
        JobRow.objects.filter(pk=number).update(
            connection=parent, state=JobState.QUEUED, due=now, turn=row.turn + 1, **fresh, **_FREE
        )
    return get(number)


def _hasten(row: JobRow, *, full: bool, now: datetime) -> None:
    """Let an open job be full if that is asked, and try it now if it waits."""
    if row.state == JobState.RUNNING:
        return
    row.full = row.full or full
    row.state, row.due, row.note = JobState.QUEUED.value, min(row.due, now), ""
    row.save()


def _connection(name: str) -> ConnectionRow:
    """A connection that can be read, locked where the database locks rows."""
    row = ConnectionRow.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise NotFoundError(
            f"There is no connection {name!r}.", advice="see `plumbline connection list`."
        )
    if row.retired is not None:
        raise UsageError(f"{name} was retired: it is not read any more.")
    if row.kind != ConnectionKind.CONSOLE:
        raise UsageError(f"{name} takes imported files: there is no console to read.")
    return row


def _rows() -> QuerySet[JobRow]:
    return JobRow.objects.select_related("worker").annotate(
        last_run=Max("runs__number"), taken=Count("runs")
    )


def _one(number: int) -> JobRow:
    row = _rows().filter(pk=number).first() if 0 < number <= _LARGEST else None
    if row is None:
        raise NotFoundError(f"There is no job {number}.", advice="see `plumbline jobs`.")
    return row


def _open_turn(number: int, turn: int) -> JobRow | None:
    rows = JobRow.objects.select_for_update()
    return rows.filter(pk=number, turn=turn, state__in=OPEN).first()


def _at_work(row: JobRow, now: datetime) -> bool:
    return row.worker is not None and workers.lives(row.worker, now)


def _cancelled(by: str) -> str:
    return f"It was cancelled by {by}."


def _job(row: JobRow) -> Job:
    """A job as it stands: one whose worker is gone is not at work, whatever its row says."""
    if row.state != JobState.RUNNING or _at_work(row, timezone.now()):
        return _plain(row)
    row.state, row.note = JobState.QUEUED.value, _ORPHANED
    return _plain(row)


def _plain(row: Any) -> Job:
    return Job(
        id=row.pk,
        connection=row.name,
        state=JobState(row.state),
        full=row.full,
        by=row.by,
        asked=row.asked,
        due=row.due,
        began=row.began,
        ended=row.ended,
        run=row.last_run,
        attempts=row.taken,
        turn=row.turn,
        settled_run=row.settled_run,
        failures=row.failures,
        failing_since=row.failing_since,
        incompletes=row.incompletes,
        note=row.note,
        error=row.error,
        advice=row.advice,
        stopped_by=row.stopped_by if row.stop else "",
        worker=row.worker.name if row.worker is not None else "",
    )


def names() -> Sequence[str]:
    """The connections that can be read and are not paused, by name."""
    rows = ConnectionRow.objects.filter(
        paused=False, retired__isnull=True, kind=ConnectionKind.CONSOLE
    )
    with storage_faults():
        return list(rows.order_by("name").values_list("name", flat=True))

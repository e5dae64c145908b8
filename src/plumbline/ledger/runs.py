"""Runs from start to end: who works on them, how they stand, what they counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from plumbline.domain.run import RunMode, RunState
from plumbline.errors import BusyError, NotFoundError, StoppedError, UsageError
from plumbline.ledger import owner
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import ConnectionRow, RunRow
from plumbline.ledger.records import Run
from plumbline.ledger.texts import storable, storable_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from django.db.models import QuerySet

_LARGEST = 2**63 - 1
"""What a database keeps as a whole number."""
_JUST_BEGUN = timedelta(seconds=15)
_ABANDONED = "It was stopped before it could finish."


@storage_faults()
def start(
    connection: str,
    mode: RunMode,
    by: str = "command",
    job: int | None = None,
    *,
    at: datetime | None = None,
) -> Run:
    """Begin a run, perhaps for a job; a dead one that was not resumed is closed as failed.

    `at` is when it began, where that is not this moment.

    Raises:
        UsageError: there is no such connection.
        BusyError: another process reads that console right now.
    """
    with transaction.atomic():
        parent = _connection(connection)
        now = timezone.now()
        for row in _running(connection):
            _refuse_if_live(row, now)
            _end(row, row.heartbeat, RunState.FAILED, error=_ABANDONED)
        me = owner.this()
        row = RunRow.objects.create(
            connection=parent,
            name=connection,
            mode=mode.value,
            state=RunState.RUNNING.value,
            started=at or now,
            claimed=now,
            heartbeat=now,
            host=me.host,
            pid=me.pid,
            process=me.process,
            by=by,
            job_id=job,
        )
    return _run(row)


@storage_faults()
def resumable(connection: str) -> Run | None:
    """The latest run of a connection that still counts as running but whose process is gone."""
    row = _running(connection).last()
    if row is None or _lives(row, timezone.now()):
        return None
    return _run(row)


@storage_faults()
def live(connection: str) -> Run | None:
    """The run of a connection that a living process works on."""
    now = timezone.now()
    return next((_run(row) for row in _running(connection) if _lives(row, now)), None)


@storage_faults()
def resume(number: int) -> Run:
    """Take over a run whose process is gone.

    Raises:
        UsageError: there is no such run, or it has ended.
        BusyError: its process lives, or another was faster.
    """
    with transaction.atomic():
        row = _unended(number)
        now = timezone.now()
        _refuse_if_live(row, now)
        me = owner.this()
        row.seconds = _worked(row, row.heartbeat)
        row.claimed = row.heartbeat = now
        row.host, row.pid, row.process = me.host, me.pid, me.process
        row.save()
    return _run(row)


@storage_faults()
def heartbeat(number: int, progress: Mapping[str, Any] | None = None) -> str:
    """Tell that the run's process is at work, at least every half minute; hear who wants its end.

    What it is at, if given, replaces what it was at before.

    Raises:
        StoppedError: the run is not this process's any more: it was silent for too long.
    """
    me = owner.this()
    mine = RunRow.objects.filter(
        pk=number, state=RunState.RUNNING, host=me.host, pid=me.pid, process=me.process
    )
    told = {} if progress is None else {"progress": storable_tree(dict(progress))}
    if not mine.update(heartbeat=timezone.now(), **told):
        raise StoppedError(f"Run {number} was taken for dead, and ended by another process.")
    return "".join(mine.filter(stop=True).values_list("stopped_by", flat=True))


@storage_faults()
def cancel(connection: str, by: str) -> Run | None:
    """Ask the living run of a connection to stop at its next page; tells which, if there is one."""
    found = live(connection)
    if found is not None:
        rows = RunRow.objects.filter(pk=found.number, state=RunState.RUNNING)
        rows.update(stop=True, stopped_by=by or "somebody")
    return found


@storage_faults()
def close_strays(at_work: Collection[int], job: int | None = None) -> None:
    """End the runs that this process began and does not work on any more.

    A run whose end could not be written (the disk was full, the database away) would otherwise
    look alive as long as this process lives. One that begins just now is left alone, save by the
    thread that has its job and so knows that none does.
    """
    me, now = owner.this(), timezone.now()
    rows = RunRow.objects.filter(
        state=RunState.RUNNING, host=me.host, pid=me.pid, process=me.process
    )
    rows = rows.filter(heartbeat__lt=now - _JUST_BEGUN) if job is None else rows.filter(job_id=job)
    for row in rows.exclude(pk__in=at_work):
        with transaction.atomic():
            _end(row, now, RunState.FAILED, error=_ABANDONED)


@storage_faults()
def last_of_job(job: int) -> Run | None:
    """The newest run that was begun for a job."""
    row = RunRow.objects.filter(job_id=job).order_by("number").last()
    return None if row is None else _as_it_is(row)


@storage_faults()
def saw(number: int, *, rows: int, sight: Mapping[str, Any]) -> None:
    """Tell how many findings were received and what the keys could see."""
    RunRow.objects.filter(pk=number).update(rows=rows, sight=storable_tree(dict(sight)))


@storage_faults()
def finish(
    number: int,
    state: RunState,
    counts: Mapping[str, int] | None = None,
    *,
    error: str = "",
    advice: str = "",
    code: int = 0,
) -> Run:
    """End a run without publishing; requests, bytes and seconds are summed up here.

    Close the run's request log first: what it still holds would not be counted.

    Raises:
        UsageError: there is no such run, or it has ended.
    """
    with transaction.atomic():
        row = _unended(number)
        row.code = code
        _end(row, timezone.now(), state, counts, error=error, advice=advice)
    return _run(row)


@storage_faults()
def get(number: int) -> Run:
    """One run.

    Raises:
        UsageError: there is none of that number.
    """
    return _as_it_is(_row(number))


@storage_faults()
def progress(number: int) -> Mapping[str, Any]:
    """What a run told last of what it is at; empty where it told nothing."""
    found = RunRow.objects.filter(pk=number).values_list("progress", flat=True).first()
    return found or {}


@storage_faults()
def listing(connection: str | None = None, limit: int | None = None) -> tuple[Run, ...]:
    """Runs of one connection or of all, the newest first."""
    rows = RunRow.objects.order_by("-number")
    if connection is not None:
        rows = rows.filter(name=connection)
    return tuple(map(_as_it_is, rows[:limit]))


def _end(
    row: RunRow,
    ended: datetime,
    state: RunState,
    counts: Mapping[str, int] | None = None,
    *,
    error: str = "",
    advice: str = "",
) -> None:
    """Close a row; call it inside a transaction."""
    sums = row.request_rows.aggregate(requests=Count("pk"), received=Sum("received"))
    row.state, row.ended = state.value, ended
    row.error, row.advice = storable(error), storable(advice)
    row.counts = dict(counts or {})
    row.requests, row.received = sums["requests"], sums["received"] or 0
    row.seconds = _worked(row, ended)
    row.save()


def _worked(row: RunRow, until: datetime) -> float:
    return row.seconds + max((until - row.claimed).total_seconds(), 0.0)


def _connection(name: str) -> ConnectionRow:
    """The connection's row, locked where the database locks rows."""
    row = ConnectionRow.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise NotFoundError(
            f"There is no connection {name!r}.", advice="see `plumbline connection list`."
        )
    return row


def _running(connection: str) -> QuerySet[RunRow]:
    return RunRow.objects.filter(
        name=connection, connection__isnull=False, state=RunState.RUNNING
    ).order_by("number")


def _row(number: int, rows: QuerySet[RunRow] | None = None) -> RunRow:
    found = None
    if 0 < number <= _LARGEST:
        found = (RunRow.objects.all() if rows is None else rows).filter(pk=number).first()
    if found is None:
        raise NotFoundError(f"There is no run {number}.", advice="see `plumbline runs`.")
    return found


def _unended(number: int) -> RunRow:
    """A run that still goes on, locked where the database locks rows."""
    row = _row(number, RunRow.objects.select_for_update())
    if row.state != RunState.RUNNING:
        raise UsageError(f"Run {number} has ended as {row.state}.", advice="start another run.")
    return row


def _lives(row: RunRow, now: datetime) -> bool:
    process = owner.Owner(host=row.host, pid=row.pid, process=row.process)
    return process.lives(row.heartbeat, now)


def _refuse_if_live(row: RunRow, now: datetime) -> None:
    if _lives(row, now):
        raise BusyError(
            f"Run {row.number} is reading {row.name} right now (process {row.pid} on {row.host}).",
            advice=f"wait until it ends, or stop it with `plumbline jobs cancel {row.name}`.",
            unchanged="that run and every snapshot.",
        )


def _as_it_is(row: RunRow) -> Run:
    """A run as it stands: one whose process is gone does not go on, whatever its row says."""
    found = _run(row)
    if found.state is not RunState.RUNNING or _lives(row, timezone.now()):
        return found
    return replace(found, state=RunState.FAILED, ended=row.heartbeat, error=_ABANDONED)


def _run(row: RunRow) -> Run:
    return Run(
        number=row.number,
        connection=row.name,
        mode=RunMode(row.mode),
        state=RunState(row.state),
        started=row.started,
        ended=row.ended,
        error=row.error,
        advice=row.advice,
        counts=dict(row.counts),
        requests=row.requests,
        received=row.received,
        seconds=row.seconds,
        rows=row.rows,
        sight=dict(row.sight),
        by=row.by,
        code=row.code,
    )

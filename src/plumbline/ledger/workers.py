"""Which processes work off jobs, and which of them have died."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from django.utils import timezone

from plumbline.ledger import owner
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import WorkerRow
from plumbline.ledger.records import Worker

if TYPE_CHECKING:
    from datetime import datetime


@storage_faults()
def enter() -> Worker:
    """Write this process down as a worker, under a name that nobody had before."""
    return _worker(_enter(f"{os.getpid()}-{secrets.token_hex(8)}"))


@storage_faults()
def heartbeat(name: str) -> bool:
    """Tell that the worker lives; false if the others had taken it for dead, so that it is new."""
    if WorkerRow.objects.filter(name=name).update(heartbeat=timezone.now()):
        return True
    _enter(name)
    return False


@storage_faults()
def leave(name: str) -> None:
    """The worker has ended, or what it had begun was taken over."""
    WorkerRow.objects.filter(name=name).delete()


@storage_faults()
def living() -> tuple[Worker, ...]:
    """The workers that live, the oldest first."""
    now = timezone.now()
    return tuple(_worker(row) for row in _rows() if lives(row, now))


@storage_faults()
def dead() -> tuple[Worker, ...]:
    """The workers that have gone without leaving."""
    now = timezone.now()
    return tuple(_worker(row) for row in _rows() if not lives(row, now))


def lives(row: WorkerRow, now: datetime) -> bool:
    """Whether a worker still works."""
    process = owner.Owner(host=row.host, pid=row.pid, process=row.process)
    return process.lives(row.heartbeat, now)


def _enter(name: str) -> WorkerRow:
    me, now = owner.this(), timezone.now()
    return WorkerRow.objects.create(
        name=name, started=now, heartbeat=now, host=me.host, pid=me.pid, process=me.process
    )


def _rows() -> list[WorkerRow]:
    return list(WorkerRow.objects.order_by("started", "pk"))


def _worker(row: WorkerRow) -> Worker:
    return Worker(
        name=row.name,
        host=row.host,
        pid=row.pid,
        started=row.started,
        heartbeat=row.heartbeat,
    )

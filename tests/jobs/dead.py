"""Workers that only their rows know: one that lives, and those that are gone."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.utils import timezone

from plumbline.ledger import owner, workers
from plumbline.ledger.models import RunRow, WorkerRow

if TYPE_CHECKING:
    from datetime import timedelta

ELSEWHERE = "another-machine"


def at_work() -> str:
    """A worker that lives: this very process."""
    return workers.enter().name


def gone() -> str:
    """A worker of another machine that was silent for longer than any may be."""
    then = timezone.now() - 2 * owner.SILENCE
    row = WorkerRow.objects.create(
        name=secrets.token_hex(8), started=then, heartbeat=then, host=ELSEWHERE, pid=1, process="x"
    )
    return str(row.name)


def move_away(worker: str, silence: timedelta) -> None:
    """Let a worker and its run be those of another machine, not heard of for so long."""
    then = timezone.now() - silence
    row = WorkerRow.objects.get(name=worker)
    mine = RunRow.objects.filter(pid=row.pid, state="running")
    mine.update(host=ELSEWHERE, heartbeat=then)
    WorkerRow.objects.filter(name=worker).update(host=ELSEWHERE, heartbeat=then)

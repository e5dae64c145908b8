"""Workers that only their rows know: one that lives, and those that are gone."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.utils import timezone

from plumbline.ledger import owner, workers
from plumbline.ledger.models import RunRow, WorkerRow

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


def move_away(silence: timedelta) -> datetime:
    """Let every worker and its run be those of another machine, not heard of for so long."""
    then = timezone.now() - silence
    WorkerRow.objects.update(host=ELSEWHERE, heartbeat=then)
    RunRow.objects.filter(state="running").update(host=ELSEWHERE, heartbeat=then)
    return then

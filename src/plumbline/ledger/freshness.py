"""When data is stale: the one definition, for warnings, the state of connections and monitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import RunRow, ScheduleRow

if TYPE_CHECKING:
    from datetime import datetime, timedelta

_TURNS = 2
"""A connection that is planned to be read more rarely is stale when it missed a turn."""


def limit(stale_after: timedelta, last_try: datetime | None, next_at: datetime | None) -> timedelta:
    """The age up to which data is fresh.

    That of the setting; or twice the time from one run to the next where a schedule plans more
    rarely than the setting expects. Weekly data is not stale on its third day.
    """
    if last_try is None or next_at is None:
        return stale_after
    return max(stale_after, _TURNS * (next_at - last_try))


@storage_faults()
def limit_of(connection: str, stale_after: timedelta) -> timedelta:
    """The age up to which the data of a connection is fresh."""
    tries = RunRow.objects.filter(connection__name=connection).order_by("-number")
    last_try = tries.values_list("started", flat=True).first()
    planned = ScheduleRow.objects.filter(connection__name=connection)
    return limit(stale_after, last_try, planned.values_list("next_at", flat=True).first())

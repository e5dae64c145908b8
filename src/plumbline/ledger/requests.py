"""Every request ever made to a console."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Self

from django.db.models import Count, Q, Sum

from plumbline.domain.request import RequestRecord
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import RequestRow
from plumbline.ledger.records import Traffic
from plumbline.ledger.texts import storable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

BATCH = 50
PATIENCE = timedelta(seconds=5)
"""A record waits no longer than this for others, so that a crash loses little."""


class Log:
    """Writes the requests of a run, some at a time; any thread may record.

    Use it as a context manager: what is left is written at the end.
    """

    def __init__(self, run: int | None) -> None:
        self._run = run
        self._waiting: list[RequestRecord] = []
        self._lock = Lock()

    def record(self, request: RequestRecord) -> None:
        """Keep one request; writes when enough have gathered or the oldest has waited enough.

        Raises:
            StorageError: the database refused; the requests stay in hand.
        """
        with self._lock:
            self._waiting.append(request)
            if self._is_due(request):
                self._write()

    def flush(self) -> None:
        """Write what waits.

        Raises:
            StorageError: the database refused; the requests stay in hand.
        """
        with self._lock:
            self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def _is_due(self, newest: RequestRecord) -> bool:
        if len(self._waiting) >= BATCH:
            return True
        return newest.at - self._waiting[0].at >= PATIENCE

    @storage_faults()
    def _write(self) -> None:
        if self._waiting:
            RequestRow.objects.bulk_create([_row(self._run, r) for r in self._waiting])
            self._waiting.clear()


def listing(run: int | None) -> Iterator[RequestRecord]:
    """The requests of a run (or those outside any run) in the order they were made."""
    rows = RequestRow.objects.filter(run_id=run).order_by("pk")
    with storage_faults():
        yield from map(_record, rows.iterator(chunk_size=1_000))


@storage_faults()
def sent_since(connection: str, moment: datetime, limit: int) -> list[datetime]:
    """When the runs of a connection sent their newest requests since then, so many at most."""
    rows = RequestRow.objects.filter(run__name=connection, at__gte=moment)
    return list(rows.order_by("-at").values_list("at", flat=True)[:limit])


@storage_faults()
def traffic(run: int) -> Traffic:
    """The requests of a run in sum."""
    sums = RequestRow.objects.filter(run_id=run).aggregate(
        requests=Count("pk"),
        received=Sum("received"),
        seconds=Sum("seconds"),
        failed=Count("pk", filter=~Q(outcome="ok")),
    )
    return Traffic(
        requests=sums["requests"],
        received=sums["received"] or 0,
        seconds=sums["seconds"] or 0.0,
        failed=sums["failed"],
    )


def _row(run: int | None, request: RequestRecord) -> RequestRow:
    return RequestRow(
        run_id=run,
        at=request.at,
        method=request.method,
        path=storable(request.path),
        summary=storable(request.summary),
        status=request.status,
        received=request.received,
        seconds=request.seconds,
        attempt=request.attempt,
        outcome=storable(request.outcome),
    )


def _record(row: RequestRow) -> RequestRecord:
    return RequestRecord(
        at=row.at,
        method=row.method,
        path=row.path,
        summary=row.summary,
        status=row.status,
        received=row.received,
        seconds=row.seconds,
        attempt=row.attempt,
        outcome=row.outcome,
    )

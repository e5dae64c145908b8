"""Published runs: which version of every table readers see."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from plumbline.ledger import runs
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import SnapshotRow
from plumbline.ledger.records import Publication, Snapshot
from plumbline.terms.run import RunState
from plumbline.terms.snapshot import Pin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet


@storage_faults()
def publish(
    run: int,
    state: RunState,
    counts: Mapping[str, int],
    publication: Publication,
    *,
    error: str = "",
    advice: str = "",
) -> Snapshot:
    """Publish what a run read and end the run, both or neither.

    Raises:
        UsageError: there is no such run, or it has ended.
    """
    with transaction.atomic():
        runs.finish(run, state, counts, error=error, advice=advice)
        row = SnapshotRow.objects.create(
            run_id=run,
            as_of=publication.as_of,
            published=timezone.now(),
            tables={name: _written(pin) for name, pin in publication.tables.items()},
            plan=dict(publication.plan),
        )
    return _snapshot(row)


@storage_faults()
def latest(connection: str) -> Snapshot | None:
    """What readers see of a connection now."""
    row = _visible().filter(run__connection__name=connection).order_by("run").last()
    return None if row is None else _snapshot(row)


@storage_faults()
def latest_all() -> tuple[Snapshot, ...]:
    """What readers see now, one snapshot a connection, by its name."""
    return _newest(_visible())


@storage_faults()
def as_of(moment: int | datetime) -> tuple[Snapshot, ...]:
    """What readers saw after that run, or at that time; one snapshot a connection, by its name."""
    if isinstance(moment, datetime):
        return _newest(_visible().filter(published__lte=moment))
    return _newest(_visible().filter(run__lte=moment))


@storage_faults()
def listing(connection: str) -> tuple[Snapshot, ...]:
    """Every snapshot of a connection, the newest first."""
    rows = _visible().filter(run__connection__name=connection).order_by("-run")
    return tuple(map(_snapshot, rows))


def _visible() -> QuerySet[SnapshotRow]:
    """Snapshots of connections that are still there."""
    return SnapshotRow.objects.filter(run__connection__isnull=False).select_related("run")


def _newest(rows: QuerySet[SnapshotRow]) -> tuple[Snapshot, ...]:
    numbers = rows.values("run__connection").annotate(number=Max("run")).values("number")
    newest = _visible().filter(run__in=numbers).order_by("run__name")
    return tuple(map(_snapshot, newest))


def _written(pin: Pin) -> dict[str, Any]:
    return {"version": pin.version, "files": list(pin.files), "rows": pin.rows}


def _pin(written: dict[str, Any]) -> Pin:
    return Pin(version=written["version"], files=tuple(written["files"]), rows=written["rows"])


def _snapshot(row: SnapshotRow) -> Snapshot:
    return Snapshot(
        run=row.run_id,
        connection=row.run.name,
        state=RunState(row.run.state),
        as_of=row.as_of,
        published=row.published,
        tables={name: _pin(written) for name, written in row.tables.items()},
        plan=dict(row.plan),
    )

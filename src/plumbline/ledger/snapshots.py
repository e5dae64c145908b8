"""Published runs: which version of every table readers see, now and as of any earlier moment."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from plumbline.domain.run import RunState
from plumbline.domain.snapshot import Pin
from plumbline.errors import UsageError
from plumbline.ledger import runs
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import ConnectionRow, RunRow, SnapshotRow
from plumbline.ledger.records import Publication, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django.db.models import QuerySet

_NOW = "leave --as-of out to see what is now."


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
def date_back(run: int, ended: datetime) -> None:
    """Let a run, and what it published, have ended at an earlier time: an invented history does."""
    with transaction.atomic():
        RunRow.objects.filter(pk=run).update(ended=ended)
        SnapshotRow.objects.filter(pk=run).update(published=ended)


@storage_faults()
def latest(connection: str) -> Snapshot | None:
    """What readers see of a connection now."""
    row = visible().filter(run__connection__name=connection).order_by("run").last()
    return None if row is None else _snapshot(row)


@storage_faults()
def latest_all() -> tuple[Snapshot, ...]:
    """What readers see now, one snapshot a connection, by its name."""
    return tuple(map(_snapshot, _newest(visible())))


@storage_faults()
def as_of(moment: int | datetime, connection: str | None = None) -> tuple[Snapshot, ...]:
    """What readers saw after that run had ended, or at that time: of every connection, or of one.

    A run that published nothing changed nothing: readers went on to see what they saw before.

    Raises:
        UsageError: there is no such run, it goes on, the time lies ahead, or what readers saw
            then is no longer kept; the nearest that is kept is told.
    """
    at, shown = _at_time(moment) if isinstance(moment, datetime) else _after_run(moment)
    newest = _newest(_of(connection).filter(shown))
    gone = [row for row in newest if row.forgotten is not None]
    if gone:
        raise _given_up(moment, gone, _nearest(at, connection))
    return tuple(map(_snapshot, newest))


@storage_faults()
def listing(connection: str) -> tuple[Snapshot, ...]:
    """Every snapshot of a connection that is kept, the newest first."""
    rows = visible().filter(run__connection__name=connection, forgotten=None).order_by("-run")
    return tuple(map(_snapshot, rows))


@storage_faults()
def first_published() -> Snapshot | None:
    """The earliest that can be asked for, whatever is kept of it."""
    row = visible().order_by("published").first()
    return None if row is None else _snapshot(row)


@storage_faults()
def repin(run: int, pins: Mapping[str, Pin]) -> bool:
    """Let the newest snapshot of a connection hold the same rows in other files.

    The files it held before stay noted for as long as a reader may have them open. Nothing
    happens, and False is told, when a run has begun or published since.
    """
    with transaction.atomic():
        row = visible().select_for_update(of=("self",)).get(pk=run)
        name = row.run.name
        ConnectionRow.objects.select_for_update().get(name=name)
        newest = visible().filter(run__connection__name=name).aggregate(n=Max("run"))["n"]
        if newest != run or runs.live(name) is not None:
            return False
        now = timezone.now().isoformat()
        for table, pin in pins.items():
            before = row.tables[table]
            was = [*before.get("was", ()), {"files": before["files"], "until": now}]
            row.tables[table] = _written(pin) | {"was": was}
        row.save(update_fields=["tables"])
    return True


def visible() -> QuerySet[SnapshotRow]:
    """Snapshots of connections that are still there, given up ones among them."""
    return SnapshotRow.objects.filter(run__connection__isnull=False).select_related("run")


def _of(connection: str | None) -> QuerySet[SnapshotRow]:
    rows = visible()
    return rows if connection is None else rows.filter(run__name=connection)


def _at_time(moment: datetime) -> tuple[datetime, Q]:
    if moment > timezone.now():
        raise UsageError(f"{moment:%Y-%m-%d %H:%M} UTC lies ahead.", advice=_NOW)
    return moment, Q(published__lte=moment)


def _after_run(number: int) -> tuple[datetime, Q]:
    run = runs.get(number)
    if run.ended is None:
        raise UsageError(f"Run {number} is still under way.", advice=_NOW)
    # The numbers of other connections' runs say nothing: a long run publishes after later ones.
    own = SnapshotRow.objects.filter(pk=number).first()
    at = own.published if own is not None else run.ended
    mine = Q(run__name=run.connection)
    return at, mine & Q(run__lte=number) | ~mine & Q(published__lte=at)


def _newest(rows: QuerySet[SnapshotRow]) -> list[SnapshotRow]:
    numbers = rows.values("run__connection").annotate(number=Max("run")).values("number")
    return list(visible().filter(run__in=numbers).order_by("run__name"))


def _given_up(
    moment: int | datetime, gone: list[SnapshotRow], near: Iterable[tuple[int, datetime]]
) -> UsageError:
    asked = f"after run {moment}" if isinstance(moment, int) else f"on {moment:%Y-%m-%d %H:%M} UTC"
    which = " and ".join(f"the snapshot of run {row.run_id} of {row.run.name}" for row in gone)
    told = " or ".join(f"run {run} (published {when:%Y-%m-%d})" for run, when in near)
    return UsageError(
        f"What readers saw {asked} is no longer kept: {which} was given up by age.",
        advice=f"{told}, the nearest that is kept.",
    )


def _nearest(at: datetime, connection: str | None) -> Iterator[tuple[int, datetime]]:
    """The last run before a moment, and the first after it, as of which everything is kept."""
    whole = list(_whole(connection))
    before = [found for found in whole if found[1] <= at]
    after = [found for found in whole if found[1] > at]
    yield from before[-1:]
    yield from after[:1]


def _whole(connection: str | None) -> Iterator[tuple[int, datetime]]:
    """The runs as of which all that readers saw is kept, in order."""
    shown: dict[int | None, bool] = {}
    columns = ("run", "published", "run__connection", "forgotten")
    rows = _of(connection).order_by("published", "run").values_list(*columns)
    for run, published, owner, forgotten in rows:
        shown[owner] = forgotten is None
        if all(shown.values()):
            yield run, published


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

"""How long snapshots are kept: all for some days, then one a day, one a week, one a month.

Giving a snapshot up is one mark in the ledger; from then on nobody can ask for it. Its files go
later, so that those who read it at that time can finish.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import transaction

from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import SnapshotRow
from plumbline.ledger.snapshots import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from plumbline.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """For how long which snapshots are kept; ages count from the moment of publishing."""

    every: timedelta
    daily: timedelta
    weekly: timedelta
    monthly: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings say."""
        return cls(
            every=timedelta(days=settings.keep_all_days),
            daily=timedelta(days=settings.keep_daily_days),
            weekly=timedelta(days=settings.keep_weekly_days),
            monthly=timedelta(days=settings.keep_monthly_days),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A snapshot, as far as keeping it is concerned."""

    run: int
    connection: str
    published: datetime


def kept(snapshots: Iterable[Published], policy: Policy, now: datetime) -> frozenset[int]:
    """The runs whose snapshots are to be kept.

    With a moment, all is kept that readers saw at it of every connection, so that it can be asked
    for as a whole.
    """
    ordered = sorted(snapshots, key=lambda one: (one.published, one.run))
    tiers: tuple[tuple[timedelta, Callable[[Published], Hashable]], ...] = (
        (policy.every, lambda one: one.run),
        (policy.daily, lambda one: one.published.date()),
        (policy.weekly, lambda one: one.published.isocalendar()[:2]),
        (policy.monthly, lambda one: (one.published.year, one.published.month)),
    )
    return frozenset().union(*(_tier(ordered, now - age, period) for age, period in tiers))


def _tier(
    ordered: Sequence[Published], since: datetime, period: Callable[[Published], Hashable]
) -> set[int]:
    """What readers saw at the end of each period since a time, and what they see now."""
    found: set[int] = set()
    shown: dict[str, int] = {}
    following = [*ordered[1:], None]
    for one, after in zip(ordered, following, strict=True):
        shown[one.connection] = max(one.run, shown.get(one.connection, 0))
        if after is None or (one.published >= since and period(after) != period(one)):
            found.update(shown.values())
    return found


@storage_faults()
def forget(policy: Policy, now: datetime, *, dry_run: bool = False) -> tuple[Published, ...]:
    """Give up the snapshots that are past their time, all at once; tells which."""
    with transaction.atomic():
        rows = [
            Published(run=run, connection=name, published=published)
            for run, name, published in visible()
            .filter(forgotten=None)
            .values_list("run", "run__name", "published")
        ]
        stay = kept(rows, policy, now)
        gone = tuple(one for one in rows if one.run not in stay)
        if gone and not dry_run:
            numbers = [one.run for one in gone]
            SnapshotRow.objects.filter(pk__in=numbers).update(forgotten=now)
    return gone


@storage_faults()
def pinned(connection: str, since: datetime) -> frozenset[str]:
    """The files, relative to the lake, that snapshots of a connection hold.

    Also those that were given up since a time, for those who may still read them.
    """
    files: set[str] = set()
    for tables, forgotten in (
        visible().filter(run__connection__name=connection).values_list("tables", "forgotten")
    ):
        if forgotten is None or forgotten > since:
            for pin in tables.values():
                files.update(pin["files"], *_left(pin, since))
    return frozenset(files)


@storage_faults()
def settle(since: datetime) -> None:
    """Take what was held by snapshots given up by a time out of the ledger.

    That they were published stays known.
    """
    SnapshotRow.objects.filter(forgotten__lte=since).exclude(tables={}).update(tables={}, plan={})


def _left(pin: dict[str, Any], since: datetime) -> Iterable[list[str]]:
    """Files the snapshot held until a short while ago."""
    for was in pin.get("was", ()):
        if datetime.fromisoformat(was["until"]) > since:
            yield was["files"]

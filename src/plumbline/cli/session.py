"""What nearly every command begins with: the settings, the log, the ledger."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from plumbline.config.reading import load
from plumbline.errors import FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from plumbline.config.settings import Settings
    from plumbline.ledger.records import Snapshot
    from plumbline.posture.engine import Estate
    from plumbline.tables import Table

_DIGITS = 4_000
"""More are no number of a run, whatever they are."""


def settings() -> Settings:
    """The settings of this installation; from here on the log goes to stderr.

    Raises:
        ConfigurationError: a setting is wrong.
    """
    found = load()
    logging.basicConfig(
        level=found.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    return found


def ledger() -> Settings:
    """The settings, with the ledger open.

    Raises:
        ConfigurationError: a setting is wrong.
        StorageError: the database cannot be used.
    """
    found = settings()
    from plumbline.ledger.opening import open_ledger  # noqa: PLC0415 - Django, only when needed

    open_ledger(found)
    return found


def open_estate(as_of: str | None = None) -> tuple[Estate, tuple[str, ...]]:
    """What was published, ready to be asked, and what a reader has to be warned of.

    `as_of` is the number of a run, a date (its end, in UTC) or a time in ISO 8601.

    Raises:
        UsageError: `as_of` is none of these, or there is no such run.
        FatalError: nothing had been published by then.
    """
    found = ledger()
    chosen = seen(as_of)
    warnings = () if as_of is not None else tuple(_warnings(chosen, found))
    return estate(found, chosen), warnings


def seen(as_of: str | None = None) -> tuple[Snapshot, ...]:
    """What readers see now, or saw as of a run or a time; one snapshot a connection.

    Raises:
        UsageError: `as_of` means nothing, lies ahead, or what was seen then is no longer kept.
        FatalError: nothing had been published by then.
    """
    from plumbline.ledger import snapshots  # noqa: PLC0415 - Django, only when needed

    chosen = snapshots.latest_all() if as_of is None else snapshots.as_of(moment(as_of))
    if chosen:
        return chosen
    if as_of is None:
        raise FatalError("Nothing has been published yet.", advice="`plumbline sync`")
    first = snapshots.first_published()
    told = f"--as-of {first.run}, the first that was ({first.published:%Y-%m-%d})" if first else ""
    raise FatalError(
        f"Nothing had been published as of {as_of}.", advice=told or "see `plumbline runs`"
    )


def estate(
    settings: Settings,
    chosen: Sequence[Snapshot],
    beside: Mapping[str, tuple[Table, Sequence[str]]] | None = None,
) -> Estate:
    """An engine over what some snapshots hold, and perhaps over more files under other names.

    Raises:
        StorageError: a file of the lake cannot be read.
    """
    from plumbline.posture.opening import estate_of  # noqa: PLC0415 - a second to import

    return estate_of(settings, chosen, beside)


def _warnings(chosen: Sequence[Snapshot], settings: Settings) -> Iterator[str]:
    """What makes the shown numbers less than fresh and proven."""
    from plumbline.ledger import freshness, runs  # noqa: PLC0415 - Django, only when needed

    stale_after = timedelta(hours=settings.stale_after_hours)
    retired = _retired()
    for snapshot in chosen:
        age = datetime.now(UTC) - snapshot.as_of
        if snapshot.connection in retired:
            days = f"{age.total_seconds() / 86_400:.1f} days"
            since = f"{retired[snapshot.connection]:%Y-%m-%d}"
            yield (
                f"{snapshot.connection}: retired on {since} and not read any more; "
                f"the data is {days} old."
            )
            continue
        if age > freshness.limit_of(snapshot.connection, stale_after):
            days = f"{age.total_seconds() / 86_400:.1f} days"
            yield f"{snapshot.connection}: the data is {days} old."
        last = runs.listing(snapshot.connection, 1)[0]
        if last.number != snapshot.run:
            how = "is under way" if last.ended is None else f"ended as {last.state}"
            yield (
                f"{snapshot.connection}: what is shown is from run {snapshot.run}; "
                f"run {last.number} {how}."
            )


def _retired() -> dict[str, datetime]:
    """The connections that were given up, and when."""
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when needed

    found = connections.list_all()
    return {one.connection.name: one.retired for one in found if one.retired is not None}


def moment(text: str) -> int | datetime:
    """The number of a run, or a time in UTC; of a day its end.

    Raises:
        UsageError: it is neither.
    """
    if text.isascii() and text.isdigit():
        return int(text[:_DIGITS])
    try:
        found = datetime.fromisoformat(text)
        if len(text) == len("2026-01-31"):
            return _end_of(found)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is neither the number of a run nor a date.",
            advice="write a run such as 12, a day such as 2026-01-31, or a time such as "
            "2026-01-31T08:00, in UTC.",
        ) from None


def _end_of(day: datetime) -> datetime:
    """The last moment of a day; today has come as far as now."""
    now = datetime.now(UTC)
    end = datetime.combine(day, time.max, UTC)
    return min(end, now) if day.date() == now.date() else end

"""What nearly every command begins with: the settings, the log, the ledger."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from plumbline.config.reading import load
from plumbline.errors import FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plumbline.config.settings import Settings
    from plumbline.ledger.records import Snapshot
    from plumbline.posture.engine import Estate


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
    from plumbline.ledger import runs, snapshots  # noqa: PLC0415 - Django, only when needed

    moment = None if as_of is None else _moment(as_of)
    if isinstance(moment, int):
        runs.get(moment)
    chosen = snapshots.latest_all() if moment is None else snapshots.as_of(moment)
    if not chosen:
        raise FatalError(
            "Nothing has been published yet."
            if as_of is None
            else f"Nothing had been published as of {as_of}.",
            advice="`plumbline sync`" if as_of is None else "see `plumbline runs`",
        )
    warnings = () if as_of is not None else tuple(_warnings(chosen, found))
    return _estate(found, chosen), warnings


def _estate(settings: Settings, chosen: Sequence[Snapshot]) -> Estate:
    import ibis  # noqa: PLC0415 - a second to import

    from plumbline.lake import engine as lake  # noqa: PLC0415 - beside it
    from plumbline.posture.engine import Estate  # noqa: PLC0415 - beside it
    from plumbline.tables import TABLES  # noqa: PLC0415 - beside it

    engine = lake.connect(lake.Limits.of(settings))
    pins = [snapshot.tables for snapshot in chosen]
    files = {t.name: [f for p in pins if t.name in p for f in p[t.name].files] for t in TABLES}
    with lake.engine_faults():
        lake.show_snapshot(engine, settings.lake, files)
    backend = ibis.duckdb.from_connection(engine)
    return Estate(
        tables={table.name: backend.table(table.name) for table in TABLES},
        as_of={snapshot.connection: snapshot.as_of for snapshot in chosen},
    )


def _warnings(chosen: Sequence[Snapshot], settings: Settings) -> Iterator[str]:
    """What makes the shown numbers less than fresh and proven."""
    from plumbline.ledger import runs  # noqa: PLC0415 - Django, only when needed

    for snapshot in chosen:
        age = datetime.now(UTC) - snapshot.as_of
        if age > timedelta(hours=settings.stale_after_hours):
            days = f"{age.total_seconds() / 86_400:.1f} days"
            yield f"{snapshot.connection}: the data is {days} old."
        last = runs.listing(snapshot.connection, 1)[0]
        if last.number != snapshot.run:
            how = "is under way" if last.ended is None else f"ended as {last.state}"
            yield (
                f"{snapshot.connection}: what is shown is from run {snapshot.run}; "
                f"run {last.number} {how}."
            )


def _moment(text: str) -> int | datetime:
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--as-of {text!r} is neither the number of a run nor a date.",
            advice="--as-of 12, --as-of 2026-01-31 or --as-of 2026-01-31T08:00",
        ) from None
    if len(text) == len("2026-01-31"):
        found = datetime.combine(found, time.max)
    return found if found.tzinfo else found.replace(tzinfo=UTC)

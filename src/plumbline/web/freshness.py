"""The line that stands over every page: as of when, complete or not, and whether it is stale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from plumbline.domain.run import RunState
from plumbline.ledger import freshness, runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plumbline.ledger.records import Run, Snapshot
    from plumbline.web.visitor import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One connection's part of what is shown. Times are UTC."""

    connection: str
    run: int
    as_of: datetime
    complete: bool
    """The run agreed with the console's own totals."""
    stale: bool
    trouble: str
    """What became of later runs; empty where this is the last one."""
    under_way: int | None
    """A run that reads at this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How fresh and proven all that is shown is."""

    sources: tuple[Source, ...]

    @property
    def as_of(self) -> datetime | None:
        """The oldest moment that anything shown speaks for."""
        return min((source.as_of for source in self.sources), default=None)

    @property
    def complete(self) -> bool:
        """Whether every run agreed with its console."""
        return all(source.complete for source in self.sources)

    @property
    def stale(self) -> bool:
        """Whether anything is older than it should be."""
        return any(source.stale for source in self.sources)

    @property
    def warned(self) -> bool:
        """Whether a reader has to be warned of anything."""
        return not self.complete or self.stale or any(s.trouble for s in self.sources)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The same, a sentence each, for what leaves the site."""
        return tuple(text for source in self.sources for text in _warnings(source))


def freshness_of(found: Visitor, shown: Sequence[Snapshot], stale_hours: int) -> Freshness:
    """The line for a visitor: of their connections alone."""
    patience = timedelta(hours=stale_hours)
    return Freshness(
        sources=tuple(
            _source(snapshot, patience)
            for snapshot in shown
            if all(p.whole or snapshot.connection in p.consoles for p in found.purviews)
        )
    )


def _source(snapshot: Snapshot, patience: timedelta) -> Source:
    last = next(iter(runs.listing(snapshot.connection, 1)), None)
    later = last if last is not None and last.number != snapshot.run else None
    oldest = datetime.now(UTC) - freshness.limit_of(snapshot.connection, patience)
    return Source(
        connection=snapshot.connection,
        run=snapshot.run,
        as_of=snapshot.as_of,
        complete=snapshot.state is RunState.COMPLETE,
        stale=snapshot.as_of < oldest,
        trouble=_trouble(later),
        under_way=later.number if later is not None and later.ended is None else None,
    )


def _trouble(later: Run | None) -> str:
    if later is None or later.ended is None:
        return ""
    return f"run {later.number} ended as {later.state}"


def _warnings(source: Source) -> Iterator[str]:
    if source.stale:
        days = (datetime.now(UTC) - source.as_of).total_seconds() / 86_400
        yield f"{source.connection}: the data is {days:.1f} days old."
    if not source.complete:
        yield f"{source.connection}: run {source.run} did not agree with the console."
    later = f"run {source.under_way} is under way" if source.under_way else source.trouble
    if later:
        yield f"{source.connection}: what is shown is from run {source.run}; {later}."

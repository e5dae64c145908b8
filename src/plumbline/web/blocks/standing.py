"""Where the reading of a connection stands: waiting, at work with so many rows, or over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plumbline.domain.job import OPEN
from plumbline.domain.run import RunState
from plumbline.domain.severity import Severity
from plumbline.ledger import jobs, runs, workers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plumbline.ledger.records import Job, Run

_SHOWN = ("open", "new", "fixed", "reopened", "vanished", "hosts", "plugins", "lists")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a page shows of a reading, now."""

    connection: str
    job: Job | None
    run: Run | None
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the run told last of what it is at."""
    worker: bool = True
    """Whether there is anybody who would begin what waits."""

    @property
    def under_way(self) -> bool:
        """Whether a run is at work."""
        return self.run is not None and self.run.state is RunState.RUNNING

    @property
    def waits(self) -> bool:
        """Whether something was asked for that has not begun."""
        return not self.under_way and self.job is not None and self.job.state in OPEN

    @property
    def over(self) -> bool:
        """Whether nothing more is to come."""
        return not self.under_way and not self.waits

    @property
    def rows(self) -> int:
        """Findings read so far."""
        return int(self.told.get("rows") or 0)

    @property
    def expected(self) -> int:
        """Findings that will be read in all, as far as is known."""
        return max(int(self.told.get("expected") or 0), self.rows)

    @property
    def share(self) -> int | None:
        """How much of them was read, in percent."""
        return self.rows * 100 // self.expected if self.expected else None

    @property
    def rate(self) -> float | None:
        """Findings a second."""
        seconds = float(self.told.get("seconds") or 0)
        return self.rows / seconds if seconds and self.rows else None

    @property
    def left(self) -> int | None:
        """Seconds until all are read, if it goes on like this."""
        return None if not self.rate else round((self.expected - self.rows) / self.rate)

    @property
    def counts(self) -> list[tuple[str, int]]:
        """What the console counts by severity, the worst first; known before any row is read."""
        told = self.told.get("counts") or {}
        words = [one.word for one in sorted(Severity, reverse=True)]
        return [(word, told[word]) for word in words if word in told]

    @property
    def published(self) -> list[tuple[str, int]]:
        """What the run found, once it has ended."""
        counts = {} if self.run is None else self.run.counts
        return [(word, counts[word]) for word in _SHOWN if word in counts]


def of_run(number: int) -> Standing:
    """Where a run stands.

    Raises:
        UsageError: there is none of that number.
    """
    run = runs.get(number)
    return Standing(connection=run.connection, job=None, run=run, told=runs.progress(number))


def of_connection(name: str) -> Standing:
    """Where the reading of a connection stands that was asked for last."""
    live = runs.live(name)
    asked = next(iter(jobs.listing(name, 1)), None)
    number = live.number if live else (asked.run if asked else None)
    run = live or (runs.get(number) if number else None)
    return Standing(
        connection=name,
        job=asked,
        run=run,
        told=runs.progress(run.number) if run else {},
        worker=bool(workers.living()),
    )

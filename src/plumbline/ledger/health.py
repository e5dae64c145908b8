"""How every connection is, read from the ledger and judged; nothing is changed by looking."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from plumbline.domain.finding import Source
from plumbline.domain.run import RunState
from plumbline.domain.severity import Severity
from plumbline.errors import NotFoundError
from plumbline.ledger import connections, evidence, freshness, jobs, runs, schedules
from plumbline.ledger import snapshots as published
from plumbline.ledger.diagnosis import Facts, diagnose
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import RunRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from plumbline.domain.connection import ConnectionKind
    from plumbline.domain.health import HealthState
    from plumbline.domain.proof import Proof
    from plumbline.ledger.diagnosis import Reason
    from plumbline.ledger.records import Entry, Run

_TREND = 12
"""Runs whose duration makes the trend."""
_TRIES = 25
"""Runs looked back on for tries in a row."""
CHANGES = ("new", "changed", "fixed", "reopened", "vanished")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far the data shown agrees with the console's own totals."""

    agreeing: int
    totals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How long complete runs of one mode took, the oldest first; in seconds."""

    seconds: tuple[float, ...]
    """Those before the last, and the last."""
    median: float | None
    """Of those before the last; none when there were none."""

    @property
    def ratio(self) -> float | None:
        """The last beside the median: 2.0 is twice as long as usual."""
        return self.seconds[-1] / self.median if self.median else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one connection is. Times are UTC."""

    connection: str
    kind: ConnectionKind
    state: HealthState
    reasons: tuple[Reason, ...]
    """Why it is no better, the worst first; empty when it is active."""
    as_of: datetime | None
    """The moment the data shown speaks of."""
    age: timedelta | None
    fresh_for: timedelta
    """The age from which its data is stale."""
    last_good: Run | None
    """The run that published what is shown."""
    last_try: Run | None
    """The newest run that has ended, however it did."""
    running: Run | None
    next_at: datetime | None
    """When it is read next: by its schedule, or by a job that waits."""
    failures: int
    """Tries in a row, up to the last, that were not complete."""
    changes: Mapping[str, int | None]
    """What happened to findings at the last good run; nothing where it was not counted."""
    findings: Mapping[str, int]
    """Findings that the console holds as open or accepted, by severity, as they were proven."""
    proof: Agreement
    oddities: int
    """Odd values met in the last good run."""
    trend: Trend

    @property
    def is_stale(self) -> bool:
        """Whether what is shown is older than it may be."""
        return self.age is not None and self.age > self.fresh_for


def examine(now: datetime, stale_after: timedelta, names: Sequence[str] = ()) -> tuple[Health, ...]:
    """How these connections are, or all of them; by name, retired ones last.

    Raises:
        UsageError: there is no such connection.
    """
    found = {entry.connection.name: entry for entry in connections.list_all()}
    for name in names:
        if name not in found:
            raise NotFoundError(
                f"There is no connection {name!r}.", advice="see `plumbline connection list`."
            )
    chosen = [found[name] for name in dict.fromkeys(names)] if names else list(found.values())
    chosen.sort(key=lambda entry: entry.retired is not None)
    return tuple(_examine(entry, now, stale_after) for entry in chosen)


def _examine(entry: Entry, now: datetime, stale_after: timedelta) -> Health:
    name, created = entry.connection.name, entry.created
    snapshot, planned = published.latest(name), schedules.find(name)
    good = runs.get(snapshot.run) if snapshot else None
    proofs = evidence.proofs(good.number) if good else ()
    agreement = Agreement(agreeing=sum(one.agrees for one in proofs), totals=len(proofs))
    facts = Facts(
        now=now,
        entry=entry,
        snapshot=snapshot,
        # Not those of a removed connection of the same name.
        tries=[run for run in runs.listing(name, _TRIES) if run.started >= created],
        job=next((job for job in jobs.listing(name, 1) if job.asked >= created), None),
        planned=planned.next_at if planned else None,
        fresh_for=freshness.limit_of(name, stale_after),
        disagreeing=agreement.totals - agreement.agreeing,
    )
    return _health(facts, good, proofs, agreement)


def _health(
    facts: Facts, good: Run | None, proofs: Sequence[Proof], agreement: Agreement
) -> Health:
    state, reasons = diagnose(facts)
    return Health(
        connection=facts.name,
        kind=facts.entry.connection.kind,
        state=state,
        reasons=reasons,
        as_of=facts.snapshot.as_of if facts.snapshot else None,
        age=facts.age,
        fresh_for=facts.fresh_for,
        last_good=good,
        last_try=next(iter(facts.ended), None),
        running=facts.running,
        next_at=_next(facts),
        failures=len(facts.missed),
        changes={word: good.counts.get(word) if good else None for word in CHANGES},
        findings=_findings(proofs),
        proof=agreement,
        oddities=sum(one.count for one in evidence.oddities(good.number)) if good else 0,
        trend=_trend(facts.name, good),
    )


def _next(facts: Facts) -> datetime | None:
    """The earlier of what the schedule plans and what a waiting job waits for."""
    if facts.entry.retired or facts.entry.paused:
        return None
    waiting = facts.open_job.due if facts.open_job and not facts.running else None
    return min((at for at in (waiting, facts.planned) if at), default=None)


def _findings(proofs: Sequence[Proof]) -> dict[str, int]:
    found = {severity.word: 0 for severity in sorted(Severity, reverse=True)}
    for one in proofs:
        if one.source is Source.CUMULATIVE:
            found[one.severity.word] += one.ours
    return found if proofs else {}


@storage_faults()
def _trend(connection: str, good: Run | None) -> Trend:
    if good is None:
        return Trend(seconds=(), median=None)
    rows = RunRow.objects.filter(
        connection__name=connection, state=RunState.COMPLETE, mode=good.mode, pk__lte=good.number
    )
    newest = rows.order_by("-number").values_list("seconds", flat=True)[:_TREND]
    seconds = tuple(reversed(newest))
    return Trend(seconds=seconds, median=median(seconds[:-1]) if seconds[1:] else None)

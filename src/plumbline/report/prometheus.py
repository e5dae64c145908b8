"""The state of connections as Prometheus reads it: its text format, version 0.0.4."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.domain.health import HealthState
from plumbline.domain.run import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from plumbline.ledger.health import Health
    from plumbline.ledger.records import Run

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Value = float | None
"""Nothing where it is not known: the sample is left out, for a zero would be a lie."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A name, what it means, and how it is read: one value, or one for each value of a label."""

    name: str
    help: str
    value: Callable[[Health], Value]


@dataclass(frozen=True, slots=True)
class Family:
    """A gauge with a second label."""

    name: str
    help: str
    label: str
    values: Callable[[Health], dict[str, Value]]


def _at(moment: datetime | None) -> Value:
    return moment.timestamp() if moment else None


def _good(read: Callable[[Run], Value]) -> Callable[[Health], Value]:
    """What the last complete run tells, if there was one."""
    return lambda one: read(one.last_good) if one.last_good else None


GAUGES = (
    Gauge(
        "plumbline_up",
        "Whether the last try to read the console was complete.",
        lambda one: float(one.last_try.state is RunState.COMPLETE) if one.last_try else None,
    ),
    Gauge(
        "plumbline_data_timestamp_seconds",
        "The moment the data shown speaks of.",
        lambda one: _at(one.as_of),
    ),
    Gauge(
        "plumbline_data_age_seconds",
        "Age of the data shown.",
        lambda one: one.age.total_seconds() if one.age is not None else None,
    ),
    Gauge(
        "plumbline_data_fresh_for_seconds",
        "Age from which the data shown is stale.",
        lambda one: one.fresh_for.total_seconds(),
    ),
    Gauge(
        "plumbline_last_try_timestamp_seconds",
        "When the last run began that has ended.",
        lambda one: _at(one.last_try.started) if one.last_try else None,
    ),
    Gauge(
        "plumbline_next_run_timestamp_seconds",
        "When the next run is due.",
        lambda one: _at(one.next_at),
    ),
    Gauge(
        "plumbline_failures_in_a_row",
        "Tries in a row, up to the last, that were not complete.",
        lambda one: one.failures,
    ),
    Gauge(
        "plumbline_run_duration_seconds",
        "Time that the last complete run was at work.",
        _good(lambda run: run.seconds),
    ),
    Gauge(
        "plumbline_run_duration_median_seconds",
        "Median of that time over the runs of the same mode before it.",
        lambda one: one.trend.median,
    ),
    Gauge(
        "plumbline_run_rows",
        "Findings received in the last complete run.",
        _good(lambda run: run.rows),
    ),
    Gauge(
        "plumbline_run_requests",
        "Requests of the last complete run.",
        _good(lambda run: run.requests),
    ),
    Gauge(
        "plumbline_run_received_bytes",
        "Bytes received in the last complete run.",
        _good(lambda run: run.received),
    ),
    Gauge(
        "plumbline_run_oddities",
        "Odd values met in the last complete run.",
        lambda one: one.oddities if one.last_good else None,
    ),
    Gauge(
        "plumbline_findings_open",
        "Findings that are open or reopened in the data shown, of every severity.",
        _good(lambda run: run.counts.get("open")),
    ),
    Gauge(
        "plumbline_proof_totals",
        "Totals of the console that the data shown was compared with.",
        lambda one: one.proof.totals,
    ),
    Gauge(
        "plumbline_proof_disagreements",
        "Those that differ.",
        lambda one: one.proof.totals - one.proof.agreeing,
    ),
)

FAMILIES = (
    Family(
        "plumbline_state",
        "How the connection is: 1 for its state, 0 for the others.",
        "state",
        lambda one: {state.value: float(one.state is state) for state in HealthState},
    ),
    Family(
        "plumbline_findings",
        "Findings that the console holds as open, reopened or accepted, as they were proven.",
        "severity",
        lambda one: dict(one.findings),
    ),
    Family(
        "plumbline_run_findings",
        "Events of findings at the last complete run, by the words of docs/lifecycle.md.",
        "change",
        lambda one: dict(one.changes),
    ),
)


def render(found: Sequence[Health]) -> str:
    """The text of every gauge for these connections."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Sequence[Health]) -> Iterator[str]:
    for family in FAMILIES:
        samples = [
            _sample(family.name, {"connection": one.connection, family.label: word}, value)
            for one in found
            for word, value in family.values(one).items()
            if value is not None
        ]
        yield from _told(family.name, family.help, samples)
    for gauge in GAUGES:
        read = ((one.connection, gauge.value(one)) for one in found)
        samples = [
            _sample(gauge.name, {"connection": name}, value)
            for name, value in read
            if value is not None
        ]
        yield from _told(gauge.name, gauge.help, samples)


def _told(name: str, text: str, samples: list[str]) -> list[str]:
    written = text.replace("\\", "\\\\").replace("\n", "\\n")
    head = [f"# HELP {name} {written}", f"# TYPE {name} gauge"]
    return [*head, *samples] if samples else []


def _sample(name: str, labels: dict[str, str], value: float) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{told}}} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    """A whole number as such: a large count must not lose its last digits."""
    if math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)

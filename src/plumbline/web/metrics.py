"""Prometheus text about connections, their data and this process; no names of people or hosts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

from plumbline import __version__
from plumbline.ledger import health

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plumbline.ledger.health import Health

_HELP = {
    "plumbline_up": "1 while the site answers.",
    "plumbline_connection_state": "1 for the state a connection is in.",
    "plumbline_data_age_seconds": "Age of the data shown.",
    "plumbline_data_stale": "1 where it is older than it should be.",
    "plumbline_failures_in_a_row": "Tries up to the last that were not complete.",
    "plumbline_findings": "Findings the console holds, as they were proven, by severity.",
    "plumbline_proof_totals": "Totals of the console that were compared.",
    "plumbline_proof_agreeing": "Those that agreed.",
    "plumbline_run_seconds": "Time the last good run took.",
}
Sample = tuple[str, dict[str, str], float]


def metrics() -> str:
    """Every metric as Prometheus reads it."""
    patience = timedelta(hours=settings.PLUMBLINE.stale_after_hours)
    found = health.examine(datetime.now(UTC), patience)
    samples = [("plumbline_up", {"version": __version__}, 1.0), *_all(found)]
    lines = []
    for name, text in _HELP.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        lines += [_line(*sample) for sample in samples if sample[0] == name]
    return "\n".join([*lines, ""])


def _all(found: Sequence[Health]) -> Iterator[Sample]:
    for one in found:
        yield from _of(one, {"connection": one.connection})


def _of(one: Health, label: dict[str, str]) -> Iterator[Sample]:
    yield "plumbline_connection_state", {**label, "state": one.state.value}, 1.0
    yield "plumbline_data_stale", label, float(one.is_stale)
    yield "plumbline_failures_in_a_row", label, float(one.failures)
    yield "plumbline_proof_totals", label, float(one.proof.totals)
    yield "plumbline_proof_agreeing", label, float(one.proof.agreeing)
    if one.age is not None:
        yield "plumbline_data_age_seconds", label, one.age.total_seconds()
    if one.last_good is not None:
        yield "plumbline_run_seconds", label, one.last_good.seconds
    for severity, count in one.findings.items():
        yield "plumbline_findings", {**label, "severity": severity}, float(count)


def _line(name: str, labels: dict[str, str], value: float) -> str:
    told = ",".join(f'{key}="{_quoted(text)}"' for key, text in labels.items())
    return f"{name}{{{told}}} {value:g}" if value < 1e6 else f"{name}{{{told}}} {value:.0f}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

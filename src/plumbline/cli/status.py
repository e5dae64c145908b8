"""`plumbline status`: how every connection is, for people and for monitors."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session, shown
from plumbline.domain.health import HealthState
from plumbline.errors import IncompleteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plumbline.ledger.health import Health

ERROR, DEGRADED = 1, IncompleteError.exit_code
_CODES = {HealthState.ERROR: ERROR, HealthState.DEGRADED: DEGRADED}
_COLOURS = {
    HealthState.ACTIVE: output.GREEN,
    HealthState.DEGRADED: output.YELLOW,
    HealthState.ERROR: output.RED,
}
_SIGNS = {
    HealthState.ACTIVE: "✔",
    HealthState.DEGRADED: "!",
    HealthState.ERROR: "✘",
    HealthState.PAUSED: "‖",
    HealthState.RETIRED: "·",
}
_BARS = "▁▂▃▄▅▆▇█"
_NOTABLE = 1.5
"""A run that took so many times the median is told so."""
_HEADINGS = (
    "connection",
    "state",
    "age of data",
    "last good run",
    "last try",
    "next run",
    "read",
    "new",
    "changed",
    "fixed",
    "proof",
    "duration",
)


def status(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Connections; all without.")
    ] = None,
    *,
    prometheus: Annotated[
        bool,
        typer.Option("--prometheus", help="Print the text that Prometheus reads; ends with 0."),
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Show how every connection is.

    Ends with 0 when all are active or paused, 6 when one is degraded, 1 when one has an error.
    """
    if prometheus and as_json:
        raise UsageError("--prometheus and --json exclude each other.", advice="choose one.")
    settings = session.ledger()
    from plumbline.ledger import health  # noqa: PLC0415 - Django, only when called

    stale_after = timedelta(hours=settings.stale_after_hours)
    found = health.examine(datetime.now(UTC), stale_after, names or ())
    if prometheus:
        from plumbline.report.prometheus import render  # noqa: PLC0415 - only when asked for

        sys.stdout.write(render(found))
        return
    if as_json:
        output.emit("status", [_as_data(one) for one in found])
    else:
        _print(found)
    raise typer.Exit(code_of(found))


def code_of(found: Sequence[Health]) -> int:
    """The exit code for these connections: that of the worst."""
    worst = max((one.state for one in found), key=lambda state: state.rank, default=None)
    return _CODES.get(worst, 0) if worst else 0


def _as_data(one: Health) -> dict[str, Any]:
    trend = one.trend
    runs = {"last_good": one.last_good, "last_try": one.last_try, "running": one.running}
    return {
        "connection": one.connection,
        "kind": one.kind,
        "state": one.state,
        "reasons": [
            {"cause": r.cause, "state": r.state, "what": r.what, "remedy": r.remedy}
            for r in one.reasons
        ],
        "as_of": one.as_of,
        "age_seconds": None if one.age is None else round(one.age.total_seconds()),
        "fresh_for_seconds": round(one.fresh_for.total_seconds()),
        "stale": one.is_stale,
        "next_at": one.next_at,
        "failures": one.failures,
        "rows": {"read": one.last_good.rows if one.last_good else None, **one.changes},
        "findings": one.findings,
        "proof": one.proof,
        "oddities": one.oddities,
        "trend": {
            "seconds": trend.seconds,
            "last": trend.seconds[-1] if trend.seconds else None,
            "median": trend.median,
            "ratio": trend.ratio,
        },
        **{name: run and shown.run(run) for name, run in runs.items()},
    }


def _print(found: Sequence[Health]) -> None:
    if not found:
        output.say("There is no connection yet: `plumbline connection add NAME --url URL`.")
        return
    output.table(_HEADINGS, map(_row, found))
    for one in found:
        _reasons(one)


def _row(one: Health) -> tuple[object, ...]:
    from plumbline.ledger.diagnosis import words  # noqa: PLC0415 - Django, only when called

    good, tried = one.last_good, one.last_try
    return (
        one.connection,
        f"{_SIGNS[one.state]} {one.state.capitalize()}",
        words(one.age) if one.age is not None else None,
        good and f"{good.number}, {_minute(good.started)}",
        tried and f"{tried.number} {tried.state}, {_minute(tried.started)}",
        f"run {one.running.number} is under way" if one.running else _minute(one.next_at),
        good and good.rows,
        *(one.changes[word] for word in ("new", "changed", "fixed")),
        f"{one.proof.agreeing:,} of {one.proof.totals:,}" if one.proof.totals else None,
        _duration(one),
    )


def _reasons(one: Health) -> None:
    for reason in one.reasons:
        name = output.paint(one.connection, _COLOURS[reason.state], sys.stdout)
        output.put(f"{name}: {output.clean(reason.what)}")
        output.put(f"  Try: {output.clean(reason.remedy)}")


def _minute(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z" if moment else None


def _duration(one: Health) -> str | None:
    """The last duration, how it compares, and those before it as a line of bars."""
    trend = one.trend
    if not trend.seconds:
        return None
    ratio = trend.ratio or 1.0
    compared = f", {ratio:.1f} times the usual" if not 1 / _NOTABLE < ratio < _NOTABLE else ""
    bars = f" {sparkline(trend.seconds)}" if trend.seconds[1:] else ""
    return f"{trend.seconds[-1]:,.1f} s{compared}{bars}"


def sparkline(values: Sequence[float]) -> str:
    """Values as bars from 0 to the greatest."""
    most = max(values, default=0.0)
    top = len(_BARS) - 1
    return "".join(_BARS[round(value / most * top) if most > 0 else 0] for value in values)

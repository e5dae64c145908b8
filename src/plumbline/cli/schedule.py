"""`plumbline schedule`: when consoles are read without anybody asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session
from plumbline.cli.root import group
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.config.settings import Settings
    from plumbline.jobs.rule import Cron, Interval
    from plumbline.ledger.records import Schedule

app = group("Set when consoles are read without anybody asking.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the connection.")]
_NO_WORKER = "No worker is running, so nothing begins by itself: start `plumbline worker`."


@app.command("set")
def set_(
    name: Name,
    *,
    every: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="An interval, counted from now: 24h, 90m, 7d or 2w."),
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option(
            metavar="LINE",
            help="Minute, hour, day of month, month, day of week, in the setting `timezone`.",
        ),
    ] = None,
    blackout: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HH:MM-HH:MM", help="Hours in which no run begins, every day; repeatable."
        ),
    ] = None,
    jitter: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin up to so much later: 10m or 1h.")
    ] = None,
    as_json: output.AsJson = False,
) -> None:
    """Give a connection a schedule, instead of the one it had.

    What begins a run in the blackout hours is moved to their end; a run under way goes on.
    """
    from plumbline.jobs import schedule  # noqa: PLC0415 - the ledger, only when called

    wanted, minutes = _rule(every, cron), _minutes(jitter)
    settings = session.ledger()
    found = schedule.put(settings, name, wanted, blackout=blackout or (), jitter_minutes=minutes)
    _tell(found, settings, as_json=as_json, warnings=_warnings())


@app.command("list")
def list_(*, as_json: output.AsJson = False) -> None:
    """List the schedules with their next runs."""
    settings = session.ledger()
    from plumbline.ledger import schedules  # noqa: PLC0415 - Django, only when called

    found = schedules.listing()
    if as_json:
        output.emit("schedules", [_data(one, settings) for one in found], _warnings())
        return
    if not found:
        output.say("There is no schedule yet: plumbline schedule set NAME --every 24h")
        return
    headings = ("connection", "rule", "blackout", "jitter", "next (UTC)")
    output.table(
        headings,
        (
            (one.connection, one.rule, one.blackout, f"{one.jitter_minutes} min", one.next_at)
            for one in found
        ),
    )
    for warning in _warnings():
        output.warn(warning)


@app.command()
def show(name: Name, *, as_json: output.AsJson = False) -> None:
    """Show the schedule of a connection."""
    settings = session.ledger()
    from plumbline.ledger import schedules  # noqa: PLC0415 - Django, only when called

    _tell(schedules.get(name), settings, as_json=as_json, warnings=_warnings())


@app.command()
def remove(name: Name, *, as_json: output.AsJson = False) -> None:
    """Let a connection be read only when somebody asks."""
    session.ledger()
    from plumbline.ledger import schedules  # noqa: PLC0415 - Django, only when called

    schedules.remove(name)
    if as_json:
        output.emit("schedule-remove", {"connection": name})
    else:
        output.say(f"{name} has no schedule any more.")


def _rule(every: str | None, cron: str | None) -> Interval | Cron:
    from plumbline.jobs import rule  # noqa: PLC0415 - only when called

    if (every is None) == (cron is None):
        raise UsageError(
            "Give --every or --cron, and one of them only.",
            advice="--every 24h, or --cron '0 2 * * *'.",
        )
    return rule.every(every) if every is not None else rule.cron(cron or "")


def _minutes(jitter: str | None) -> int:
    from plumbline.jobs import rule  # noqa: PLC0415 - only when called

    return 0 if jitter is None else rule.jitter(jitter)


def _warnings() -> list[str]:
    from plumbline.ledger import workers  # noqa: PLC0415 - Django, only when called

    return [] if workers.living() else [_NO_WORKER]


def _tell(found: Schedule, settings: Settings, *, as_json: bool, warnings: list[str]) -> None:
    data = _data(found, settings)
    if as_json:
        output.emit("schedule", data, warnings)
        return
    output.lines(data.items())
    for warning in warnings:
        output.warn(warning)


def _data(found: Schedule, settings: Settings) -> dict[str, Any]:
    return {
        "connection": found.connection,
        "rule": found.rule,
        "blackout": list(found.blackout),
        "jitter_minutes": found.jitter_minutes,
        "timezone": settings.timezone,
        "next": found.next_at,
    }

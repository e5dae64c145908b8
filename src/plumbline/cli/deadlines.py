"""`plumbline deadlines`: by when findings should be fixed; the policy every page counts by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session
from plumbline.cli.root import group
from plumbline.domain.deadlines import LEAST_DAYS, MOST_DAYS
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.config.settings import Settings

app = group("Show and set by when findings should be fixed.")


def _option(word: str) -> Any:
    return typer.Option(
        min=LEAST_DAYS, max=MOST_DAYS, metavar="DAYS", help=f"For {word} findings, from first seen."
    )


@app.command()
def show(*, as_json: output.AsJson = False) -> None:
    """Show the deadlines that hold, and who set them when."""
    _tell(session.ledger(), as_json=as_json)


@app.command("set")
def set_(
    *,
    critical: Annotated[int | None, _option("critical")] = None,
    high: Annotated[int | None, _option("high")] = None,
    medium: Annotated[int | None, _option("medium")] = None,
    low: Annotated[int | None, _option("low")] = None,
    as_json: output.AsJson = False,
) -> None:
    """Set deadlines; those that are not given stay as they are.

    Every page, report and command counts by them at once.
    """
    given = {"critical": critical, "high": high, "medium": medium, "low": low}
    told = {name: days for name, days in given.items() if days is not None}
    if not told:
        raise UsageError("No deadline was given.", advice="such as --critical 7 --high 14.")
    settings = session.ledger()
    from plumbline.ledger import deadlines  # noqa: PLC0415 - Django, only when called

    deadlines.put(settings, replace(deadlines.current(settings), **told))
    _tell(settings, as_json=as_json)


@app.command()
def reset(*, as_json: output.AsJson = False) -> None:
    """Let the settings sla_critical_days to sla_low_days decide again."""
    settings = session.ledger()
    from plumbline.ledger import deadlines  # noqa: PLC0415 - Django, only when called

    deadlines.reset(settings)
    _tell(settings, as_json=as_json)


def _tell(settings: Settings, *, as_json: bool) -> None:
    from plumbline.ledger import deadlines  # noqa: PLC0415 - Django, only when called

    now, history = deadlines.current(settings), deadlines.history(1)
    last = history[0] if history and history[0].deadlines else None
    if as_json:
        told = {"days": now.words, "by": last.who if last else None, "at": last and last.at}
        output.emit("deadlines", told)
        return
    output.table(("severity", "days"), now.words.items())
    output.say(f"Set by {last.who} on {last.at:%Y-%m-%d}." if last else "As in the settings.")

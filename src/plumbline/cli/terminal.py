"""`plumbline summary`: the posture on one screen of a terminal."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

from rich.console import Console

from plumbline.cli import drawing, output, session, sheets
from plumbline.cli.drawing import Freshness, Posture, Row
from plumbline.cli.explore import AsOf

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from plumbline.report.interface import Screen

_WIDTH, _LEAST_WIDTH, _MOST_WIDTH = 100, 40, 120
_ROWS = 5


def summary(*, as_of: AsOf = None, as_json: output.AsJson = False) -> None:
    """Show the posture: what is open, how old, where, and how sure the numbers are."""
    estate, warnings = session.open_estate(as_of)
    if as_json:
        from plumbline.cli.ask import sheet  # noqa: PLC0415 - the posture, only when called
        from plumbline.report.formats import Format  # noqa: PLC0415 - beside it

        sheets.put(sheet(estate, warnings, "summary"), Format.JSON)
        return
    for text in warnings:
        output.warn(text)
    found, fresh = posture(estate), freshness(estate)
    show(found, fresh, sheets.screen(), sys.stdout, datetime.now(UTC))


def posture(estate: "Estate") -> Posture:
    """Ask everything the summary shows."""
    from plumbline.posture import questions  # noqa: PLC0415 - a second to import

    def rows(name: str, *arguments: str) -> list[Row]:
        return list(questions.ask(estate, name, arguments).fetch().to_pylist())

    residue: dict[str, int] = {}
    for row in rows("unaligned"):
        residue[row["kind"]] = residue.get(row["kind"], 0) + 1
    return Posture(
        totals=rows("summary")[0],
        severities=rows("open-by-severity"),
        ages=rows("severity-by-age"),
        hosts=rows("top-hosts", str(_ROWS)),
        plugins=rows("top-plugins", str(_ROWS)),
        lists=[row for row in rows("by-list") if row["hosts"]][:_ROWS],
        residue=residue,
    )


def freshness(estate: "Estate") -> list[Freshness]:
    """What the ledger knows of the runs the estate was published by."""
    from plumbline.ledger import evidence, snapshots  # noqa: PLC0415 - Django, only when called

    found = []
    for console, as_of in estate.as_of.items():
        runs = [s for s in snapshots.listing(console) if s.as_of == as_of]
        proofs = evidence.proofs(runs[0].run) if runs else ()
        found.append(
            Freshness(
                console=console,
                as_of=as_of,
                run=runs[0].run if runs else None,
                state=runs[0].state.value if runs else "",
                checks=len(proofs),
                agreeing=sum(proof.agrees for proof in proofs),
            )
        )
    return found


def show(
    found: Posture, fresh: Sequence[Freshness], screen: "Screen", out: IO[str], now: datetime
) -> None:
    """Draw the summary."""
    width = max(_LEAST_WIDTH, min(screen.width or _WIDTH, _MOST_WIDTH))
    console = Console(
        file=out,
        width=width,
        force_terminal=screen.colour,
        color_system="auto" if screen.colour else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in drawing.parts(found, fresh, width, now):
        console.print(part)

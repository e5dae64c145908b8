"""The account of an imported file, in words and in the ledger's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.ledger.records import Oddity, Slice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from plumbline.sync.intake import ReadFile


def warnings(one: ReadFile, now: datetime) -> Iterator[str]:
    """What a careful person should know of a file."""
    tally = one.tally
    yield from tally.warnings
    if tally.rejected:
        rows = "row" if tally.rejected == 1 else "rows"
        yield f"{tally.name}: {tally.rejected:,} {rows} of {tally.met:,} rejected."
    if tally.newest > now.timestamp():
        yield f"{tally.name} speaks of times to come: somebody's clock is wrong."


def slice_of(one: ReadFile) -> Slice:
    """A file as the slice it is of its run."""
    tally = one.tally
    told = [f"{count:,} {what}" for what, count in sorted(tally.left_out.items())]
    told += [f"{tally.rejected:,} rejected"] if tally.rejected else []
    repeats = tally.given - one.findings
    told += [f"{repeats:,} repeated"] if repeats else []
    told += [tally.broken] if tally.broken else []
    return Slice(
        name=tally.name[:200],
        state="whole" if tally.whole else "incomplete",
        expected=tally.met,
        distinct=one.findings,
        passes=1,
        note="; ".join(told),
    )


def oddities(one: ReadFile) -> Iterator[Oddity]:
    """What was odd in a file, rejected rows with their places."""
    tally = one.tally
    for kind, count in sorted((tally.odd + tally.left_out).items()):
        yield Oddity(kind=f"{tally.name}: {kind}"[:200], count=count)
    if tally.rejected:
        places = "; ".join(f"{row.place}: {row.reason}" for row in tally.listed)
        kind = f"{tally.name}: rejected rows"[:200]
        yield Oddity(kind=kind, count=tally.rejected, example=places)

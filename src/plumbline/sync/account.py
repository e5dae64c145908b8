"""The account of an imported file, in words and in the ledger's form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.domain.normalise import Note
from plumbline.domain.oddities import Oddities
from plumbline.ledger.records import Oddity, Slice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from plumbline.sync.intake import ReadFile


def warnings(one: ReadFile) -> Iterator[str]:
    """What a careful person should know of a file."""
    tally = one.tally
    yield from tally.warnings
    if tally.rejected:
        rows = "row" if tally.rejected == 1 else "rows"
        yield f"{tally.name}: {tally.rejected:,} {rows} of {tally.met:,} rejected."
    if tally.odd[Note.TIME_OUTSIDE]:
        yield (
            f"{tally.name} speaks of times before 1990 or in the future: somebody's clock is "
            "wrong. Such times count as absent."
        )


def ahead(connection: str, count: int, year: int) -> Iterator[str]:
    """What to know of findings that an earlier version published with a time in the future."""
    if count:
        have = "finding has" if count == 1 else "findings have"
        yield (
            f"{count:,} {have} a last sighting in the future in {connection}, up to the "
            f"year {year}: a clock was wrong. Any scan that tells of them again puts "
            "that right."
        )


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


def odd_values(files: Iterable[ReadFile]) -> Oddities:
    """What was changed, could not be read, or was left out, with an example of each kind."""
    found = Oddities()
    for one in files:
        found.update(one.tally.odd)
        found.update(one.tally.left_out)
    return found


def oddities(files: Sequence[ReadFile]) -> Iterator[Oddity]:
    """What was odd in the files of a run, rejected rows with their places."""
    for kind, count, example in odd_values(files).listed():
        yield Oddity(kind=kind[:200], count=count, example=example)
    for tally in (one.tally for one in files):
        if tally.rejected:
            places = "; ".join(f"{row.place}: {row.reason}" for row in tally.listed)
            kind = f"{tally.name}: rejected rows"[:200]
            yield Oddity(kind=kind, count=tally.rejected, example=places)

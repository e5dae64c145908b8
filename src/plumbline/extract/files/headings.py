"""Where the headings of an export are, what parts its cells, and whose export it is."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

DELIMITERS = ",;\t|"
_SEARCHED = 20
"""Lines in which the headings are looked for: titles of a report may stand above them."""
_SHOWN = 8
# What a spreadsheet writes for itself in the first line.
_SEPARATOR = re.compile(r'"?sep=(\\t|.)"?[,;\t|]*', re.IGNORECASE)
_FOREIGN = (
    ({"plugin id", "risk", "host"}, " but a CSV of Nessus"),
    ({"asset uuid"}, " but one of Tenable Vulnerability Management"),
    ({"schweregrad"}, ", or its headings were translated"),
    ({"gravité"}, ", or its headings were translated"),
    ({"gravedad"}, ", or its headings were translated"),
    ({"severity", "plugin id", "ip"}, ", or its headings were renamed"),
)


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings of an export."""

    cells: list[str]
    delimiter: str


def find(lines: Iterator[str], needed: Collection[str]) -> Headings | None:
    """The first line that names all of `needed`, in lower case; else the one that names most.

    Nothing where there is no line at all. Lines up to the headings are taken from `lines`.
    """
    best, most = None, -1
    delimiters = DELIMITERS
    for _, line in zip(range(_SEARCHED), lines, strict=False):
        text = line.rstrip("\r\n")
        if separator := _SEPARATOR.fullmatch(text):
            delimiters = _with(separator[1], delimiters)
        elif text.strip():
            split = (_split(line, one) for one in delimiters)
            found = max(split, key=lambda one: _rank(one, needed))
            named, _ = _rank(found, needed)
            if named == len(needed):
                return found
            if named > most:
                best, most = found, named
    return best


def _with(separator: str, delimiters: str) -> str:
    told = "\t" if separator == "\\t" else separator
    return delimiters if told.isalnum() or told in "\"' \\" else told + delimiters


def _split(line: str, delimiter: str) -> Headings:
    try:
        return Headings(next(csv.reader([line], delimiter=delimiter), []), delimiter)
    except csv.Error:
        return Headings([line], delimiter)


def _rank(found: Headings, needed: Collection[str]) -> tuple[int, int]:
    return len(_names(found.cells) & set(needed)), len(found.cells)


def _names(cells: Iterable[str]) -> set[str]:
    return {cell.strip().casefold() for cell in cells}


def foreign(name: str, cells: Sequence[str], missing: Sequence[str]) -> UsageError:
    """Why a file is no export of the console's: what it lacks, and what it has."""
    names = _names(cells)
    if any(one.startswith("definition.") for one in names):
        names.add("asset uuid")
    whose = next((words for signs, words in _FOREIGN if signs <= names), "")
    shown = ", ".join(cell.strip()[:40] for cell in cells[:_SHOWN] if cell.strip())
    more = ", …" if len(cells) > _SHOWN else ""
    return UsageError(
        f"{name} is no vulnerability export of Security Center{whose}: it lacks "
        f"the column{'s' * (len(missing) > 1)} {', '.join(missing)}. Its headings are: "
        f"{shown or 'none'}{more}.",
        advice="export the Vulnerability Detail List of Security Center as CSV, or give the "
        "scan result as .nessus",
    )

"""Rows of files as pages in the console's form, ready to become columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from plumbline.console.rows import FindingPage, Named
from plumbline.extract.files import csv, nessus
from plumbline.extract.files.interface import Tally
from plumbline.extract.files.opening import FileKind, kind_of, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from plumbline.console.rows import RowDecoder
    from plumbline.domain.finding import Source
    from plumbline.extract.files.interface import Row

MOST_ROWS = 2_000
MOST_CHARACTERS = 8 << 20
"""Outputs may be megabytes each: a page ends when it holds so much text."""

_READERS = {FileKind.NESSUS: nessus.read, FileKind.CSV: csv.read}
_CHECKS = {FileKind.NESSUS: nessus.check, FileKind.CSV: csv.check}


def read_file(path: Path, tally: Tally) -> Iterator[Row]:
    """The rows of a file, whatever its format; the account of it is in `tally`.

    Raises:
        UsageError: it is nothing that can be taken.
    """
    with opened(path) as stream:
        kind = kind_of(stream, tally.name)
        yield from _READERS[kind](stream, tally)


def check_file(path: Path, name: str) -> None:
    """Look at the head of a file.

    Raises:
        UsageError: it is nothing that can be taken.
    """
    with opened(path) as stream:
        _CHECKS[kind_of(stream, name)](stream, Tally(name))


class FilePage(NamedTuple):
    """Rows of one store."""

    source: Source
    page: FindingPage
    places: Sequence[str]
    """Where each row stands, with the name of the file."""


def pages(
    rows: Iterable[Row], decoder: RowDecoder, home: Callable[[str], int], name: str
) -> Iterator[FilePage]:
    """Gather rows of a file to pages; `home` gives the number of a repository by its name."""
    held: dict[Source, _Held] = {}
    for row in rows:
        page = held.setdefault(row.source, _Held())
        page.add(_row(row, decoder, home(row.repository)), _size(row), f"{name}, {row.place}")
        if page.full:
            yield page.taken(row.source)
    for source, page in held.items():
        if page.rows:
            yield page.taken(source)


class _Held:
    """Rows that wait until they are a page."""

    def __init__(self) -> None:
        self.rows: list[object] = []
        self._places: list[str] = []
        self._size = 0

    def add(self, row: object, size: int, place: str) -> None:
        self.rows.append(row)
        self._places.append(place)
        self._size += size

    @property
    def full(self) -> bool:
        return len(self.rows) >= MOST_ROWS or self._size >= MOST_CHARACTERS

    def taken(self, source: Source) -> FilePage:
        page = FindingPage(total=None, rows=self.rows, strange=0)
        taken = FilePage(source, page, self._places)
        self.rows, self._places, self._size = [], [], 0
        return taken


def _row(row: Row, decoder: RowDecoder, repository: int) -> object:
    objects = {
        "severity": Named(id=str(row.severity)),
        "repository": Named(id=str(repository)),
        "family": Named(name=row.family),
    }
    return decoder.row(row.fields | objects, row.beyond)


def _size(row: Row) -> int:
    texts = (row.fields.get(name, "") for name in ("pluginText", "description", "xref", "cve"))
    return sum(map(len, texts))

"""The records of a text with separators, and where in the file each of them stands."""

from __future__ import annotations

import csv
import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.errors import UsageError
from plumbline.extract.files.opening import HEAD, marked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from plumbline.extract.files.interface import Tally

MOST_CELL = 16 << 20
"""Characters of one cell, and of one line."""


class Lines:
    """The lines of a text, each of bounded length, without characters that steer."""

    def __init__(self, stream: BufferedReader, tally: Tally) -> None:
        encoding = marked(stream.peek(4)[:4])
        name = {"": "utf-8", "utf-8": "utf-8-sig"}.get(encoding, "utf-16")
        kept = io.BufferedReader(_Kept(stream), HEAD)
        self._text = io.TextIOWrapper(kept, name, errors="replace", newline="")
        self._tally = tally
        self.number = 0
        self.last = ""

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MOST_CELL)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= MOST_CELL:
            raise UsageError(
                f"{self._tally.name} has a line of more than {MOST_CELL >> 20} million characters "
                f"(line {self.number}): it is no export of the console's.",
                advice="look where the file comes from",
            )
        if "\ufffd" in line:
            kind, place = "bytes that are no text", f"line {self.number}"
            self._tally.note(kind, near(line, "\ufffd"), place, line.count("\ufffd"))
        if "\0" in line:
            kind, place = "control characters replaced", f"line {self.number}"
            self._tally.note(kind, near(line, "\0"), place, line.count("\0"))
            line = line.replace("\0", "?")
        self.last = line
        return line


def near(text: str, sign: str) -> str:
    """What stands around the first of some sign."""
    place = text.index(sign)
    return text[max(0, place - 20) : place + 20].strip()


class _Kept(io.RawIOBase):
    """A stream that stays open when its text is forgotten."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read on."""
        return self._stream.readinto1(buffer)


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record."""

    cells: list[str]
    first: int
    last: int

    @property
    def lines(self) -> int:
        """How many lines it takes."""
        return self.last - self.first + 1

    @property
    def place(self) -> str:
        """Where it stands in the file."""
        return line_range(self.first, self.last)


def line_range(first: int, last: int) -> str:
    """One line or several, as people write it."""
    return f"line {first}" if first == last else f"lines {first} to {last}"


class Records:
    """The records behind the headings; broken ones are rejected, and the rest goes on."""

    def __init__(self, lines: Lines, delimiter: str, tally: Tally) -> None:
        # Strict: a broken quote must not swallow the rows behind it.
        self._cells = csv.reader(lines, delimiter=delimiter, strict=True)
        self._lines = lines
        self._tally = tally

    def __iter__(self) -> Iterator[Record]:
        while True:
            first = self._lines.number + 1
            try:
                cells = next(self._cells, None)
            except csv.Error as error:
                self._reject(first, str(error))
            except (OSError, EOFError, zlib.error) as error:
                line = self._lines.number
                self._tally.broken = f"it breaks off or is damaged in line {line} ({error})"
                return
            else:
                if cells is None:
                    return
                if cells:
                    yield Record(cells, first, self._lines.number)

    def _reject(self, first: int, error: str) -> None:
        last = self._lines.number
        reason = error
        if '\\"' in self._lines.last:
            reason = 'a quote in it is written as \\", which CSV writes as ""'
        self._tally.met += 1
        self._tally.torn += last - first + 1
        self._tally.reject(line_range(first, last), reason)
        if "unexpected end" in error:
            self._tally.broken = f"it ends within a quoted cell, which begins in line {first}"

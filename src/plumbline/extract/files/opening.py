"""Opening files of results: plain or packed, known by their first bytes, never by their name."""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from contextlib import contextmanager
from enum import StrEnum
from io import BufferedReader, RawIOBase
from typing import IO, TYPE_CHECKING, Any, cast

from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = 1 << 16
"""Bytes looked at to tell what a file is."""
_RATIO = 300
_FREE = 1 << 28
"""Bytes that may come from a packed file before its ratio counts: results pack 20 to 60 times."""
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->)", re.DOTALL)
_ROOT = re.compile(r"\s*<(!doctype\s+)?([\w:.-]+)", re.IGNORECASE)
_GZIP = b"\x1f\x8b"
_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive", "unpack it and give the files in it"),
    (b"BZh", "packed with bzip2", "unpack it first"),
    (b"\xfd7zXZ", "packed with xz", "unpack it first"),
    (b"(\xb5/\xfd", "packed with zstd", "unpack it first"),
    (b"%PDF", "a PDF", "export the results as .nessus or CSV"),
    (b"SQLite format 3", "a database", "export the results as .nessus or CSV"),
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
STDIN = "-"


class FileKind(StrEnum):
    """The formats that are taken."""

    NESSUS = "nessus"
    CSV = "csv"


class Unpacked(RawIOBase):
    """A packed stream, watched so that a small file cannot become an endless one."""

    def __init__(self, packed: IO[bytes], name: str) -> None:
        self._packed = _Counting(packed)
        # A reader that counts is all that unpacking needs of a file.
        self._stream = gzip.GzipFile(fileobj=cast("IO[bytes]", self._packed))
        self._given = 0
        self._name = name

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Unpack some more.

        Raises:
            UsageError: it unpacks to more than any results would.
        """
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        self._given += len(found)
        if self._given > _FREE and self._given > _RATIO * self._packed.taken:
            raise UsageError(
                f"{self._name} unpacks to more than {_RATIO} times its size: "
                "no results do, so it is not read.",
                advice="unpack it yourself if you trust it, and import what comes out",
            )
        return len(found)


class _Counting:
    """Counts what is taken from a stream."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        found = self._stream.read(size)
        self.taken += len(found)
        return found


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader[Any]]:
    """Open a file for reading, unpacked; `-` is standard input.

    Raises:
        UsageError: there is nothing that can be read.
    """
    with _raw(path) as raw:
        if raw.peek(2)[:2] != _GZIP:
            yield raw
            return
        with BufferedReader(Unpacked(raw, path.name), HEAD) as stream:
            yield stream


@contextmanager
def _raw(path: Path) -> Iterator[BufferedReader[Any]]:
    if str(path) == STDIN:
        yield BufferedReader(cast("Any", sys.stdin.buffer).raw, HEAD)
        return
    try:
        stream = cast("BufferedReader[Any]", path.open("rb", buffering=HEAD))
    except IsADirectoryError:
        raise UsageError(
            f"{path} is a folder.", advice=f"name the files in it, as in {path}/*.nessus"
        ) from None
    except FileNotFoundError:
        raise UsageError(
            f"There is no file {path}.", advice="look at its name and folder"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.",
            advice="look at its owner and rights",
        ) from error
    with stream:
        yield stream


def kind_of(stream: BufferedReader[Any], name: str) -> FileKind:
    """What a file is, by its head, which is not taken from the stream.

    Raises:
        UsageError: it is nothing that can be taken.
    """
    try:
        head = stream.peek(HEAD)[:HEAD]
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(
            f"{name} cannot be unpacked: {error}.", advice="fetch the file again"
        ) from error
    for mark, what, advice in _OTHERS:
        if head.startswith(mark):
            raise UsageError(f"{name} is {what}.", advice=advice)
    text = head.decode(marked(head) or "utf-8", "replace").lstrip("\ufeff \t\r\n")
    if not text:
        raise UsageError(f"{name} is empty.", advice="export it again")
    if text.startswith("<"):
        return _markup(text, name)
    if text[0] in "{[":
        raise UsageError(f"{name} is JSON, not a .nessus file or a CSV export.", advice=_EXPORT)
    if "\0" in text[:1_024]:
        raise UsageError(f"{name} is neither text nor XML.", advice=_EXPORT)
    return FileKind.CSV


_EXPORT = (
    "export scan results as .nessus, or the Vulnerability Detail List of Security Center as CSV"
)


def marked(head: bytes) -> str:
    """The encoding that a byte order mark tells; empty without one."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "")


def _markup(text: str, name: str) -> FileKind:
    """Judge markup by its root alone: what plugins found may hold any tag."""
    begin = 0
    while prolog := _PROLOG.match(text, begin):
        begin = prolog.end()
    root = _ROOT.match(text, begin)
    word = root[2].lower() if root else ""
    if word == "html":
        raise UsageError(
            f"{name} is a web page, not results: perhaps the sign-in page of a scanner.",
            advice="sign in and export again",
        )
    if word == "nessusclientdata":
        raise UsageError(
            f"{name} is a .nessus file of version 1, which scanners wrote until 2009.",
            advice="export the results as version 2",
        )
    return FileKind.NESSUS

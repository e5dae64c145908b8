"""`.nessus` files (version 2) as a stream of hosts and items, in bounded memory.

A document type is refused, so there are no entities but the five of XML: nothing can expand, and
nothing outside the file is ever opened. Depth, sizes and counts are bounded.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

from plumbline.errors import UsageError
from plumbline.extract.files.hosts import TAGS, Host, tag_name
from plumbline.extract.files.items import Item, row_of
from plumbline.extract.files.lines import near
from plumbline.extract.files.opening import marked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from plumbline.extract.files.interface import Row, Tally

ROOT = "NessusClientData_v2"
CHUNK = 1 << 16
MOST_DEPTH = 64
MOST_TEXT = 8 << 20
"""Characters of one element; outputs of a megabyte are real."""
MOST_ITEM = 16 << 20
"""Characters of all elements of one result."""
MOST_ELEMENTS = 20_000
"""Elements of one result: the most CVEs and references ever seen in one are some hundred."""
MOST_TAG = 16 << 20
"""Bytes of one tag with its attributes, which the parser keeps whole."""
_DECLARED = re.compile(r"""<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ENCODINGS = frozenset(
    {"utf-8", "ascii", "iso8859-1", "iso8859-2", "iso8859-15", "cp1250", "cp1251", "cp1252"}
    | {"utf-16", "utf-16-le", "utf-16-be", "shift_jis", "euc_jp", "gb18030", "big5"}
)
_NO_TEXT = bytes(n for n in range(32) if n not in b"\t\n\r")
_TO_BLANK = bytes.maketrans(_NO_TEXT, b"?" * len(_NO_TEXT))
_BAD_REFERENCE = re.compile(
    rb"&#(?:x0{0,4}(?:[0-8bcef]|1[0-9a-f]|fff[ef])|0{0,4}(?:[0-8]|1[124-9]|2[0-9]|3[01]));",
    re.IGNORECASE,
)
"""References to characters that XML cannot hold."""
_LONGEST_REFERENCE = 12


def read(stream: IO[bytes], tally: Tally) -> Iterator[Row]:
    """The results of a file, as it is read; the account of it is in `tally`.

    Raises:
        UsageError: it is no version 2 export, or declares a document type.
    """
    parser = _Parser(tally)
    try:
        for chunk in _clean(stream, tally):
            parser.feed(chunk)
            yield from parser.ready()
        parser.close()
    except (expat.ExpatError, EOFError, OSError, zlib.error) as error:
        yield from parser.ready()
        parser.give_up(error)
    yield from parser.ready()


def check(stream: BufferedReader, tally: Tally) -> None:
    """Look at the head of a file, which is not taken from the stream.

    Raises:
        UsageError: it is no version 2 export, or declares a document type.
    """
    parser = _Parser(tally)
    head = stream.peek(CHUNK)[:CHUNK]
    try:
        parser.feed(_cleaned(_decoder(head, tally).decode(head), tally))
    except expat.ExpatError as error:
        parser.give_up(error)


def _clean(stream: IO[bytes], tally: Tally) -> Iterator[bytes]:
    """The file in UTF-8 without anything that the parser would stumble over."""
    decoder, held = None, b""
    while chunk := stream.read(CHUNK):
        decoder = decoder or _decoder(chunk, tally)
        content = held + _cleaned(decoder.decode(chunk), tally)
        # A reference may be cut in two by the end of the chunk.
        cut = content.find(b"&", max(0, len(content) - _LONGEST_REFERENCE))
        content, held = (content[:cut], content[cut:]) if cut >= 0 else (content, b"")
        yield _without_bad_references(content, tally)
    if decoder is not None:
        rest = held + _cleaned(decoder.decode(b"", final=True), tally)
        yield _without_bad_references(rest, tally)


def _without_bad_references(content: bytes, tally: Tally) -> bytes:
    if b"&#" not in content:
        return content
    clean, count = _BAD_REFERENCE.subn(b"?", content)
    if count:
        first = _BAD_REFERENCE.search(content)
        tally.note("control characters replaced", first[0].decode() if first else "", "", count)
    return clean


def _cleaned(text: str, tally: Tally) -> bytes:
    if "\ufffd" in text:
        tally.note("bytes that are no text", near(text, "\ufffd"), "", text.count("\ufffd"))
    if "\ufffe" in text or "\uffff" in text:
        text = text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    content = text.encode("utf-8", "replace")
    clean = content.translate(_TO_BLANK)
    if clean != content:
        signs = [bytes([sign]) for sign in _NO_TEXT if bytes([sign]) in content]
        example = near(text, signs[0].decode())
        tally.note("control characters replaced", example, "", sum(map(content.count, signs)))
    return clean


def _decoder(head: bytes, tally: Tally) -> codecs.IncrementalDecoder:
    name = marked(head)
    if not name:
        found = _DECLARED.search(head[:512].decode("latin-1"))
        name = found[1] if found else "utf-8"
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    if known not in _ENCODINGS:
        tally.note("unknown encoding taken as UTF-8", name, "line 1")
        known = "utf-8"
    return codecs.getincrementaldecoder(known)("replace")


@dataclass(slots=True)
class _Open:
    """The result that is being read."""

    item: Item
    size: int = 0
    elements: int = 0
    cut: set[str] = field(default_factory=set)


class _Parser:
    """Turns the events of the parser into rows."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._host: Host | None = None
        self._open: _Open | None = None
        self._tag = ""
        self._collecting = False
        self._text: list[str] = []
        self._held = 0
        self._depth = 0
        self._started = False
        self._fed = 0
        self._rows: deque[Row] = deque()
        self._parser = self._made()

    def _made(self) -> Any:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.buffer_size = CHUNK
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        return parser

    def feed(self, chunk: bytes) -> None:
        """Read some more of the file."""
        self._fed += len(chunk)
        self._parser.Parse(chunk, False)  # noqa: FBT003 - expat's own signature
        if self._fed - max(self._parser.CurrentByteIndex, 0) > MOST_TAG:
            raise UsageError(
                f"{self._tally.name} has a tag of more than {MOST_TAG >> 20} MB in line "
                f"{self._parser.CurrentLineNumber}: no results have one, so it is not read.",
                advice="look where the file comes from",
            )

    def close(self) -> None:
        """The file has ended."""
        self._parser.Parse(b"", True)  # noqa: FBT003 - the same

    def ready(self) -> Iterator[Row]:
        """The rows that are whole by now."""
        while self._rows:
            yield self._rows.popleft()

    def give_up(self, error: Exception) -> None:
        """The file cannot be read further.

        Raises:
            UsageError: nothing at all could be read of it.
        """
        line = self._parser.CurrentLineNumber
        if isinstance(error, expat.ExpatError):
            why = expat.errors.messages.get(error.code, str(error))
        else:
            why = str(error)
        if not self._started:
            raise UsageError(
                f"{self._tally.name} is no XML that can be read: {why} in line {line}.",
                advice="export the results again as .nessus",
            ) from error
        if self._open is not None:
            self._tally.reject(self._open.item.place, "the file ends within it")
            self._open = None
        self._tally.broken = f"it breaks off or is damaged in line {line} ({why})"

    def _refuse(self, *_: object) -> None:
        raise UsageError(
            f"{self._tally.name} declares a document type, which no scan result does: "
            "it is not read.",
            advice="look where the file comes from",
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise UsageError(
                f"{self._tally.name} is nested more than {MOST_DEPTH} deep in line "
                f"{self._parser.CurrentLineNumber}: it is no scan result.",
                advice="look where the file comes from",
            )
        if self._open is not None:
            self._begin(self._open)
        elif not self._started:
            self._root(name)
        elif name == "ReportItem":
            self._open = _Open(Item(f"line {self._parser.CurrentLineNumber}", attributes))
            self._tally.met += 1
        elif name == "tag":
            self._tag = tag_name(attributes.get("name", ""))
            self._collecting = self._tag in TAGS
        elif name == "ReportHost":
            line = self._parser.CurrentLineNumber
            self._host = Host(attributes.get("name", ""), f"line {line}")
            self._tally.hosts += 1

    def _root(self, name: str) -> None:
        if name != ROOT:
            raise UsageError(
                f"{self._tally.name} is no .nessus file of version 2: it begins with <{name:.80}>.",
                advice="export the results as .nessus",
            )
        self._started = True

    def _begin(self, one: _Open) -> None:
        """An element of a result begins."""
        self._text.clear()
        self._held = 0
        one.elements += 1
        self._collecting = one.elements <= MOST_ELEMENTS
        if one.elements == MOST_ELEMENTS + 1:
            one.cut.add("elements beyond the limit left out")

    def _data(self, text: str) -> None:
        if not self._collecting:
            return
        self._held += len(text)
        one = self._open
        if self._held > MOST_TEXT or (one is not None and one.size + self._held > MOST_ITEM):
            if one is not None:
                one.cut.add("text beyond the limit left out")
            return
        self._text.append(text)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._open is not None:
            self._end_in(self._open, name)
        elif name == "tag" and self._collecting and self._host is not None:
            text = "".join(self._text).strip()
            if text:
                self._host.tags.setdefault(self._tag, text)
            self._forget()
        elif name == "ReportHost":
            self._host = None

    def _end_in(self, one: _Open, name: str) -> None:
        if name == "ReportItem":
            self._open = None
            self._forget()
            self._finish(one)
        elif self._collecting:
            text = "".join(self._text)
            one.size += len(text)
            one.item.elements.setdefault(name, []).append(text)
            self._forget()

    def _forget(self) -> None:
        self._text.clear()
        self._held = 0
        self._collecting = False

    def _finish(self, one: _Open) -> None:
        for kind in one.cut:
            self._tally.note(kind, "", one.item.place)
        row = row_of(self._host or Host(""), one.item, self._tally)
        if row is not None:
            self._rows.append(row)

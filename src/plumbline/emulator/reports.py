"""Reading `.nessus` files (version 2) as a stream: hosts with their tags, and their items."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 16
ROOT = "NessusClientData_v2"


class NessusError(ValueError):
    """A file cannot be read as a version 2 export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One `ReportHost` and its properties."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One `ReportItem`; its elements may occur several times."""

    plugin: int
    name: str
    family: str
    port: int
    protocol: str
    severity: int
    elements: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def text(self, name: str) -> str:
        """The first element of this name, or nothing."""
        return next(iter(self.elements.get(name, ())), "")

    def all(self, name: str) -> list[str]:
        """All elements of this name."""
        return self.elements.get(name, [])


def read(stream: IO[bytes], name: str) -> Iterator[tuple[Target, Item]]:
    """Yield every item with its host, as the stream is read.

    Raises:
        NessusError: the stream is no version 2 export, is cut off, or declares a document type.
    """
    reader = _Reader(name)
    while chunk := stream.read(CHUNK):
        reader.feed(chunk)
        yield from reader.ready()
    reader.close()
    yield from reader.ready()


class _Reader:
    """Turns the events of the parser into hosts and items."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._target: Target | None = None
        self._item: Item | None = None
        self._tag = ""
        self._text: list[str] = []
        self._ready: deque[tuple[Target, Item]] = deque()
        self._started = False
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        self._parser = parser

    def feed(self, chunk: bytes) -> None:
        self._parse(chunk, last=False)

    def close(self) -> None:
        self._parse(b"", last=True)

    def _parse(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise NessusError(f"{self._name} is not readable XML: {error}") from error

    def ready(self) -> Iterator[tuple[Target, Item]]:
        while self._ready:
            yield self._ready.popleft()

    def _refuse(self, *_: object) -> None:
        raise NessusError(f"{self._name} declares a document type, which no scan result does")

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if not self._started and element != ROOT:
            raise NessusError(f"{self._name} is no .nessus file of version 2: it is a {element!r}")
        self._started = True
        self._text.clear()
        if element == "ReportHost":
            self._target = Target(name=attributes.get("name", ""))
        elif element == "tag":
            self._tag = attributes.get("name", "")
        elif element == "ReportItem":
            self._item = self._opened(attributes)

    def _opened(self, attributes: dict[str, str]) -> Item:
        try:
            return Item(
                plugin=int(attributes.get("pluginID", "0")),
                name=attributes.get("pluginName", ""),
                family=attributes.get("pluginFamily", ""),
                port=int(attributes.get("port", "0")),
                protocol=attributes.get("protocol", "").upper(),
                severity=min(4, max(0, int(attributes.get("severity", "0")))),
            )
        except ValueError as error:
            raise NessusError(f"{self._name} has an item with a bad number: {error}") from error

    def _end(self, element: str) -> None:
        text = "".join(self._text)
        self._text.clear()
        if element == "tag" and self._target is not None:
            self._target.tags[self._tag] = text
        elif element == "ReportItem" and self._item is not None and self._target is not None:
            if self._item.plugin:
                self._ready.append((self._target, self._item))
            self._item = None
        elif self._item is not None:
            self._item.elements[element].append(text)

"""What people and programs see: data on stdout, everything else on stderr."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from plumbline.errors import PlumblineError

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object instead of text for people.")
]

RED, YELLOW, GREEN, DIM = "31;1", "33;1", "32;1", "2"
_WIDE = 200  # columns when no terminal sets a width


def forgive() -> None:
    """Let a terminal that lacks a sign show another one, and a closed stream take it all."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _nowhere() -> TextIOWrapper:
    """What stands for a stream that was closed before the command began."""
    return Path(os.devnull).open("w", encoding="utf-8")


def emit(name: str, data: object, warnings: Sequence[str] = ()) -> None:
    """Print the JSON object of a command: schema, data, warnings.

    `data` may hold frozen dataclasses, enums, paths and datetimes (written as ISO 8601 with Z).
    """
    import msgspec  # noqa: PLC0415 - only for programs

    whole = {"schema": f"plumbline/{name}/1", "data": data, "warnings": list(warnings)}
    text = msgspec.json.format(msgspec.json.encode(whole, enc_hook=_plain), indent=2)
    sys.stdout.write(text.decode() + "\n")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table for people; numbers stand right, an empty cell is a dash.

    On a terminal too narrow for it, each row becomes a card.
    """
    from rich.console import Console  # noqa: PLC0415 - costs more than the rest of a start
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    listed = [list(row) for row in rows]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE
    if sys.stdout.isatty() and _width(headings, listed) > room:
        _cards(headings, listed, title)
        return
    shown = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for place, heading in enumerate(headings):
        shown.add_column(Text(heading), justify=_justify(listed, place))
    for row in listed:
        shown.add_row(*(Text(cell(value)) for value in row))
    Console(width=room, highlight=False).print(shown)


def _width(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    columns = [[heading] for heading in headings]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(cell(value))
    return sum(max(map(len, column)) + 2 for column in columns) - 2


def _cards(headings: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
    if title:
        put(title)
    for row in rows:
        lines(zip(headings, row, strict=True))
        put()


def lines(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values for people, one pair a line."""
    listed = [(name, cell(value)) for name, value in pairs]
    width = max((len(name) for name, _ in listed), default=0)
    for name, value in listed:
        put(f"{name:<{width}}  {value}")


def put(text: str = "") -> None:
    """Print a line of data for people on stdout."""
    sys.stdout.write(text + "\n")


def say(text: str) -> None:
    """Tell a person something on stderr."""
    sys.stderr.write(text + "\n")


def warn(text: str) -> None:
    """Warn a person on stderr."""
    say(f"{paint('Warning:', YELLOW, sys.stderr)} {clean(text)}")


def fail(error: PlumblineError) -> None:
    """Tell an error on stderr: what happened, what to try, what is unchanged."""
    first, *rest = map(clean, error.lines())
    say(f"{paint('Error:', RED, sys.stderr)} {first}")
    for line in rest:
        say(f"  {line}")


def paint(text: str, code: str, stream: IO[str]) -> str:
    """The text in a colour where the stream is a terminal that wants colours."""
    if "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    return f"\x1b[{code}m{text}\x1b[0m"


def cell(value: object) -> str:
    """A value as people read it."""
    if value is None or value in ("", (), []):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(cell, value))
    return _single(value)


def moment(value: datetime) -> str:
    """A time as ISO 8601 in UTC, to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clean(text: str) -> str:
    """Text from outside without what could steer a terminal (controls, direction marks)."""
    return "".join(" " if _steers(sign) else sign for sign in text)


def _single(value: object) -> str:
    match value:
        case datetime():
            return moment(value)
        case float():
            return f"{value:,.1f}"
        case int():
            return f"{value:,}"
        case _:
            return clean(str(value))


def _steers(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs"} and sign not in "\n\u200d"


def _justify(rows: Sequence[Sequence[object]], place: int) -> Any:
    values = [row[place] for row in rows if row[place] is not None]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return "right" if values and numbers else "left"


def _plain(value: object) -> object:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise NotImplementedError(f"{type(value).__name__} has no form in JSON")

"""Tables for people, cut to fit the terminal; where even that fails, each row becomes a card."""

from __future__ import annotations

from datetime import datetime
from io import StringIO
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from plumbline.posture.relation import FieldKind
from plumbline.report.interface import Screen, Sheet, to_seconds
from plumbline.report.marks import MARKS, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from plumbline.posture.relation import Heading

_GAP = 2
_LEAST_WIDTH = 12
_ROWS_TOGETHER = 1_000
_RIGHT = {FieldKind.INTEGER, FieldKind.NUMBER, FieldKind.DAYS}
_ELASTIC = {FieldKind.TEXT, FieldKind.TEXTS}
_CODES = ("_id", "port", "id")
NOT_SUPPLIED = "-"


def write(sheet: Sheet, out: IO[bytes], *, screen: Screen) -> int:
    """Write the rows as a table; nothing at all but the names when there is no row."""
    rows = _rows(sheet)
    count = 0
    while True:
        block = list(islice(rows, _ROWS_TOGETHER))
        if block or not count:
            lines = _block(sheet.columns, block, screen.width)
            out.write(painted(lines, screen).encode(screen.encoding, "replace"))
        if not block:
            return count
        count += len(block)


def cell(value: object, heading: Heading) -> str:
    """A value as people read it, on one line and harmless to a terminal."""
    if value is None or value in ([], ""):
        return NOT_SUPPLIED
    if heading.kind is FieldKind.SEVERITY and value in MARKS:
        return f"{MARKS[str(value)].glyph} {value}"
    if isinstance(value, int) and heading.name.endswith(_CODES):
        return str(value)
    return _TOLD.get(type(value), _text)(value)


def _text(value: Any) -> str:
    return visible(str(value))


def _number(value: Any) -> str:
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"


_TOLD: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "yes" if value else "no",
    int: lambda value: f"{value:,}",
    float: _number,
    datetime: lambda value: value.strftime("%Y-%m-%dT%H:%M:%SZ"),
    list: lambda value: visible(", ".join(map(str, value))),
}


def fitted(natural: Sequence[int], elastic: Sequence[bool], room: int) -> list[int] | None:
    """Widths that fit into the room, the widest elastic columns cut first; None if none do."""
    widths = [*natural]
    floors = [
        min(width, _LEAST_WIDTH) if bends else width
        for width, bends in zip(natural, elastic, strict=True)
    ]
    room -= _GAP * (len(widths) - 1)
    if sum(floors) > room:
        return None
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda n: (widths[n] > floors[n], widths[n]))
        widths[widest] -= 1
    return widths


def _rows(sheet: Sheet) -> Iterator[list[str]]:
    for batch in sheet.batches:
        columns = [column.to_pylist() for column in to_seconds(batch).columns]
        for row in zip(*columns, strict=True):
            yield [cell(v, heading) for v, heading in zip(row, sheet.columns, strict=True)]


def _block(
    columns: Sequence[Heading], rows: Sequence[Sequence[str]], width: int | None
) -> list[Text]:
    names = [column.name for column in columns]
    natural = [max(map(cell_len, texts)) for texts in zip(names, *rows, strict=True)]
    widths: list[int] | None = natural
    if width is not None:
        widths = fitted(natural, [column.kind in _ELASTIC for column in columns], width)
    if widths is None:
        return list(_cards(columns, rows, width or 0))
    heading = _line(columns, names, widths)
    heading.stylize("bold")
    return [heading, *(_line(columns, row, widths) for row in rows)]


def _line(columns: Sequence[Heading], texts: Sequence[str], widths: Sequence[int]) -> Text:
    cells = []
    for column, text, width in zip(columns, texts, widths, strict=True):
        cut = _cut(text, width)
        if column.kind in _RIGHT:
            cut = " " * (width - cell_len(cut)) + cut
        cells.append(_marked(column, set_cell_size(cut, width)))
    line = Text(" " * _GAP).join(cells)
    line.rstrip()
    return line


def _cards(columns: Sequence[Heading], rows: Sequence[Sequence[str]], width: int) -> Iterator[Text]:
    """A card for each row: one field a line."""
    names = max(len(column.name) for column in columns)
    for row in rows:
        for column, text in zip(columns, row, strict=True):
            told = _marked(column, _cut(text, max(width - names - _GAP, 1)))
            yield Text.assemble((f"{column.name:<{names}}{' ' * _GAP}", "dim"), told)
        yield Text()


def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def _marked(column: Heading, text: str) -> Text:
    marked = Text(text)
    if column.kind is FieldKind.SEVERITY:
        mark = MARKS.get(text[1:].strip())
        if mark is not None:
            marked.stylize(mark.style, 0, 1)
    return marked


def painted(lines: Sequence[Text], screen: Screen) -> str:
    """Lines of text as the screen takes them: with colours or without."""
    text = StringIO()
    console = Console(
        file=text,
        width=max((line.cell_len for line in lines), default=0) + 1,
        force_terminal=screen.colour,
        color_system="auto" if screen.colour else None,
        highlight=False,
        emoji=False,
        markup=False,
    )
    for line in lines:
        console.print(line, soft_wrap=True)
    return text.getvalue()

"""XLSX for spreadsheets: types are kept, nothing in it is a formula or a link."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from itertools import chain
from typing import IO, TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from plumbline.errors import StorageError
from plumbline.report.interface import Sheet, to_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575
"""Of one sheet, beside the names; further rows go on to a next one."""
_MOST_SIGNS = 32_767
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
"""Bears no time of its own, so that the same rows make the same file."""
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_FIRST_TIME = datetime(1900, 1, 1, tzinfo=UTC)
_NARROWEST, _WIDEST = 10, 48


def write(sheet: Sheet, out: IO[bytes], *, most: int = MOST_ROWS) -> int:
    """Write the rows, and a sheet `About` that tells what they are.

    A text longer than a cell holds is cut; times are UTC.

    Raises:
        StorageError: the disk has no room.
    """
    book = xlsxwriter.Workbook(out, _OPTIONS)
    book.set_properties({"title": sheet.name, "author": "Plumbline", "created": _LONG_AGO})
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": _TIME})
    rows = chain.from_iterable(_rows(sheet))
    count = 0
    while True:
        page = book.add_worksheet(_name(sheet.name, count // most))
        written = _fill(page, sheet, rows, most, bold, moment)
        count += written
        if written < most:
            break
    _about(book.add_worksheet("About"), sheet, count, bold)
    try:
        book.close()
    except FileCreateError as error:
        raise StorageError(f"The spreadsheet cannot be written: {error}.") from error
    return count


_TIME = "yyyy-mm-dd hh:mm:ss"


def _name(name: str, place: int) -> str:
    """A sheet's name is short and has few signs besides letters."""
    plain = re.sub(r"[^\w-]", "-", name)[:24]
    return plain if not place else f"{plain} {place + 1}"


def _rows(sheet: Sheet) -> Iterator[Iterable[tuple[Any, ...]]]:
    for batch in sheet.batches:
        columns = [column.to_pylist() for column in to_seconds(batch).columns]
        yield zip(*columns, strict=True)


def _fill(
    page: Worksheet,
    sheet: Sheet,
    rows: Iterator[Sequence[Any]],
    most: int,
    bold: Format,
    moment: Format,
) -> int:
    names = [column.name for column in sheet.columns]
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, 0, max(len(names) - 1, 0))
    for place, name in enumerate(names):
        page.write_string(0, place, name, bold)
        kind = sheet.schema.field(place).type
        page.set_column(place, place, _width(name, str(kind)))
    count = 0
    while count < most and (row := next(rows, None)) is not None:
        count += 1
        for place, value in enumerate(row):
            if value is not None:
                _CELLS.get(type(value), _text)(page, count, place, value, moment)
    return count


def _width(name: str, kind: str) -> int:
    wanted = 20 if kind.startswith("timestamp") else 28 if kind in {"string", "list"} else 0
    return min(max(len(name) + 3, wanted, _NARROWEST), _WIDEST)


def _text(page: Worksheet, row: int, place: int, value: Any, _: Format) -> None:
    page.write_string(row, place, fitting(str(value)))


def _list(page: Worksheet, row: int, place: int, value: Any, _: Format) -> None:
    page.write_string(row, place, fitting(", ".join(map(str, value))))


def _flag(page: Worksheet, row: int, place: int, value: Any, _: Format) -> None:
    page.write_boolean(row, place, value)


def _number(page: Worksheet, row: int, place: int, value: Any, _: Format) -> None:
    if math.isfinite(value):
        page.write_number(row, place, value)


def _time(page: Worksheet, row: int, place: int, value: Any, moment: Format) -> None:
    if value >= _FIRST_TIME:
        page.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None), moment)
    else:
        page.write_string(row, place, value.isoformat().replace("+00:00", "Z"))


_CELLS: dict[type, Callable[[Worksheet, int, int, Any, Format], None]] = {
    bool: _flag,
    int: _number,
    float: _number,
    datetime: _time,
    list: _list,
}


def fitting(text: str) -> str:
    """A text as a cell can hold it."""
    shown = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
    return shown if len(shown) <= _MOST_SIGNS else f"{shown[: _MOST_SIGNS - 1]}…"


def _about(page: Worksheet, sheet: Sheet, count: int, bold: Format) -> None:
    told = (
        ("schema", f"plumbline/{sheet.name}/1"),
        *sheet.about(),
        ("rows", f"{count}"),
        *(("warning", text) for text in sheet.warnings),
        *((f"column {column.name}", column.doc) for column in sheet.columns),
    )
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 100)
    for row, (name, text) in enumerate(told):
        page.write_string(row, 0, fitting(name), bold)
        page.write_string(row, 1, fitting(text))

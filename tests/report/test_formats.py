"""Each format holds every row, and nothing in a row can do harm."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.posture.relation import FieldKind, Heading
from plumbline.report.formats import Format, writer
from plumbline.report.interface import Screen, Sheet
from plumbline.report.marks import visible
from plumbline.report.table import fitted

AT = datetime(2026, 11, 22, 9, 30, 15, 250_000, tzinfo=UTC)
COLUMNS = (
    Heading("severity", FieldKind.SEVERITY, "severity"),
    Heading("plugin_name", FieldKind.TEXT, "name"),
    Heading("change", FieldKind.INTEGER, "a number"),
    Heading("vpr", FieldKind.NUMBER, "a score"),
    Heading("kev", FieldKind.FLAG, "a flag"),
    Heading("last_seen", FieldKind.TIME, "a time"),
    Heading("asset_lists", FieldKind.TEXTS, "texts"),
)
TABLE = pa.table(
    {
        "severity": ["critical", "low"],
        "plugin_name": ['=HYPERLINK(1)\x1b[31m\r\nnext\x00, "q"', None],
        "change": [-12345, None],
        "vpr": pa.array([9.25, None], pa.float64()),
        "kev": [True, None],
        "last_seen": pa.array([AT, None], pa.timestamp("us", tz="UTC")),
        "asset_lists": [["-Retail", "Servers, EU"], None],
    }
)


def sheet(table: pa.Table = TABLE, warnings: tuple[str, ...] = ()) -> Sheet:
    return Sheet(
        name="findings",
        columns=COLUMNS,
        schema=table.schema,
        batches=table.to_batches(max_chunksize=1),
        warnings=warnings,
    )


def written(chosen: Format, made: Sheet | None = None, screen: Screen | None = None) -> bytes:
    out = io.BytesIO()
    made = made or sheet()
    count = writer(chosen, screen or Screen())(made, out)
    assert count == sum(batch.num_rows for batch in made.batches)
    return out.getvalue()


def test_json_is_one_object_with_schema_data_and_warnings() -> None:
    whole = json.loads(written(Format.JSON, sheet(warnings=("old", "cut"))))
    assert whole["schema"] == "plumbline/findings/1"
    assert whole["warnings"] == ["old", "cut"]
    first, second = whole["data"]
    assert first == {
        "severity": "critical",
        "plugin_name": '=HYPERLINK(1)\x1b[31m\r\nnext\x00, "q"',
        "change": -12345,
        "vpr": 9.25,
        "kev": True,
        "last_seen": "2026-11-22T09:30:15Z",
        "asset_lists": ["-Retail", "Servers, EU"],
    }
    assert set(second.values()) == {"low", None}


def test_json_lines_hold_one_row_each() -> None:
    lines = written(Format.JSONL).splitlines()
    assert [json.loads(line)["severity"] for line in lines] == ["critical", "low"]


def test_csv_keeps_numbers_and_disarms_formulas() -> None:
    rows = list(csv.reader(io.StringIO(written(Format.CSV).decode(), newline="")))
    assert rows[0] == [column.name for column in COLUMNS]
    assert rows[1] == [
        "critical",
        '\'=HYPERLINK(1)\ufffd[31m\nnext\ufffd, "q"',
        "-12345",
        "9.25",
        "yes",
        "2026-11-22T09:30:15Z",
        "'-Retail, Servers, EU",
    ]
    assert rows[2] == ["low", "", "", "", "", "", ""]


@given(st.text(min_size=1))
def test_no_text_in_csv_begins_like_a_formula(text: str) -> None:
    table = pa.table({"plugin_name": [text]})
    made = Sheet(name="x", columns=COLUMNS[1:2], schema=table.schema, batches=table.to_batches())
    ((told,),) = list(csv.reader(io.StringIO(written(Format.CSV, made).decode(), newline="")))[1:]
    fit = re.sub("\r\n?", "\n", text)
    fit = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", fit)
    assert told == (f"'{fit}" if text[0] in "=+-@\t\r" else fit)


def test_parquet_keeps_types_and_names_its_schema() -> None:
    read = pq.read_table(io.BytesIO(written(Format.PARQUET)))
    assert read.to_pylist() == TABLE.to_pylist()
    assert read.schema.metadata[b"schema"] == b"plumbline/findings/1"
    assert read.schema.types == TABLE.schema.types


@pytest.mark.parametrize("chosen", Format)
def test_an_answer_without_a_row_is_still_whole(chosen: Format) -> None:
    told = written(chosen, sheet(TABLE.slice(0, 0)))
    assert bool(told) is (chosen is not Format.JSONL)
    if chosen is Format.JSON:
        assert json.loads(told)["data"] == []
    if chosen is Format.TABLE:
        assert told.decode().split() == [column.name for column in COLUMNS]


def test_a_table_shows_glyph_word_and_no_control_character() -> None:
    told = written(Format.TABLE).decode()
    assert "◆ critical" in told
    assert "▼ low" in told
    assert "␛[31m␍␊next␀" in told
    assert all(sign.isprintable() or sign == "\n" for sign in told)


def test_colour_only_comes_on_a_screen_that_wants_it() -> None:
    assert b"\x1b[" not in written(Format.TABLE, screen=Screen(width=200))


@pytest.mark.parametrize("width", [30, 60, 90, 120])
def test_a_table_fits_its_screen(width: int) -> None:
    told = written(Format.TABLE, screen=Screen(width=width)).decode()
    assert max(len(line) for line in told.splitlines()) <= width
    assert "critical" in told


def test_a_screen_of_another_encoding_gets_what_it_can_show() -> None:
    told = written(Format.TABLE, screen=Screen(encoding="ascii"))
    assert b"? critical" in told


@given(
    st.lists(st.tuples(st.integers(1, 60), st.booleans()), min_size=1, max_size=12),
    st.integers(20, 200),
)
def test_widths_fit_the_room_or_there_are_none(columns: list[tuple[int, bool]], room: int) -> None:
    natural = [width for width, _ in columns]
    widths = fitted(natural, [bends for _, bends in columns], room)
    if widths is None:
        return
    assert sum(widths) + 2 * (len(widths) - 1) <= room
    for (before, bends), after in zip(columns, widths, strict=True):
        assert after <= before
        assert bends or after == before


@given(st.text())
def test_visible_text_holds_nothing_that_steers(text: str) -> None:
    shown = visible(text)
    assert not any(sign < " " or sign in "\x7f\x9b\u202e\u2028" for sign in shown)

"""A spreadsheet holds every row with its type, and nothing in it is a formula or a link."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.posture.relation import FieldKind, Heading
from plumbline.report import xlsx
from plumbline.report.formats import Format, writer
from plumbline.report.interface import Screen, Sheet

AT = datetime(2026, 11, 22, 9, 30, 15, tzinfo=UTC)
TABLE = pa.table(
    {
        "plugin_name": ["=HYPERLINK(1)", "https://x.example", "12345", "nul\x00", None],
        "number": [1, -2, None, 4, 5],
        "vpr": [9.5, None, float("nan"), 1.0, 2.0],
        "kev": [True, False, None, None, None],
        "last_seen": pa.array(
            [AT, None, None, None, datetime(1, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")
        ),
        "asset_lists": [["-Retail", "EU"], None, None, None, None],
    }
)


def sheet(table: pa.Table) -> Sheet:
    return Sheet(
        name="findings",
        columns=tuple(Heading(name, FieldKind.TEXT, f"the {name}") for name in table.column_names),
        schema=table.schema,
        batches=table.to_batches(max_chunksize=2),
        warnings=("old",),
        about=lambda: (("query", "=state:open"), ("connection lab", "all 80 totals agree")),
    )


def parts(made: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(made)) as held:
        return {name: held.read(name).decode() for name in held.namelist()}


def written(table: pa.Table) -> bytes:
    out = io.BytesIO()
    assert writer(Format.XLSX, Screen())(sheet(table), out) == table.num_rows
    return out.getvalue()


def test_types_are_kept_and_nothing_is_a_formula_or_a_link() -> None:
    made = parts(written(TABLE))
    rows = made["xl/worksheets/sheet1.xml"]
    assert "<f>" not in rows
    assert "<hyperlink" not in rows.lower()
    assert "=HYPERLINK(1)" in rows
    assert '<c r="B3"><v>-2</v></c>' in rows
    assert '<c r="D2" t="b"><v>1</v></c>' in rows
    assert re.search(r'<c r="E2" s="\d+"><v>46348\.39600', rows)
    assert '<c r="A4" t="inlineStr"' in rows
    assert 'state="frozen"' in rows
    assert "-Retail, EU" in rows
    assert "\N{REPLACEMENT CHARACTER}" in rows
    assert "0001-01-01T00:00:00Z" in rows


def test_a_sheet_beside_tells_what_it_is() -> None:
    about = parts(written(TABLE))["xl/worksheets/sheet2.xml"]
    for text in ("plumbline/findings/1", "=state:open", "all 80 totals agree", "old", "the vpr"):
        assert text in about
    assert "<f>" not in about


def test_the_same_rows_make_the_same_file() -> None:
    assert written(TABLE) == written(TABLE)


def test_rows_go_on_to_a_next_sheet() -> None:
    out = io.BytesIO()
    assert xlsx.write(sheet(TABLE), out, most=2) == 5
    assert re.findall(r'<sheet name="([^"]+)"', parts(out.getvalue())["xl/workbook.xml"]) == [
        "findings",
        "findings 2",
        "findings 3",
        "About",
    ]


def test_no_row_is_a_sheet_with_names() -> None:
    assert "plugin_name" in parts(written(TABLE.slice(0, 0)))["xl/worksheets/sheet1.xml"]


@settings(max_examples=50)
@given(st.text())
def test_any_text_can_be_held(text: str) -> None:
    made = parts(written(pa.table({"name": [text]})))
    assert "<f>" not in made["xl/worksheets/sheet1.xml"]
    assert len(xlsx.fitting(text * 40_000)) <= 32_767


def test_it_is_nothing_for_a_terminal() -> None:
    assert Format.XLSX.is_binary

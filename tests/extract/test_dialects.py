"""CSV as spreadsheets and other programs write it: read, or refused in a clear sentence."""

from __future__ import annotations

import io
from io import BufferedReader
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odd import ODD_ITEMS, ODD_ROWS, PRINTABLE
from plumbline.domain.oddities import Oddities
from plumbline.errors import UsageError
from plumbline.extract.files import csv as exports
from plumbline.extract.files import nessus as results
from plumbline.extract.files.interface import Tally
from plumbline.extract.files.opening import FileKind, kind_of
from scans import ROW, Host, Item, export, nessus

if TYPE_CHECKING:
    from plumbline.extract.files.interface import Row


def rows_of(content: bytes, latest: int = 1_800_000_000) -> tuple[list[Row], Tally]:
    tally = Tally("list.csv", latest)
    exports.check(BufferedReader(io.BytesIO(content)), Tally("list.csv"))
    return list(exports.read(BufferedReader(io.BytesIO(content)), tally)), tally


def columns(name: str, *values: str) -> bytes:
    """An export of one row for each value of a column."""
    return export(*({name: value} for value in values))


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize(
    "above", ["", "sep={}\r\n", '"sep={}"\r\n', "List\r\nof May 1, 2026\r\n\r\n"]
)
def test_headings_are_found_below_what_spreadsheets_and_reports_write(
    delimiter: str, above: str
) -> None:
    text = export({"Plugin Output": "a, b; c | d"}, {}).decode()
    text = above.format(delimiter) + text.replace('","', f'"{delimiter}"')
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        rows, tally = rows_of(text.encode(encoding))
        assert [row.fields["pluginText"] for row in rows] == ["a, b; c | d", "seen"]
        assert tally.whole


def test_lines_are_numbered_as_they_are_in_the_file() -> None:
    content = b"Title\r\n\r\n" + export({"Plugin Output": "one\ntwo"}, {"Plugin": "x"})
    _, tally = rows_of(content)
    assert tally.listed[0].place == "line 6"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"Plugin;Schweregrad;IP-Adresse\n", "or its headings were translated"),
        (b"Severity,IP,Plugin ID\n", "or its headings were renamed"),
        (b"a,b\nc,d\n", "Its headings are: a, b"),
    ],
)
def test_what_has_other_headings_is_refused_with_those_it_has(head: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        rows_of(head)


@pytest.mark.parametrize(
    ("column", "text", "field", "value"),
    [
        *(
            ("Plugin", text, "pluginID", "19506")
            for text in ('="19506"', "'19506", "19506.0", " 19506 ")
        ),
        ("Plugin", "-7", "pluginID", "-7"),
        ("Plugin", "0", "pluginID", "0"),
        ("Plugin", "4000000000", "pluginID", "4000000000"),
        *(("Port", text, "port", "443") for text in ("443.0", "0443", "'443")),
        *(("Port", text, "port", "") for text in ("", "N/A", "-1")),
        *(("Protocol", text, "protocol", "TCP") for text in ("6", "tcp", "6.0")),
        ("IP Address", "192.000.002.180", "ip", "192.0.2.180"),
        ("IP Address", "2001:DB8:0:0::1", "ip", "2001:db8::1"),
        ("DNS Name", "Srv.Example.", "dnsName", "srv.example"),
    ],
)
def test_cells_are_read_as_they_are_meant(column: str, text: str, field: str, value: str) -> None:
    [row], tally = rows_of(columns(column, text))
    assert row.fields[field] == value
    assert tally.whole


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("Plugin", "1.9E+04", "Plugin is '1.9E+04': a spreadsheet rounded it"),
        ("Plugin", "19,506", "Plugin is '19,506'"),
        ("Plugin", "9" * 20, f"Plugin is '{'9' * 20}'"),
        ("Port", "65536", "Port is '65536'"),
        ("Port", "1,024", "Port is '1,024'"),
        ("Severity", "5", "Severity is '5'"),
        ("Severity", "Grave", "Severity is 'Grave'"),
        (
            "IP Address",
            "10.0.0.1, 10.0.0.2",
            "IP Address is '10.0.0.1, 10.0.0.2', which is no single address",
        ),
        ("IP Address", "10.0.0.1/32", "IP Address is '10.0.0.1/32', which is no single address"),
        ("IP Address", "10.0.0.1:443", "IP Address is '10.0.0.1:443', which is no single address"),
        ("IP Address", "N/A", "it names no host"),
    ],
)
def test_cells_that_cannot_be_read_are_refused_with_value_and_row(
    column: str, text: str, reason: str
) -> None:
    rows, tally = rows_of(columns(column, ROW[column], text))
    assert len(rows) == 1
    assert [(one.place, one.reason) for one in tally.listed] == [("line 3", reason)]


@pytest.mark.parametrize(
    ("text", "severity"),
    [("4", 4), ("4.0", 4), ("CRITICAL", 4), ("High Severity", 3), ("Moderate", 2), ("None", 0)],
)
def test_a_severity_is_a_number_or_a_word(text: str, severity: int) -> None:
    [row], _ = rows_of(columns("Severity", text))
    assert row.severity == severity


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        (("9/21/2026 15:20", "9/1/2026"), ["1790004000", "1788220800"]),
        (("9/1/2026", "21/9/2026"), ["1767916800", "1789948800"]),
        (("1-Sep-26", "21.09.2026"), ["1788220800", "1789948800"]),
        (("1790004000", "1790004000000"), ["1790004000", "1790004000"]),
        (("9/1/2026", "N/A"), ["", ""]),
        (("9/1/2026", "21/9/2026", "9/21/2026"), ["", "1789948800", "1789948800"]),
        (("Jan 1, 2100 00:00:00 UTC", "Dec 31, 1969 19:00:00 EST"), ["", ""]),
    ],
)
def test_dates_are_read_by_the_order_that_the_file_shows(
    texts: tuple[str, ...], seconds: list[str]
) -> None:
    rows, _ = rows_of(columns("Last Observed", *texts))
    assert [row.fields.get("lastSeen", "") for row in rows] == seconds


def test_what_could_not_be_read_is_counted_with_its_place_and_kept() -> None:
    rows, tally = rows_of(columns("Last Observed", ROW["Last Observed"], "9/1/2026", "9/2/2026"))
    [kind] = tally.odd
    assert kind == "date whose day and month cannot be told apart"
    assert tally.odd[kind] == 2
    assert tally.odd.examples[kind] == "'9/1/2026' (list.csv, line 3, Last Observed)"
    assert rows[1].beyond == {"Last Observed": "9/1/2026"}


def test_rows_keep_their_order_while_they_wait_for_a_date() -> None:
    texts = ["9/1/2026", *(f"Sep {day}, 2026" for day in range(1, 20)), "9/21/2026", "9/2/2026"]
    rows, _ = rows_of(
        export(*({"Plugin": str(n), "Last Observed": t} for n, t in enumerate(texts)))
    )
    assert [row.fields["pluginID"] for row in rows] == list(map(str, range(len(texts))))
    assert rows[0].fields["lastSeen"] == "1788220800"


def test_quotes_escaped_with_a_backslash_are_refused_in_a_clear_sentence() -> None:
    content = export({"Plugin Output": "QUOTED"}, {}).replace(b"QUOTED", b'a \\"b\\" c')
    rows, tally = rows_of(content)
    assert len(rows) == 1
    assert tally.listed[0].reason == 'a quote in it is written as \\", which CSV writes as ""'
    assert tally.listed[0].place == "line 2"


def test_the_lines_of_a_swallowed_row_are_named() -> None:
    head = b"Plugin,Severity,IP Address,Plugin Text\n"
    lines = b'1,Low,10.0.0.1,"never closed\n2,Low,10.0.0.1,"seen"\n3,Low,10.0.0.1,x\n'
    rows, tally = rows_of(head + lines)
    assert len(rows) == 1
    assert [one.place for one in tally.listed] == ["lines 2 to 3"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('<?xml version="1.0"?><!-- <html> --><NessusClientData_v2><a><html></a>', FileKind.NESSUS),
        (
            "<NessusClientData_v2><Policy>&lt;html <html> <NessusClientData ></Policy>",
            FileKind.NESSUS,
        ),
    ],
)
def test_markup_is_judged_by_its_root_alone(content: str, kind: FileKind) -> None:
    assert kind_of(BufferedReader(io.BytesIO(content.encode())), "small.nessus") is kind


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<!DOCTYPE html><p>", "a web page"),
        ("<!-- a scanner -->\n<HTML lang='en'>", "a web page"),
        ("<?xml version='1.0'?>\n<html xmlns='x'>", "a web page"),
        ("<?xml version='1.0'?>\n<NessusClientData>", "version 1"),
    ],
)
def test_a_web_page_and_the_first_version_are_known_by_their_root(content: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        kind_of(BufferedReader(io.BytesIO(content.encode())), "small.nessus")


@settings(deadline=None, max_examples=80)
@given(st.lists(ODD_ROWS, max_size=12), st.binary(max_size=30), st.integers(0, 2_000))
def test_every_row_of_an_odd_export_is_given_left_out_or_rejected(
    rows: list[dict[str, str]], junk: bytes, at: int
) -> None:
    whole = export(*rows)
    try:
        found, tally = rows_of(whole[:at] + junk + whole[at:])
    except UsageError:
        return
    assert tally.adds_up
    assert len(found) == tally.given
    assert sum(tally.odd.values()) >= len(tally.odd.examples)


@settings(deadline=None, max_examples=80)
@given(st.lists(ODD_ITEMS, max_size=12), PRINTABLE, PRINTABLE, st.integers(-10, 2**70))
def test_every_result_of_an_odd_scan_is_given_or_rejected(
    items: list[Item], ip: str, name: str, end: int
) -> None:
    host = Host(ip=ip, end=end, items=tuple(items), tags={"host-fqdn": name, "host-fqdns": name})
    tally = Tally("odd.nessus", 1_800_000_000)
    found = list(results.read(BufferedReader(io.BytesIO(nessus(host))), tally))
    assert tally.adds_up
    assert (tally.met, len(found)) == (len(items), tally.given)
    assert isinstance(tally.odd, Oddities)

"""Any JSON can stand where a row should: it is kept, and the page's other rows do not suffer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages_of import Reading, extra, finding, read, row, sent

from plumbline.console.rows import KNOWN_FIELDS, RowDecoder
from plumbline.domain.finding import Source
from plumbline.domain.normalise import Note
from plumbline.errors import RetriableError
from rounds import rounds

if TYPE_CHECKING:
    from plumbline.extract.columns import PageColumns

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
JSON = st.recursive(
    SCALAR, lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)), max_leaves=6
)
FIELD = st.one_of(st.sampled_from(sorted(KNOWN_FIELDS)), TEXT)
ROW = st.one_of(JSON, st.dictionaries(FIELD, JSON, max_size=6))


@settings(deadline=None, max_examples=rounds(40, soak=150))
@given(st.lists(ROW, min_size=1, max_size=4))
def test_any_json_is_kept_as_a_row_and_harms_no_other(strange: list[Any]) -> None:
    good = [row(n) for n in range(3)]
    rows = [good[0], *strange, *good[1:]]
    told = read(*rows).findings
    assert told.num_rows == len(rows)
    alone = dict(enumerate(read(*good).findings.to_pylist()))
    found = told.to_pylist()
    for place, number in ((0, 0), (len(rows) - 2, 1), (len(rows) - 1, 2)):
        assert found[place] == alone[number]


@settings(deadline=None, max_examples=rounds(30, soak=100))
@given(st.dictionaries(TEXT.filter(lambda name: name not in KNOWN_FIELDS), JSON, max_size=5))
def test_fields_nobody_knows_are_kept_with_their_values(fields: dict[str, Any]) -> None:
    kept = extra(finding(**fields))
    assert {name: _plain(value) for name, value in kept.items()} == {
        name: _plain(value) for name, value in fields.items()
    }


def _plain(value: Any) -> Any:
    """As JSON writes it; whole numbers of any width come back as the nearest float."""
    return json.loads(json.dumps(value), parse_int=float)


@settings(deadline=None, max_examples=rounds(30, soak=100))
@given(st.sampled_from(sorted(KNOWN_FIELDS - {"pluginInfo"})), JSON.filter(_plain))
def test_a_known_field_with_any_value_loses_nothing(name: str, value: Any) -> None:
    page = read(row(1, **{name: value}))
    assert page.findings.num_rows == 1
    if isinstance(value, list | dict) and name != "vprContext":
        held = extra(page.findings.to_pylist()[0])
        known = isinstance(value, dict) and name in {"severity", "family", "repository"}
        assert known or _plain(held[name]) == _plain(value)


def test_learned_fields_are_fast_again() -> None:
    decoder = RowDecoder()
    first = decoder.page(sent([row(1), row(2, aNewField={"deep": [1]})]))
    assert decoder.learned == ["aNewField"]
    assert first.strange == 0
    body = sent([row(3, aNewField="x")])
    assert decoder._page.decode(body) is not None
    assert [decoder.extras(one) for one in decoder.page(body).rows] == [{"aNewField": "x"}]


def test_a_field_inside_an_object_is_learned_and_kept() -> None:
    reading = Reading()
    severity = {"id": "4", "name": "Critical", "description": "", "colour": "red"}
    page = reading.read([row(1, severity=severity)])
    found = page.findings.to_pylist()[0]
    assert found["severity"] == 4
    assert extra(found) == {"severity.colour": "red"}
    assert reading.decoder._page.decode(sent([row(2, severity=severity)])) is not None


def test_ever_new_fields_are_kept_without_being_learned() -> None:
    reading = Reading()
    rows = [row(n, **{f"field{n}": n}) for n in range(100)]
    found = reading.read(rows).findings.to_pylist()
    assert reading.decoder.learned == []
    assert [extra(one) for one in found] == [{f"field{n}": n} for n in range(100)]
    assert [one["port"] for one in found] == [n % 3 for n in range(100)]


@pytest.mark.parametrize("name", ['qu"ote', "back\\slash", "line\nbreak", "", "名前", "a b"])
def test_a_field_with_a_strange_name_is_kept(name: str) -> None:
    assert extra(finding(**{name: {"a": 1}})) == {name: {"a": 1}}


@pytest.mark.parametrize("strange", [None, 7, "text", [], [1, [2]], {}, True])
def test_a_row_that_is_no_row_is_kept_and_counted(strange: object) -> None:
    page = read(row(1), strange, row(2))
    assert page.findings.num_rows == 3
    kept = extra(page.findings.to_pylist()[1])
    assert kept == {"severity": None} | ({} if strange == {} else {"row": strange})
    assert page.odd.get("strange row", 0) == (0 if strange == {} else 1)
    assert page.odd["row without a host"] == 1


WRONG = {
    "port": ["443"],
    "pluginID": {"id": 5},
    "ip": ["10.0.0.1"],
    "severity": ["4"],
    "repository": [1],
    "family": [[]],
    "pluginText": {"a": "b"},
    "firstSeen": [1],
    "acceptRisk": {},
    "hostUniqueness": ["ip"],
    "cve": ["CVE-2020-1"],
}


@pytest.mark.parametrize("field", WRONG)
def test_a_field_of_a_wrong_shape_is_kept_apart_and_the_row_stays(field: str) -> None:
    page = read(row(1), row(2, **{field: WRONG[field]}))
    found = page.findings.to_pylist()
    assert len(found) == 2
    assert extra(found[1]) == {field: WRONG[field]}
    assert page.odd["strange row"] == 1
    assert found[0] == finding()


@pytest.mark.parametrize(
    ("field", "value", "column", "kind"),
    [
        ("port", "https", "port", Note.PORT_UNREADABLE),
        ("pluginID", "1e4x", "plugin_id", Note.PLUGIN_UNREADABLE),
        ("severity", "dire", "severity", Note.SEVERITY_UNREADABLE),
        ("firstSeen", "yesterday", "first_seen", Note.TIME_UNREADABLE),
        ("acceptRisk", "maybe", "accepted", "acceptRisk with a value that does not fit"),
    ],
)
def test_a_value_that_does_not_fit_is_null_kept_and_counted(
    field: str, value: str, column: str, kind: str
) -> None:
    page = read(row(1), row(2, **{field: value}))
    found = page.findings.to_pylist()[1]
    assert found[column] is None
    assert extra(found) == {field: value}
    assert page.odd == {kind: 1}


TEXTS = [
    "a\0b",
    "line\r\nline\r",
    "🙂 名前 ﷽",
    "\u202eright to left\u202c עברית",
    "<script>alert(1)</script>",
    "\x1b[31mred",
    "\ufeffbom\ufffd",
]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_kept_to_the_letter(text: str) -> None:
    page = read(row(1, pluginText=text, dnsName=text, pluginName=text))
    assert page.outputs["text"].to_pylist() == [text]
    assert page.aliases["dns_name"].to_pylist() == [text.strip()]
    assert page.plugins["name"].to_pylist() == [text]
    assert page.odd == {}


def _page_of(body: bytes) -> PageColumns:
    reading = Reading()
    return reading.columns.read(reading.decoder.page(body), Source.CUMULATIVE, 1)


def test_half_a_surrogate_pair_costs_a_sign_and_no_row() -> None:
    body = sent([row(1, pluginText="A"), row(2)]).replace(b'"A"', b'"a\\ud800b"')
    page = _page_of(body)
    assert page.findings.num_rows == 2
    assert "a?b" in page.outputs["text"].to_pylist()


def test_broken_text_beside_a_strange_row_costs_neither() -> None:
    body = sent([None, row(1, pluginText="A"), {"port": []}, row(2)])
    page = _page_of(body.replace(b'"A"', b'"a\\ud800\x01b"'))
    assert page.findings.num_rows == 4
    assert "a?\x01b" in page.outputs["text"].to_pylist()


def test_bytes_that_are_no_text_cost_a_sign_and_no_row() -> None:
    body = sent([row(1, pluginText="A"), row(2)]).replace(b'"A"', b'"a\xff\x01b"')
    page = _page_of(body)
    assert page.findings.num_rows == 2
    assert "a\ufffd\x01b" in page.outputs["text"].to_pylist()


def test_an_output_of_five_megabytes_is_one_output() -> None:
    text = "<plugin_output>" + "x\n" * 2_500_000 + "</plugin_output>"
    page = read(row(1, pluginText=text), row(2, pluginText=text))
    assert page.outputs["characters"].to_pylist() == [len(text)]
    assert page.outputs["text"][0].as_py() == text


def test_a_page_cut_off_or_without_rows_is_to_be_asked_again() -> None:
    for body in (sent([row(1)])[:-40], b"<html>", b"[]", b'{"response": {}}', b'{"response": ""}'):
        with pytest.raises(RetriableError):
            RowDecoder().page(body)


def test_totals_in_every_spelling() -> None:
    for told, total in (("7", 7), (7, 7), (7.0, 7), ("-1", None), (None, None), ("x", None)):
        body = json.dumps({"response": {"totalRecords": told, "results": []}}).encode()
        assert RowDecoder().page(body).total == total

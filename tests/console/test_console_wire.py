from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import envelope

from plumbline.console.fault import BrokenError
from plumbline.console.scalar import Scalar
from plumbline.console.wire import HostRow, SeverityRow, decode_page, decode_response, mend
from plumbline.errors import QueryRefusedError, RetriableError


class Row(msgspec.Struct):
    a: Scalar = None
    b: str = ""


def body(results: Any, **told: Any) -> bytes:
    return envelope({"results": results, **told})


def test_a_page_tells_rows_and_totals() -> None:
    page = decode_page(
        body([{"a": 1, "b": "x", "new": []}], totalRecords="1629", returnedRecords=1),
        Row,
        start=5,
        end=10,
    )
    assert (page.total, page.returned, page.start, page.end) == (1629, 1.0, 5, 10)
    assert page.rows == [Row(a=1, b="x")]


@pytest.mark.parametrize("total", ["10001", 10001, 10001.0])
def test_totals_come_as_text_or_number(total: object) -> None:
    assert decode_page(body([], totalRecords=total), Row).total == 10001


def test_the_broken_count_of_6_3_is_kept_as_it_is() -> None:
    page = decode_page(body([], totalRecords="1", returnedRecords=10000.052631578947), Row)
    assert page.returned == pytest.approx(10000.0526)


@pytest.mark.parametrize("told", [{}, {"totalRecords": None}, {"totalRecords": -1}])
def test_a_missing_total_is_none_and_not_zero(told: dict[str, Any]) -> None:
    assert decode_page(body([], **told), Row).total is None


@pytest.mark.parametrize("response", ["", None, [], {"0": "10.0.0.1", "results": None}, {}])
def test_an_answer_without_rows_is_asked_again(response: object) -> None:
    with pytest.raises(RetriableError):
        decode_page(envelope(response), Row)


def test_rows_of_another_shape_are_not_asked_again() -> None:
    with pytest.raises(QueryRefusedError, match="unknown shape"):
        decode_page(body([{"b": {}}]), Row)


@given(st.integers(min_value=0))
def test_a_body_cut_anywhere_is_asked_again(cut: int) -> None:
    whole = body([{"a": "}"}, {"a": "x"}], totalRecords="2")
    with pytest.raises(BrokenError):
        decode_page(whole[: cut % len(whole)], Row)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"caf\xe9", "caf�"),
        (b"half \\ud83d", "half ?"),
        (b"tab\tand\x01", "tab\tand\x01"),
        (b"\\u0000", "\x00"),
        ("🙂 \\ud83d\\ude42".encode(), "🙂 🙂"),
    ],
)
def test_texts_that_strict_readers_refuse_are_mended(raw: bytes, text: str) -> None:
    whole = b'{"response":{"totalRecords":"1","results":[{"b":"' + raw + b'"}]},"error_code":0}'
    assert decode_page(whole, Row).rows == [Row(b=text)]


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_mending_changes_nothing_that_was_whole(value: Any) -> None:
    clean = json.dumps(value).encode()
    assert msgspec.json.decode(mend(clean)) == json.loads(clean)


@given(st.text())
def test_every_text_survives_a_page(text: str) -> None:
    safe = text.encode("utf-8", "replace").decode()
    assert decode_page(body([{"b": safe}]), Row).rows[0].b == safe


def test_any_response_can_be_read_untyped() -> None:
    assert decode_response(envelope([{"id": "1"}])) == [{"id": "1"}]


def test_small_rows_keep_the_console_names() -> None:
    host = {"ip": "10.0.0.1", "dnsName": "x", "hostUUID": "u", "osCPE": "c", "severityInfo": "3"}
    (row,) = decode_page(body([{**host, "repository": {"id": 3}}]), HostRow).rows
    assert (row.dns_name, row.host_uuid, row.os_cpe, row.severity_info) == ("x", "u", "c", "3")
    assert row.repository.id == 3
    (count,) = decode_page(body([{"severity": {"id": "4"}, "count": 7}]), SeverityRow).rows
    assert (count.severity.id, count.count) == ("4", 7)

"""Loose scalars become typed columns: absent is null, what does not fit is told and kept."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain.normalise import Note
from plumbline.domain.normalise.ports import protocol
from plumbline.extract.values import flags, integers, key_texts, reader_of, texts, times
from plumbline.tables import Kind

DAY = 86_400
KINDS = (Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.TIME, Kind.FLAG)
COLUMNS = {"ip": Kind.TEXT, "dns_name": Kind.TEXT, "netbios_name": Kind.TEXT}
COLUMNS |= {"protocol": Kind.TEXT, "plugin_id": Kind.INTEGER, "port": Kind.INTEGER}
COLUMNS |= {"epss": Kind.NUMBER, "vpr": Kind.NUMBER, "acr": Kind.NUMBER, "aes": Kind.NUMBER}
COLUMNS |= {"seol": Kind.TIME, "vuln_published": Kind.TIME} | {kind.value: kind for kind in KINDS}
LATEST = 1_800_000_000


def reader(name: str) -> Any:
    return reader_of(name, COLUMNS[name], LATEST)


numbers = reader("number")

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["", "-1", "0", "1", "Yes", "None", "0x1F", "1_000", "1e3", " 7", "٣", "nan"]),
)


@settings(deadline=None)
@given(st.lists(ANYTHING))
@pytest.mark.parametrize("name", list(COLUMNS))
def test_any_scalar_is_read_or_told_as_odd(name: str, values: list[Any]) -> None:
    read = reader(name)(values)
    assert len(read.array) == len(values)
    assert read.array.type == COLUMNS[name].arrow
    assert list(read.odd) == sorted(set(read.odd))
    assert all(read.array[place].as_py() is None for place in read.odd)
    one_by_one = [reader(name)([value]) for value in values]
    assert read.array.to_pylist() == [found.array[0].as_py() for found in one_by_one]
    assert [bool(found.odd) for found in one_by_one] == [n in read.odd for n in range(len(values))]


@given(st.lists(st.sampled_from(["6", "TCP", "tcp", 6, "17", "UDP", None, "", "?"])))
def test_what_means_the_same_makes_the_same_key(values: list[Any]) -> None:
    found = key_texts(values, protocol)
    assert all(isinstance(text, str) for text in found)
    same = {"6": "TCP", "tcp": "TCP", "17": "UDP"}
    assert found == [same.get(text, text) for text in ("" if v is None else str(v) for v in values)]


@given(st.lists(st.integers(0, 2**62)))
def test_whole_numbers_are_read_from_text_and_number_alike(values: list[int]) -> None:
    assert integers(list(map(str, values))).array.to_pylist() == values
    assert integers([*values, "x"]).array.to_pylist() == [*values, None]


@given(st.lists(st.floats(0, 10, allow_nan=False)))
def test_scores_are_exact(values: list[float]) -> None:
    read = numbers([repr(value) for value in values])
    assert read.array.to_pylist() == values
    assert not read.odd


@given(st.lists(st.integers(631_152_000, 99_999_999_999)))
def test_moments_are_exact_to_the_second(seconds: list[int]) -> None:
    read = times(list(map(str, seconds)))
    assert [int(found.timestamp()) for found in read.array.to_pylist()] == seconds
    assert not read.odd


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_text_is_kept_to_the_letter(values: list[str]) -> None:
    assert texts(values).array.to_pylist() == values


def test_absent_is_null_and_never_zero() -> None:
    for kind in (Kind.INTEGER, Kind.NUMBER, Kind.TIME, Kind.FLAG):
        read = reader(kind)(["", "-1", None, -1])
        assert read.array.to_pylist() == [None] * 4
        assert read.odd == []


def test_what_does_not_fit_is_told_by_its_place() -> None:
    values = ["443", "https", "65536.5", True, "1_000", "9" * 30, "", 80]
    read = integers(values)
    assert read.array.to_pylist() == [443, None, None, None, None, None, None, 80]
    assert read.odd == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "high", math.nan, True])
def test_a_score_that_is_no_finite_number_is_odd(value: object) -> None:
    assert numbers([value]).odd == [0]


def test_a_score_that_is_told_as_none_is_absent() -> None:
    assert numbers(["None", "7.5"]).array == numbers(["", "7.5"]).array


@pytest.mark.parametrize(
    ("value", "note"),
    [
        ("253402300800000", Note.TIME_OUTSIDE),
        (str(LATEST + 1), Note.TIME_OUTSIDE),
        ("-100000", Note.TIME_OUTSIDE),
        ("600000000", Note.TIME_OUTSIDE),
        ("soon", Note.TIME_UNREADABLE),
        ("1.7e9x", Note.TIME_UNREADABLE),
    ],
)
def test_a_moment_that_is_none_is_odd(value: str, note: Note) -> None:
    read = reader("time")(["1700000000", value])
    assert read.array.to_pylist() == [datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), None]
    assert (read.odd, read.notes) == ([1], {1: note})


@pytest.mark.parametrize("value", ["1700000000000", 1_700_000_000, "2023-11-14 22:13:20"])
def test_a_moment_is_read_in_its_other_forms(value: Any) -> None:
    read = reader("time")(["0", value])
    assert read.array.to_pylist() == [None, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)]
    assert read.odd == []


def test_vulnerabilities_may_be_older_than_scanners_and_products_may_end_later() -> None:
    assert reader("vuln_published")(["473385600"]).odd == []
    assert reader("time")(["473385600"]).odd == [0]
    assert reader("seol")([str(LATEST + 1)]).odd == []


def test_flags_in_all_their_spellings() -> None:
    read = flags(["1", "Yes", True, "0", "No", "false", "", "perhaps"])
    assert read.array.to_pylist() == [True, True, True, False, False, False, None, None]
    assert read.odd == [7]


def test_halves_of_surrogate_pairs_do_no_harm() -> None:
    for name in COLUMNS:
        assert len(reader(name)(["\ud800", "1"]).array) == 2
    assert texts(["a\ud800b"]).array.to_pylist() == ["a?b"]

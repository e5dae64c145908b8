"""Loose scalars become typed columns: absent is null, what does not fit is told and kept."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.extract.values import ABSENT, READERS, flags, integers, numbers, texts, times
from plumbline.tables import Kind

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
@pytest.mark.parametrize("kind", list(READERS))
def test_any_scalar_is_read_or_told_as_odd(kind: Kind, values: list[Any]) -> None:
    read = READERS[kind](values)
    assert len(read.array) == len(values)
    assert read.array.type == kind.arrow
    assert read.odd == sorted(set(read.odd))
    assert all(read.array[place].as_py() is None for place in read.odd)
    silent = [v for n, v in enumerate(values) if n not in read.odd and not read.array[n].is_valid]
    absent = {*ABSENT, "None"} if kind is Kind.NUMBER else ABSENT
    assert all(value in absent for value in silent)


@given(st.lists(st.integers(0, 2**62)))
def test_whole_numbers_are_read_from_text_and_number_alike(values: list[int]) -> None:
    assert integers(list(map(str, values))).array.to_pylist() == values
    assert integers([*values, "x"]).array.to_pylist() == [*values, None]


@given(st.lists(st.floats(0, 1e9, allow_nan=False)))
def test_scores_are_exact(values: list[float]) -> None:
    read = numbers([repr(value) for value in values])
    assert read.array.to_pylist() == values
    assert not read.odd


@given(st.lists(st.integers(0, 253_402_300_799)))
def test_moments_are_exact_to_the_second(seconds: list[int]) -> None:
    read = times(list(map(str, seconds)))
    assert [int(found.timestamp()) for found in read.array.to_pylist()] == seconds
    assert not read.odd


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)))
def test_text_is_kept_to_the_letter(values: list[str]) -> None:
    assert texts(values).array.to_pylist() == values


def test_absent_is_null_and_never_zero() -> None:
    for kind in (Kind.INTEGER, Kind.NUMBER, Kind.TIME, Kind.FLAG):
        read = READERS[kind](["", "-1", None, -1])
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
    assert numbers(["None", "7.5"]) == (numbers(["", "7.5"]).array, [])


@pytest.mark.parametrize("value", ["253402300800", "-5", "2024-01-01", "1.7e9x"])
def test_a_moment_that_is_none_is_odd(value: str) -> None:
    read = times(["1700000000", value])
    assert read.array.to_pylist() == [datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), None]
    assert read.odd == [1]


def test_flags_in_all_their_spellings() -> None:
    read = flags(["1", "Yes", True, "0", "No", "false", "", "perhaps"])
    assert read.array.to_pylist() == [True, True, True, False, False, False, None, None]
    assert read.odd == [7]


def test_halves_of_surrogate_pairs_do_no_harm() -> None:
    for reader in READERS.values():
        assert len(reader(["\ud800", "1"]).array) == 2
    assert texts(["a\ud800b"]).array.to_pylist() == ["a?b"]

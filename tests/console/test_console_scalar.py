from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.console.scalar import flag, identity, integer, moment, number, text

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("absent", ["", "-1", -1, -1.0, None, "N/A", "None", [], {}, True, " "])
def test_absent_becomes_none_and_never_zero(absent: object) -> None:
    assert integer(absent) is None
    assert number(absent) is None
    assert moment(absent) is None


@pytest.mark.parametrize("zero", ["0", 0, 0.0])
def test_a_zero_stays_a_zero(zero: object) -> None:
    assert integer(zero) == 0
    assert number(zero) == 0.0


def test_the_ids_minus_one_and_zero_are_told_apart() -> None:
    assert (identity(-1), identity("-1"), identity(0), identity("0")) == (-1, -1, 0, 0)


def test_a_broken_count_of_6_3_is_a_number_but_no_integer() -> None:
    assert number(10000.052631578947) == pytest.approx(10000.05)
    assert integer(10000.052631578947) is None
    assert integer(10000.0) == 10000


def test_epochs_are_moments_in_utc() -> None:
    assert moment("1545080229") == datetime(2018, 12, 17, 20, 57, 9, tzinfo=UTC)
    assert moment("0") is None
    assert moment(10**18) is None


def test_flags_come_in_many_spellings() -> None:
    assert [flag(one) for one in ("true", "1", "Yes", True, 1)] == [True] * 5
    assert [flag(one) for one in ("false", "0", "No", False, 0)] == [False] * 5
    assert [flag(one) for one in ("", None, "maybe", "-1")] == [None] * 4


@given(ANYTHING)
def test_nothing_a_console_may_write_breaks_a_reader(value: object) -> None:
    for read in (text, number, integer, identity, moment, flag):
        read(value)


@given(st.integers(min_value=0, max_value=2**70))
def test_whole_numbers_survive_in_every_clothing(value: int) -> None:
    assert integer(str(value)) == integer(value) == integer(f" {value} ") == value

"""Reading the filter language and writing it back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plumbline.errors import UsageError
from plumbline.posture.filters import Comparison, Query, parse


def shape(written: str) -> list[tuple[str, bool, list[str]]]:
    return [(t.name, t.negated, [str(v) for v in t.values]) for t in parse(written).terms]


def test_terms_are_read_with_field_negation_and_values() -> None:
    assert shape('severity:critical,high -state:fixed  "two words" ip:10.1.0.0/16') == [
        ("severity", False, ["critical", "high"]),
        ("state", True, ["fixed"]),
        ("", False, ['"two words"']),
        ("ip", False, ["10.1.0.0/16"]),
    ]


def test_comparisons_and_ranges_are_told_from_texts() -> None:
    values = [
        parse(f"vpr:{text}").terms[0].values[0] for text in (">=7", "<3", "4..6", "4..", "..6")
    ]
    assert [value.comparison for value in values] == [
        Comparison.AT_LEAST,
        Comparison.BELOW,
        Comparison.BETWEEN,
        Comparison.BETWEEN,
        Comparison.BETWEEN,
    ]
    assert [str(value) for value in values] == [">=7", "<3", "4..6", "4..", "..6"]


def test_quotes_keep_blanks_commas_and_signs_as_they_are() -> None:
    (term,) = parse(r'plugin_name:"a \"b\", >c..d\\"').terms
    assert term.values[0].low is not None
    assert term.values[0].low.text == 'a "b", >c..d\\'
    assert term.values[0].comparison is Comparison.EQUAL


def test_an_ipv6_address_is_a_word_and_no_field() -> None:
    assert shape("fe80::1") == [("", False, ["fe80::1"])]


def test_nothing_asks_for_everything() -> None:
    assert parse(" \t ") == Query()


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("state:", 6),
        ("state:open,", 11),
        ('name:"open', 5),
        ('severity:high name:a"b"', 20),
        ("age:..", 6),
        ('"a"b', 3),
        ("-", 1),
        ("a\0b", 1),
        ("a \ud800", 2),
    ],
)
def test_an_error_points_at_the_character(written: str, at: int) -> None:
    with pytest.raises(UsageError) as caught:
        parse(written)
    first, line, mark = caught.value.what.split("\n")
    assert f"character {at + 1}:" in first
    assert mark.index("^") == at + 2
    assert len(line) == len(written) + 2
    assert caught.value.advice


PIECES = st.sampled_from(
    ["severity", ":", ">=", "<", "..", ",", "-", '"', "\\", " ", "*", "a", "10.1.0.0/16", "é", "\n"]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)))
@example("a:..,b")
@example('a:"x".."y"')
@example("--a:b")
@example("a:...")
def test_any_text_is_read_or_refused_and_reads_the_same_when_written_back(written: str) -> None:
    try:
        query = parse(written)
    except UsageError:
        return
    again = parse(str(query))
    assert again == query
    assert str(again) == str(query)

"""Facets and changed queries: what is counted is what a filter then finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.posture import explore, facets, refining
from plumbline.posture.filters import parse
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate

FINDINGS = RELATIONS["findings"]
FIELDS = ("severity", "state", "sla", "family", "exploitable", "repository", "asset_lists", "cves")
FLAGS = {"true": "yes", "false": "no", None: "none", "": "none"}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("written", ["", "state:open,reopened severity:critical,high", "age:>30"])
def test_choosing_a_value_finds_as_many_rows_as_were_counted(
    estate: Estate, field: str, written: str
) -> None:
    query = parse(written)
    rows = facets.counted(FINDINGS, estate, query, field).fetch().to_pylist()
    assert rows
    for row in rows[:4]:
        value = FLAGS.get(row["value"], row["value"])
        chosen = refining.narrowed(query, FINDINGS, field, value)
        assert explore.total(FINDINGS, estate, chosen) == row["rows"], str(chosen)


def test_a_facet_ignores_what_is_chosen_in_itself(estate: Estate) -> None:
    whole = facets.counted(FINDINGS, estate, parse(""), "severity").fetch()
    chosen = facets.counted(FINDINGS, estate, parse("severity:low"), "severity").fetch()
    assert whole == chosen


@given(st.text(min_size=1, max_size=12).filter(lambda t: "\0" not in t and t.isprintable()))
def test_any_value_can_be_written_and_read_back(value: str) -> None:
    query = refining.narrowed(parse("state:open"), FINDINGS, "family", value)
    assert parse(str(query)) == query
    if value != "none":
        assert refining.chosen(query, FINDINGS, "family") == (value,)


def test_a_value_is_added_and_taken_away_again() -> None:
    one = refining.toggled(parse("kev:yes"), FINDINGS, "severity", "high")
    assert str(one) == "kev:yes severity:high"
    both = refining.toggled(one, FINDINGS, "severity", "critical")
    assert str(both) == "kev:yes severity:high,critical"
    assert str(refining.toggled(both, FINDINGS, "severity", "high")) == "kev:yes severity:critical"
    assert str(refining.toggled(one, FINDINGS, "severity", "high")) == "kev:yes"
    assert str(refining.excluded(one, "severity", "high")) == (
        "kev:yes severity:high -severity:high"
    )
    assert str(refining.dropped(one, 0)) == "severity:high"

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.console import query
from plumbline.console.query import Analysis, Filter, Sort, Tool
from plumbline.domain.connection import Scope, WasMode
from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.errors import UsageError

DETAILS = Analysis(tool=Tool.VULNDETAILS)


def test_the_whole_body_has_the_documented_form() -> None:
    asked = DETAILS.where(query.repositories(1, 2), query.severities(Severity.CRITICAL))
    assert json.loads(asked.body(0, 1000)) == {
        "type": "vuln",
        "sourceType": "cumulative",
        "startOffset": 0,
        "endOffset": 1000,
        "wasVuln": "excludeWas",
        "query": {
            "type": "vuln",
            "tool": "vulndetails",
            "sourceType": "cumulative",
            "startOffset": 0,
            "endOffset": 1000,
            "filters": [
                {"filterName": "repositoryIDs", "operator": "=", "value": "1,2"},
                {"filterName": "severity", "operator": "=", "value": "4"},
                {"filterName": "wasVuln", "operator": "=", "value": "excludeWas"},
            ],
        },
    }


@given(
    start=st.integers(min_value=0, max_value=10**9),
    size=st.integers(min_value=0, max_value=10**5),
    source=st.sampled_from(Source),
    was=st.sampled_from(WasMode),
)
def test_both_places_of_the_window_always_agree(
    start: int, size: int, source: Source, was: WasMode
) -> None:
    asked = Analysis(tool=Tool.LISTVULN, source=source, was=was)
    body = json.loads(asked.body(start, start + size))
    inner = body["query"]
    for key in ("startOffset", "endOffset", "sourceType", "type"):
        assert body[key] == inner[key]
    assert (body["startOffset"], body["endOffset"]) == (start, start + size)
    assert body["wasVuln"] == was.value == inner["filters"][0]["value"]


def test_old_consoles_can_be_asked_without_the_web_filter() -> None:
    body = json.loads(Analysis(tool=Tool.SUMID, was_filter=False).body(0, 1))
    assert body["query"]["filters"] == []
    assert body["wasVuln"] == "excludeWas"


def test_a_scope_becomes_one_filter_for_each_of_its_parts() -> None:
    scope = Scope(
        repositories=(3,),
        severities=(Severity.CRITICAL, Severity.LOW),
        asset_lists=(118,),
        families=(6, 9),
        look_back_days=30,
        was=WasMode.INCLUDE,
    )
    asked = json.loads(DETAILS.within(scope).body(0, 1))
    assert {one["filterName"]: one["value"] for one in asked["query"]["filters"]} == {
        "repositoryIDs": "3",
        "severity": "1,4",
        "assetID": "118",
        "family": [{"id": "6"}, {"id": "9"}],
        "lastSeen": "0:30",
        "wasVuln": "includeWas",
    }


def test_an_open_scope_adds_nothing() -> None:
    assert query.scope_filters(Scope()) == ()


def test_several_asset_lists_are_joined_by_a_union_of_two_by_two() -> None:
    assert query.asset_lists(1, 2, 3).body == {
        "filterName": "asset",
        "operator": "~",
        "value": {
            "operator": "union",
            "operand1": {"operator": "union", "operand1": {"id": "1"}, "operand2": {"id": "2"}},
            "operand2": {"id": "3"},
        },
    }


def test_epochs_are_joined_by_a_hyphen_and_days_by_a_colon() -> None:
    assert query.seen_between(1717000000, 1727000000).value == "1717000000-1727000000"
    assert query.mitigated_between(1, 2) == Filter("lastMitigated", "=", "1-2")
    assert query.seen_in_days(7) == Filter("lastSeen", "=", "0:7")
    assert query.mitigated_in_days(7) == Filter("lastMitigated", "=", "0:7")


def test_two_filters_of_one_name_are_refused_before_the_console_drops_one() -> None:
    with pytest.raises(UsageError, match="severity"):
        Analysis(
            tool=Tool.SUMID,
            filters=(Filter("severity", "=", "4"), Filter("severity", "=", "3")),
        )


def test_a_later_condition_replaces_the_earlier_of_its_name() -> None:
    asked = DETAILS.where(query.repositories(1)).where(query.repositories(2))
    assert asked.filters == (query.repositories(2),)


def test_the_order_is_named_in_both_forms() -> None:
    body = json.loads(Analysis(tool=Tool.SUMID, sort=Sort(column="severity")).body(0, 1))
    assert (body["sortField"], body["sortDir"]) == ("severity", "DESC")
    assert (body["query"]["sortColumn"], body["query"]["sortDirection"]) == ("severity", "DESC")


def test_the_summary_tells_tool_source_and_conditions() -> None:
    asked = Analysis(tool=Tool.SUMIP, source=Source.PATCHED).where(query.families(6, 9))
    assert asked.summary == "sumip patched family=6,9 excludeWas"

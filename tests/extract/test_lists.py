"""Asset lists as rows: what they say of themselves, and the addresses the console works out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.console.records import AssetList
from plumbline.domain.oddities import Oddities
from plumbline.errors import QueryRefusedError
from plumbline.extract.lists import lists_tables, names_itself, with_addresses
from plumbline.tables import ASSET_LISTS, RANGES

STATIC = {"definedIPs": "10.0.0.1,10.1.0.0/16\n10.2.0.1-10.2.0.9"}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def told(number: int, kind: str, fields: Any, **more: Any) -> AssetList:
    raw = {"id": str(number), "name": f"List {number}", "type": kind, "typeFields": fields, **more}
    return AssetList.read(raw)


def viewable(*lines: str) -> list[dict[str, Any]]:
    return [{"repository": {"id": "1"}, "ipCount": "2", "ipList": "\n".join(lines)}]


class Lists:
    """Answers for single lists, and notes which were asked for."""

    def __init__(self, *lists: AssetList) -> None:
        self._lists = {one.id: one for one in lists}
        self.asked: list[int] = []

    def asset_list(self, number: int, *, viewable: bool = True) -> AssetList:
        assert viewable
        self.asked.append(number)
        if number not in self._lists:
            raise QueryRefusedError("It is gone.", code=143)
        return self._lists[number]


def test_only_lists_that_do_not_name_their_members_are_asked_for() -> None:
    static, dynamic = told(1, "static", STATIC), told(2, "dynamic", {"rules": {}})
    empty = told(3, "static", {"definedIPs": ""})
    console = Lists(told(2, "dynamic", {}, viewableIPs=viewable("10.0.0.7")), empty)
    odd = Oddities()
    found = list(with_addresses(console, [static, dynamic, empty], odd))
    assert console.asked == [2, 3]
    assert not odd
    assert found[0] is static
    assert found[1].viewable


def test_a_list_that_is_gone_or_refused_comes_as_it_was_listed_and_is_counted() -> None:
    dynamic, odd = told(2, "dynamic", {"rules": {}}), Oddities()
    assert list(with_addresses(Lists(), [dynamic], odd)) == [dynamic]
    assert odd == {"addresses of an asset list not given by the console": 1}


@pytest.mark.parametrize(
    ("kind", "fields", "itself"),
    [
        ("static", STATIC, True),
        ("dnsname", {"definedDNSNames": "a.example.test"}, True),
        ("upload", STATIC, True),
        ("static", {"definedIPs": ""}, False),
        ("static", [], False),
        ("static", None, False),
        ("dynamic", {"rules": {}}, False),
        ("combination", {"combinations": {}}, False),
        ("templates", STATIC, False),
    ],
)
def test_whether_a_list_names_its_members(kind: str, fields: object, *, itself: bool) -> None:
    assert names_itself(told(1, kind, fields)) is itself


def test_a_list_becomes_a_row_and_its_ranges() -> None:
    lists, ranges = lists_tables("lab", [told(5, "static", STATIC, ipCount="3", tags="a")])
    row = lists.to_pylist()[0]
    assert (row["list_id"], row["name"], row["ip_count"], row["prepared"]) == (5, "List 5", 3, True)
    assert row["decided_by"] == "definition"
    assert json.loads(row["definition"]) == STATIC
    assert ranges["text"].to_pylist() == ["10.0.0.1", "10.1.0.0/16", "10.2.0.1-10.2.0.9"]
    assert set(ranges["origin"].to_pylist()) == {"definition"}


def test_a_list_that_is_not_worked_out_yet_says_so() -> None:
    row = lists_tables("lab", [told(5, "dynamic", {}, ipCount=-1)])[0].to_pylist()[0]
    assert (row["ip_count"], row["prepared"], row["decided_by"]) == (None, False, "viewable")


def test_viewable_addresses_carry_their_repository() -> None:
    one = told(5, "dynamic", {}, viewableIPs=viewable("10.0.0.1", "10.0.0.3-10.0.0.5"))
    ranges = lists_tables("lab", [one])[1].to_pylist()
    assert {(r["repository_id"], r["origin"], r["text"]) for r in ranges} == {
        (1, "viewable", "10.0.0.1"),
        (1, "viewable", "10.0.0.3-10.0.0.5"),
    }


def test_lines_that_cannot_be_read_are_kept_and_shown() -> None:
    lists, ranges = lists_tables("lab", [told(5, "static", {"definedIPs": "10.0.0.1,10.0.0.999"})])
    assert lists["unparsed"].to_pylist() == [["10.0.0.999"]]
    assert sorted(ranges["kind"].to_pylist()) == ["ipv4", "unparsed"]


def test_fields_nobody_knows_are_kept() -> None:
    row = lists_tables("lab", [told(5, "static", STATIC, newField={"a": 1})])[0].to_pylist()[0]
    assert json.loads(row["extra"])["newField"] == {"a": 1}


def test_no_list_is_two_empty_tables() -> None:
    lists, ranges = lists_tables("lab", [])
    assert lists.schema.equals(ASSET_LISTS.schema)
    assert ranges.schema.equals(RANGES.schema)
    assert (lists.num_rows, ranges.num_rows) == (0, 0)


@settings(deadline=None, max_examples=60)
@given(
    definition=TEXT, lines=st.lists(TEXT, max_size=4), kind=st.sampled_from(["static", "dynamic"])
)
def test_any_text_in_a_list_is_read_or_kept(definition: str, lines: list[str], kind: str) -> None:
    one = told(1, kind, {"definedIPs": definition}, viewableIPs=viewable(*lines))
    lists, ranges = lists_tables("lab", [one, replace(one, id=2)])
    assert lists.num_rows == 2
    texts = {row["text"] for row in ranges.to_pylist() if row["kind"] == "unparsed"}
    assert texts == set(lists["unparsed"].to_pylist()[0])

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pytest

from plumbline.align.hosts import align_hosts
from plumbline.align.memberships import memberships
from plumbline.align.residue import empty_lists, joined_hosts, shared_addresses, unlisted_hosts
from plumbline.tables import ALIASES, ASSET_LISTS, MEMBERSHIPS, RANGES, Table

Row = Mapping[str, object]


def table(of: Table, rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist([{"console": "hq", **row} for row in rows], schema=of.schema)


def span(list_id: int, text: str, first: int, last: int, origin: str = "definition") -> Row:
    bounds = {"first": f"{first:032x}", "last": f"{last:032x}"}
    return {"list_id": list_id, "origin": origin, "kind": "ipv4", "text": text, **bounds}


def unread(list_id: int, text: str) -> Row:
    return {"list_id": list_id, "origin": "definition", "kind": "unparsed", "text": text}


def estate(*rows: Row) -> tuple[pa.Table, pa.Table]:
    named = [{"alias": str(place), "repository_id": 1, **row} for place, row in enumerate(rows)]
    return align_hosts(table(ALIASES, named))


def test_hosts_in_no_list_are_told_with_the_reason() -> None:
    hosts, aliases = estate({"ip": "10.0.0.1"}, {"ip": "10.0.0.9"}, {"netbios_name": "X"})
    lists = table(ASSET_LISTS, [{"list_id": 1, "decided_by": "definition"}])
    ranges = table(RANGES, [span(1, "10.0.0.1", 0x0A000001, 0x0A000001)])
    rows = unlisted_hosts(hosts, memberships(aliases, lists, ranges)).to_pylist()
    assert [row["ip"] for row in rows] == ["10.0.0.9", None]
    assert "covers its addresses" in rows[0]["reason"]
    assert "neither an address nor a DNS name" in rows[1]["reason"]


@pytest.mark.parametrize(
    ("told", "parts", "reason"),
    [
        ({}, [], "its definition is empty"),
        ({}, [unread(1, "to do")], "nothing of it could be read: to do"),
        (
            {},
            [span(1, "10.0.0.1", 1, 1), unread(1, "to do")],
            "no host was seen in what it names: 10.0.0.1, to do",
        ),
        (
            {},
            [unread(1, text) for text in "abcde"],
            "nothing of it could be read: a, b, c and 2 more",
        ),
        (
            {"decided_by": "viewable", "prepared": False},
            [unread(1, "to do")],
            "the console has not prepared it yet",
        ),
        ({"decided_by": "viewable", "prepared": True}, [], "the console sees no address in it"),
    ],
)
def test_lists_without_a_host_are_told_with_the_reason(
    told: Row, parts: list[Row], reason: str
) -> None:
    row = {"list_id": 1, "name": "Servers", "type": "static", "decided_by": "definition", **told}
    found = empty_lists(
        table(ASSET_LISTS, [row]), table(RANGES, parts), MEMBERSHIPS.empty()
    ).to_pylist()
    assert found == [
        {"console": "hq", "list_id": 1, "name": "Servers", "type": "static", "reason": reason}
    ]


def test_lists_with_a_host_are_not_told() -> None:
    lists = table(ASSET_LISTS, [{"list_id": 1}, {"list_id": 2}])
    full = table(MEMBERSHIPS, [{"list_id": 2, "host": "a"}])
    assert empty_lists(lists, RANGES.empty(), full)["list_id"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({}, {}, "not all have a DNS name"),
        ({"dns_name": "a.example"}, {}, "not all have a DNS name"),
        ({"dns_name": "a.example"}, {"dns_name": "b.example"}, "DNS names differ"),
        (
            {"dns_name": "a.example", "uuid": "1"},
            {"dns_name": "a.example", "uuid": "2"},
            "agents differ",
        ),
        (
            {"dns_name": "a.example", "host_uuid": "1"},
            {"dns_name": "A.example", "host_uuid": "2"},
            "host ids differ",
        ),
        ({"dns_name": "localhost"}, {"dns_name": "localhost"}, "tells no machine from another"),
    ],
)
def test_an_address_of_two_repositories_is_told_with_why_it_was_not_joined(
    one: Row, other: Row, reason: str
) -> None:
    address = {"ip": "10.0.0.1"}
    _, aliases = estate({**address, **one}, {**address, **other, "repository_id": 2})
    (row,) = shared_addresses(aliases).to_pylist()
    assert (row["ip"], row["repositories"], len(row["hosts"])) == ("10.0.0.1", [1, 2], 2)
    assert reason in row["reason"]


def test_several_hosts_of_one_repository_are_a_reason_not_to_join() -> None:
    told = {"ip": "10.0.0.1", "dns_name": "a.example"}
    _, aliases = estate(told, told, {**told, "repository_id": 2})
    (row,) = shared_addresses(aliases).to_pylist()
    assert "one repository has several hosts" in row["reason"]


def test_joined_hosts_and_addresses_of_one_repository_are_no_shared_addresses() -> None:
    told = {"ip": "10.0.0.1", "dns_name": "a.example"}
    _, joined = estate(told, {**told, "repository_id": 2})
    assert shared_addresses(joined).num_rows == 0
    _, apart = estate({"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}, {"ip": "10.0.0.2"})
    assert shared_addresses(apart).num_rows == 0


def test_joined_hosts_tell_their_rule_and_evidence() -> None:
    told = {"ip": "10.0.0.1", "dns_name": "a.example"}
    hosts, aliases = estate(told, {**told, "repository_id": 2}, {"ip": "10.0.0.2"})
    (row,) = joined_hosts(hosts, aliases).to_pylist()
    assert row["repositories"] == [1, 2]
    assert (row["rule"], row["evidence"]) == ("dns-and-ip", "a.example 10.0.0.1")


def test_an_empty_estate_leaves_nothing() -> None:
    hosts, aliases = estate()
    assert unlisted_hosts(hosts, MEMBERSHIPS.empty()).num_rows == 0
    assert empty_lists(ASSET_LISTS.empty(), RANGES.empty(), MEMBERSHIPS.empty()).num_rows == 0
    assert shared_addresses(aliases).num_rows == 0
    assert joined_hosts(hosts, aliases).num_rows == 0

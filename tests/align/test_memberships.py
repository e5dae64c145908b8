from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.align.memberships import membership_batches, memberships
from plumbline.domain.address import MemberKind, members
from plumbline.tables import ALIASES, ASSET_LISTS, MEMBERSHIPS, RANGES, Table
from rounds import rounds

Row = Mapping[str, object]

FOUR = st.integers(0, 40).map(lambda n: f"10.0.0.{n}")
SIX = st.integers(0, 40).map(lambda n: f"2001:db8::{n:x}")
HIGH_SIX = st.integers(0, 3).map(lambda n: f"2001:db8:{n}::1")
ADDRESS = FOUR | SIX | HIGH_SIX
NAME = st.sampled_from(["a.example", "b.example", "C.example", "d"])
UUID = st.integers(0, 4).map(lambda n: f"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f{n}")


def table(of: Table, rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist([{"console": "hq", **row} for row in rows], schema=of.schema)


def ranges(list_id: int, text: str, origin: str, repository_id: int | None = None) -> list[Row]:
    return [
        {
            "list_id": list_id,
            "repository_id": repository_id,
            "origin": origin,
            "kind": member.kind.value,
            "text": member.text,
            "first": f"{member.first:032x}" if member.first is not None else member.value or None,
            "last": f"{member.last:032x}" if member.last is not None else member.value or None,
        }
        for member in members(text)
    ]


def alias(key: str, ip: str, repository_id: int = 1, **more: object) -> Row:
    return {
        "alias": key,
        "host": more.get("host", key),
        "ip": ip,
        "repository_id": repository_id,
    } | more


def found(aliases: Sequence[Row], lists: Mapping[int, str], parts: Sequence[Row]) -> list[Row]:
    decided = [{"list_id": key, "decided_by": origin} for key, origin in lists.items()]
    answer = memberships(table(ALIASES, aliases), table(ASSET_LISTS, decided), table(RANGES, parts))
    assert answer.schema == MEMBERSHIPS.schema
    rows: list[Row] = answer.to_pylist()
    return rows


def hosts_of(rows: Sequence[Row]) -> list[tuple[object, object]]:
    return [(row["list_id"], row["host"]) for row in rows]


def test_a_host_is_in_a_list_by_the_range_as_it_was_written() -> None:
    (row,) = found(
        [alias("a", "10.8.16.27"), alias("b", "10.8.16.31")],
        {3: "definition"},
        ranges(3, "10.8.16.26-30", "definition"),
    )
    assert row == {
        "console": "hq",
        "list_id": 3,
        "host": "a",
        "alias": "a",
        "reason": "range",
        "evidence": "10.8.16.26-30",
        "origin": "definition",
    }


def test_a_host_in_overlapping_ranges_is_in_the_list_once() -> None:
    parts = ranges(1, "10.0.0.0/8,10.0.0.1,10.0.0.0-10.0.0.9,0.0.0.0/0", "definition")
    rows = found([alias("a", "10.0.0.1")], {1: "definition"}, parts)
    assert hosts_of(rows) == [(1, "a")]


def test_ipv6_and_ipv4_never_meet() -> None:
    parts = ranges(1, "::/1,2001:db8::5", "definition")
    rows = found([alias("a", "10.0.0.1"), alias("b", "2001:DB8::5")], {1: "definition"}, parts)
    assert hosts_of(rows) == [(1, "b")]


def test_every_address_of_a_host_counts_but_the_latest_is_the_better_evidence() -> None:
    aliases = [alias("a", "10.0.0.9", ips=["10.0.0.1", "10.0.0.9"])]
    parts = [*ranges(1, "10.0.0.1,10.0.0.9", "definition"), *ranges(2, "10.0.0.1", "definition")]
    rows = found(aliases, {1: "definition", 2: "definition"}, parts)
    assert [(row["list_id"], row["evidence"]) for row in rows] == [(1, "10.0.0.9"), (2, "10.0.0.1")]


def test_a_host_with_several_aliases_is_in_the_list_once() -> None:
    aliases = [alias("a", "10.0.0.1", host="h"), alias("b", "10.0.0.2", host="h")]
    rows = found(aliases, {1: "definition"}, ranges(1, "10.0.0.0/24", "definition"))
    assert hosts_of(rows) == [(1, "h")]


def test_names_match_without_case_and_last_dot_and_only_whole() -> None:
    aliases = [
        alias("a", "10.0.0.1", dns_name="WEB.example."),
        alias("b", "10.0.0.2", dns_name="web.example.org"),
    ]
    (row,) = found(aliases, {1: "definition"}, ranges(1, "Web.Example", "definition"))
    assert (row["host"], row["reason"], row["evidence"]) == ("a", "dns", "Web.Example")


def test_ids_match_the_agent_and_the_host_however_dashed() -> None:
    plain, dashed = "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"
    aliases = [alias("a", "", uuid=dashed), alias("b", "", host_uuid=dashed.lower())]
    rows = found(aliases, {1: "viewable"}, ranges(1, plain, "viewable", 1))
    assert [(row["host"], row["reason"]) for row in rows] == [("a", "uuid"), ("b", "uuid")]


def test_an_id_is_better_evidence_than_an_address_and_that_better_than_a_name() -> None:
    identity = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    aliases = [alias("a", "10.0.0.1", dns_name="web.example", uuid=identity)]
    everything = ranges(1, f"web.example,10.0.0.1,{identity}", "definition")
    less = ranges(2, "web.example,10.0.0.1", "definition")
    rows = found(aliases, {1: "definition", 2: "definition"}, [*everything, *less])
    assert [row["reason"] for row in rows] == ["uuid", "range"]


def test_viewable_addresses_hold_in_their_repository_only() -> None:
    aliases = [alias("a", "10.0.0.1", 1), alias("b", "10.0.0.1", 2), alias("c", "10.0.0.1", 3)]
    parts = [*ranges(1, "10.0.0.1|", "viewable", 2), *ranges(1, "10.0.0.1|", "viewable", 9)]
    assert hosts_of(found(aliases, {1: "viewable"}, parts)) == [(1, "b")]


def test_only_what_decides_the_list_counts() -> None:
    parts = [*ranges(1, "10.0.0.1", "definition"), *ranges(1, "10.0.0.2", "viewable", 1)]
    aliases = [alias("a", "10.0.0.1"), alias("b", "10.0.0.2")]
    assert hosts_of(found(aliases, {1: "definition"}, parts)) == [(1, "a")]
    assert hosts_of(found(aliases, {1: "viewable"}, parts)) == [(1, "b")]


def test_a_named_line_means_the_one_host_behind_a_shared_address() -> None:
    aliases = [
        alias("a", "10.0.0.1", dns_name="a.example"),
        alias("b", "10.0.0.1", dns_name="b.example"),
    ]
    rows = found(aliases, {1: "viewable"}, ranges(1, "10.0.0.1|A.example|", "viewable", 1))
    assert hosts_of(rows) == [(1, "a")]


def test_a_named_line_whose_name_nobody_bears_means_its_address() -> None:
    aliases = [
        alias("a", "10.0.0.1", dns_name="a.example"),
        alias("b", "10.0.0.9", 2, dns_name="old.example"),
    ]
    rows = found(aliases, {1: "viewable"}, ranges(1, "10.0.0.1|old.example|", "viewable", 1))
    assert hosts_of(rows) == [(1, "a")]


def test_hosts_without_an_address_and_lists_without_a_range_are_no_trouble() -> None:
    assert found([alias("a", "")], {1: "definition", 2: "viewable"}, []) == []
    parts = ranges(1, "10.0.0.1,nonsense here", "definition")
    assert found([alias("a", "")], {1: "definition"}, parts) == []
    assert found([], {1: "definition"}, parts) == []


def test_consoles_are_kept_apart() -> None:
    aliases = [alias("a", "10.0.0.1"), alias("b", "10.0.0.1", console="branch")]
    rows = found(aliases, {1: "definition"}, ranges(1, "10.0.0.1", "definition"))
    assert hosts_of(rows) == [(1, "a")]


def naive(
    aliases: Sequence[Row], lists: Mapping[int, str], parts: Sequence[Row]
) -> set[tuple[object, object]]:
    return {
        (part["list_id"], row["host"])
        for part in parts
        for row in aliases
        if lists.get(part["list_id"]) == part["origin"]  # type: ignore[call-overload]
        and part["repository_id"] in {None, row["repository_id"]}
        and names(part, row)
    }


def names(part: Row, row: Row) -> bool:
    first, last = str(part["first"]), str(part["last"])
    if part["kind"] == MemberKind.DNS:
        return str(row["dns_name"]).lower() == first
    if part["kind"] == MemberKind.UUID:
        return first in {row["uuid"], row["host_uuid"]}
    version = 4 if part["kind"] == MemberKind.IPV4 else 6
    ips = row["ips"]
    assert isinstance(ips, list)
    return any(
        address.version == version and int(first, 16) <= int(address) <= int(last, 16)
        for address in map(ip_address, [*ips, *filter(None, [row["ip"]])])
    )


@st.composite
def estates(draw: st.DrawFn) -> tuple[list[Row], dict[int, str], list[Row]]:
    aliases = [
        alias(
            f"{place}",
            draw(ADDRESS | st.just("")),
            draw(st.integers(1, 3)),
            host=draw(st.sampled_from(["h", "i", "j", "k"])),
            ips=draw(st.lists(ADDRESS, max_size=3)),
            dns_name=draw(NAME | st.just("")),
            uuid=draw(UUID | st.just("")),
            host_uuid=draw(UUID | st.just("")),
        )
        for place in range(draw(st.integers(0, 8)))
    ]
    spans = st.tuples(FOUR, FOUR) | st.tuples(SIX, SIX)
    span = spans.map(lambda two: "-".join(sorted(two, key=lambda text: int(ip_address(text)))))
    block = st.tuples(ADDRESS, st.integers(20, 32)).map(lambda two: f"{two[0]}/{two[1]}")
    item = st.one_of(ADDRESS, span, block, NAME, UUID)
    lists: dict[int, str] = {}
    parts: list[Row] = []
    for list_id in range(draw(st.integers(0, 4))):
        lists[list_id] = draw(st.sampled_from(["definition", "viewable"]))
        parts += ranges(list_id, ",".join(draw(st.lists(item, max_size=5))), "definition")
        for repository_id in draw(st.sets(st.integers(1, 4), max_size=2)):
            text = "\n".join(draw(st.lists(item, max_size=4)))
            parts += ranges(list_id, text, "viewable", repository_id)
    return aliases, lists, parts


@settings(deadline=None, max_examples=rounds(30, soak=100))
@given(estates())
def test_the_sweep_finds_what_a_plain_loop_finds(
    estate: tuple[list[Row], dict[int, str], list[Row]],
) -> None:
    rows = found(*estate)
    assert len(set(hosts_of(rows))) == len(rows)
    assert set(hosts_of(rows)) == naive(*estate)
    aliases, _, parts = estate
    by_key = {row["alias"]: row for row in aliases}
    for row in rows:
        texts = [
            part
            for part in parts
            if (part["text"], part["list_id"]) == (row["evidence"], row["list_id"])
        ]
        assert any(names(part, by_key[row["alias"]]) for part in texts)
        assert by_key[row["alias"]]["host"] == row["host"]


def test_batches_hold_whole_lists() -> None:
    hosts = [alias(f"{n:032x}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(30_000)]
    parts = [row for n in range(40) for row in ranges(n, "10.0.0.0/8", "definition")]
    decided = [{"list_id": n, "decided_by": "definition"} for n in range(40)]
    batches = list(
        membership_batches(table(ALIASES, hosts), table(ASSET_LISTS, decided), table(RANGES, parts))
    )
    lists = [set(batch.column("list_id").to_pylist()) for batch in batches]
    assert len(batches) > 1
    assert sum(batch.num_rows for batch in batches) == 40 * 30_000
    assert sum(map(len, lists)) == 40


def test_addresses_in_unusual_dress_are_read() -> None:
    dressed = ["fe80::1%eth0", "[2001:db8::1]", "::ffff:10.0.0.7", " 10.0.0.8 ", "no address"]
    aliases = [alias(f"{place}", text) for place, text in enumerate(dressed)]
    parts = ranges(1, "fe80::/64,2001:db8::1,10.0.0.0/24", "definition")
    assert [row["host"] for row in found(aliases, {1: "definition"}, parts)] == ["2", "3", "1", "0"]

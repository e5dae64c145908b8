from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.align.hosts import align_hosts
from plumbline.tables import ALIASES, HOSTS
from rounds import rounds

Row = Mapping[str, object]

H1, H2 = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
A1, A2 = "aaaaaaaa-1111-4111-8111-111111111111", "bbbbbbbb-2222-4222-8222-222222222222"


def alias(key: str, repository_id: int = 1, **told: object) -> Row:
    seen = datetime(2026, 1, int(str(told.pop("day", 1))), tzinfo=UTC)
    fixed = {"console": "hq", "alias": key, "repository_id": repository_id}
    return {"first_seen": seen, "last_seen": seen, "ips": [], **fixed, **told}


def aligned(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    schema = pa.schema([f for f in ALIASES.schema if f.name not in {"host", "rule", "evidence"}])
    hosts, aliases = align_hosts(pa.Table.from_pylist(list(rows), schema=schema))
    assert hosts.schema == HOSTS.schema
    assert aliases.schema == ALIASES.schema
    hosts.validate(full=True)
    aliases.validate(full=True)
    return hosts.to_pylist(), aliases.to_pylist()


def parts(rows: Sequence[Row]) -> set[frozenset[str]]:
    found: dict[object, set[str]] = {}
    for row in aligned(rows)[1]:
        found.setdefault(row["host"], set()).add(str(row["alias"]))
    return {frozenset(keys) for keys in found.values()}


def sets(*texts: str) -> set[frozenset[str]]:
    return {frozenset(text) for text in texts}


def test_an_alias_alone_is_a_host_of_its_own() -> None:
    (host,), (row,) = aligned([alias("a", ip="10.0.0.1", dns_name="web.example")])
    assert (host["host"], host["rule"], host["aliases"]) == (row["host"], "single", 1)
    assert (row["rule"], row["evidence"]) == ("single", None)
    assert host["ips"] == ["10.0.0.1"]


def test_equal_host_ids_join_even_in_one_repository() -> None:
    rows = [
        alias("a", 1, ip="10.0.0.1", host_uuid=H1),
        alias("b", 1, ip="10.0.0.2", host_uuid=H1.upper()),
    ]
    (host,), named = aligned(rows)
    assert host["rule"] == "host-uuid"
    assert [(row["rule"], row["evidence"]) for row in named] == [("host-uuid", H1)] * 2


def test_a_machine_that_moved_to_another_address_stays_one_host_by_its_agent() -> None:
    rows = [
        alias("a", 1, day=1, ip="10.0.0.1", uuid=A1, dns_name="old.example"),
        alias("b", 1, day=2, ip="10.0.0.2", uuid=A1),
    ]
    (host,), _ = aligned(rows)
    assert (host["rule"], host["ip"], host["dns_name"]) == ("agent-uuid", "10.0.0.2", "old.example")
    assert host["ips"] == ["10.0.0.1", "10.0.0.2"]


def test_name_and_address_join_aliases_of_different_repositories() -> None:
    rows = [
        alias("a", 2, ip="10.0.0.1", dns_name="Web.example"),
        alias("b", 1, ip="10.0.0.1", dns_name="web.example."),
    ]
    (host,), named = aligned(rows)
    assert (host["rule"], host["repositories"]) == ("dns-and-ip", [1, 2])
    assert {row["evidence"] for row in named} == {"web.example 10.0.0.1"}


def test_any_shared_address_and_the_name_join_a_machine_with_several_addresses() -> None:
    rows = [
        alias("a", 1, ip="10.0.0.1", dns_name="web.example"),
        alias("b", 2, ip="10.9.9.9", ips=["10.0.0.1", "10.9.9.9"], dns_name="web.example"),
    ]
    assert parts(rows) == sets("ab")


def test_mac_and_name_join_after_a_move() -> None:
    rows = [
        alias("a", 1, ip="10.0.0.1", mac="00:0C:29:00:00:01", dns_name="web.example"),
        alias("b", 2, ip="10.0.0.2", mac="00:0c:29:00:00:01", dns_name="web.example"),
    ]
    (host,), _ = aligned(rows)
    assert host["rule"] == "mac-and-dns"


@pytest.mark.parametrize(
    "told",
    [
        {"ip": "10.0.0.1"},
        {"dns_name": "web.example"},
        {"mac": "00:0c:29:00:00:01"},
        {"netbios_name": "WORKGROUP\\WEB"},
        {"ip": "127.0.0.1", "dns_name": "web.example"},
        {"ip": "10.0.0.1", "dns_name": "localhost"},
        {"ip": "10.0.0.1", "dns_name": "localhost.localdomain"},
        {"ip": "10.0.0.1", "dns_name": "10.0.0.1"},
        {"ip": "10.0.0.1", "dns_name": "ip-10-0-0-1.cloud.internal"},
        {"ip": "169.254.0.1", "dns_name": "web.example"},
        {"mac": "00:00:00:00:00:00", "dns_name": "web.example"},
        {"uuid": "00000000-0000-0000-0000-000000000000"},
        {"host_uuid": ""},
    ],
    ids=str,
)
def test_what_tells_no_machine_from_another_joins_nothing(told: Row) -> None:
    assert parts([alias("a", 1, **told), alias("b", 2, **told)]) == sets("a", "b")


def test_name_and_address_do_not_join_within_one_repository() -> None:
    told = {"ip": "10.0.0.1", "dns_name": "web.example"}
    assert parts([alias("a", 1, **told), alias("b", 1, **told)]) == sets("a", "b")
    three = [alias("a", 1, **told), alias("b", 1, **told), alias("c", 2, **told)]
    assert parts(three) == sets("a", "b", "c")


def test_different_host_ids_are_never_joined_not_even_by_a_third() -> None:
    told = {"ip": "10.0.0.1", "dns_name": "web.example"}
    rows = [
        alias("a", 1, host_uuid=H1, **told),
        alias("b", 2, host_uuid=H2, **told),
        alias("c", 3, **told),
    ]
    assert parts(rows[:2]) == sets("a", "b")
    assert parts(rows) == sets("a", "b", "c")
    assert parts([rows[0], rows[2]]) == sets("ac")


def test_different_agents_are_never_joined_by_name_and_address() -> None:
    told = {"ip": "10.0.0.1", "dns_name": "web.example"}
    rows = [alias("a", 1, uuid=A1, **told), alias("b", 2, uuid=A2, **told)]
    assert parts(rows) == sets("a", "b")


def test_a_cloned_agent_does_not_join_two_host_ids() -> None:
    rows = [
        alias("a", 1, host_uuid=H1, uuid=A1),
        alias("b", 2, host_uuid=H2, uuid=A1),
        alias("c", 3, uuid=A1),
        alias("d", 4, uuid=A1),
    ]
    assert parts(rows) == sets("a", "b", "cd")
    assert parts([rows[0], *rows[2:]]) == sets("acd")


def test_the_weakest_rule_speaks_for_the_host_and_each_alias_keeps_its_own() -> None:
    told = {"ip": "10.0.0.1", "dns_name": "web.example"}
    rows = [
        alias("a", 1, host_uuid=H1, **told),
        alias("b", 2, host_uuid=H1),
        alias("c", 3, **told),
    ]
    (host,), named = aligned(rows)
    assert host["rule"] == "dns-and-ip"
    assert [row["rule"] for row in named] == ["host-uuid", "host-uuid", "dns-and-ip"]


def test_rows_of_one_alias_are_folded_newest_first_and_nothing_never_wins() -> None:
    rows = [
        alias("a", day=3, ip="10.0.0.3", dns_name="", os=None, ips=["10.0.0.3"]),
        alias("a", day=1, ip="10.0.0.1", dns_name="old.example", os="Linux 4", acr=5.0),
        alias("a", day=2, ip="", dns_name="new.example", os="Linux 6", credentialed=True),
    ]
    _, (row,) = aligned(rows)
    assert (row["ip"], row["dns_name"], row["os"]) == ("10.0.0.3", "new.example", "Linux 6")
    assert (row["acr"], row["credentialed"]) == (5.0, True)
    assert row["ips"] == ["10.0.0.1", "10.0.0.3"]
    assert row["first_seen"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert row["last_seen"] == datetime(2026, 1, 3, tzinfo=UTC)


def test_a_host_key_stays_when_weaker_aliases_turn_up() -> None:
    told = {"ip": "10.0.0.1", "dns_name": "web.example"}
    for strong in ({"host_uuid": H1}, {"uuid": A1}, {}):
        first = alias("m", 5, **told, **strong)
        alone = aligned([first])[0]
        joined = aligned([first, alias("a", 6, **told), alias("z", 7, **told)])[0]
        assert [host["host"] for host in alone] == [host["host"] for host in joined]


def test_a_host_key_depends_on_the_console() -> None:
    rows = [alias("a", host_uuid=H1), {**alias("b", host_uuid=H1), "console": "branch"}]
    hosts, _ = aligned(rows)
    assert len({host["host"] for host in hosts}) == 2


def test_no_alias_makes_no_host() -> None:
    assert aligned([]) == ([], [])


def test_odd_rows_are_taken_as_they_are() -> None:
    rows = [alias("a", ip=None, ips=None), {**alias("b"), "repository_id": None, "last_seen": None}]
    hosts, named = aligned(rows)
    assert len(hosts) == len(named) == 2
    assert [host["repositories"] for host in hosts] == [[1], []]


ROWS = st.builds(
    alias,
    st.sampled_from("abcdefgh"),
    st.integers(1, 3),
    day=st.integers(1, 2),
    ip=st.sampled_from(["", "10.0.0.1", "10.0.0.2", "127.0.0.1"]),
    ips=st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3"]), max_size=2),
    dns_name=st.sampled_from(["", "web.example", "WEB.example", "db.example"]),
    mac=st.sampled_from(["", "00:0c:29:00:00:01"]),
    uuid=st.sampled_from(["", A1, A2]),
    host_uuid=st.sampled_from(["", "", H1, H2]),
    os=st.sampled_from([None, "Linux", "Windows"]),
)


@settings(deadline=None, max_examples=rounds(30, soak=100))
@given(st.lists(ROWS, max_size=9), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[Row], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert aligned(rows) == aligned(shuffled)


@settings(deadline=None, max_examples=rounds(40, soak=150))
@given(st.lists(ROWS, max_size=9, unique_by=lambda row: row["alias"]))
def test_no_host_holds_what_must_stay_apart(rows: list[Row]) -> None:
    hosts, named = aligned(rows)
    assert len({host["host"] for host in hosts}) == len(hosts)
    assert {row["host"] for row in named} == {host["host"] for host in hosts}
    for host in hosts:
        mine = [row for row in named if row["host"] == host["host"]]
        assert host["aliases"] == len(mine)
        assert len(distinct(row["host_uuid"] for row in mine)) <= 1
        if len(mine) > 1:
            assert all(row["rule"] != "single" and row["evidence"] for row in mine)
        if all(row["rule"] in {"dns-and-ip", "mac-and-dns"} for row in mine):
            assert max(Counter(row["repository_id"] for row in mine).values()) == 1
            assert len(distinct(row["uuid"] for row in mine)) <= 1


@settings(deadline=None, max_examples=rounds(30, soak=100))
@given(st.lists(ROWS, max_size=9, unique_by=lambda row: row["alias"]))
def test_equal_host_ids_are_always_one_host(rows: list[Row]) -> None:
    _, named = aligned(rows)
    for identity in (H1, H2):
        assert len({row["host"] for row in named if row["host_uuid"] == identity}) <= 1


@settings(deadline=None, max_examples=rounds(30, soak=100))
@given(st.lists(ROWS, max_size=9))
def test_aligning_again_changes_nothing(rows: list[Row]) -> None:
    hosts, named = aligned(rows)
    assert aligned(named) == (hosts, named)


def distinct(values: Iterable[object]) -> set[object]:
    return {value for value in values if value}

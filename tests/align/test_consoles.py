from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.align.consoles import DOUBTED, JOINED, NEEDED, Doubt, fold, meet
from plumbline.tables import ALIASES, HOSTS

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]

H1, H2 = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
A1, A2 = "aaaaaaaa-1111-4111-8111-111111111111", "bbbbbbbb-2222-4222-8222-222222222222"
SCHEMA = pa.schema([ALIASES.schema.field(name) for name in NEEDED])


def alias(console: str, host: str, **told: Any) -> Row:
    return {"console": console, "host": f"{console}-{host}", "ips": [], **told}


def met(*rows: Row) -> tuple[list[Row], list[Row]]:
    found = meet(pa.Table.from_pylist(list(rows), schema=SCHEMA))
    assert found.joined.schema == JOINED
    assert found.doubted.schema == DOUBTED
    return found.joined.to_pylist(), found.doubted.to_pylist()


def wholes(rows: Sequence[Row]) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in meet(pa.Table.from_pylist(list(rows), schema=SCHEMA)).joined.to_pylist():
        found.setdefault(row["host"], set()).add(row["own"])
    return {frozenset(keys) for keys in found.values()}


@pytest.mark.parametrize(
    ("told", "rule", "evidence"),
    [
        ({"host_uuid": H1}, "host-uuid", H1),
        ({"uuid": A1}, "agent-uuid", A1),
        ({"dns_name": "Web.example", "ip": "10.0.0.1"}, "dns-and-ip", "web.example 10.0.0.1"),
    ],
)
def test_strong_identity_joins_under_the_key_of_the_first_console(
    told: Row, rule: str, evidence: str
) -> None:
    joined, doubted = met(alias("site2", "a", **told), alias("lab", "b", **told))
    assert joined == [
        {"console": c, "own": own, "host": "lab-b", "rule": rule, "evidence": evidence}
        for c, own in (("lab", "lab-b"), ("site2", "site2-a"))
    ]
    assert doubted == []


@pytest.mark.parametrize(
    "told",
    [
        {"ip": "10.0.0.1"},
        {"dns_name": "web.example"},
        {"dns_name": "localhost", "ip": "10.0.0.1"},
        {"dns_name": "10.0.0.1", "ip": "10.0.0.1"},
        {"dns_name": "ip-10-0-0-1.cloud.internal", "ip": "10.0.0.1"},
        {"dns_name": "2001-db8--1.example", "ip": "2001:db8::1"},
        {"dns_name": "web.example", "ip": "127.0.0.1"},
        {"uuid": "00000000-0000-0000-0000-000000000000"},
        {"host_uuid": ""},
        {},
    ],
)
def test_what_tells_no_machine_from_another_joins_nothing(told: Row) -> None:
    assert met(alias("lab", "a", **told), alias("site2", "b", **told)) == ([], [])


def test_a_name_full_of_numbers_that_is_not_the_address_joins() -> None:
    told = {"dns_name": "rack-1-2-3-4.example", "ip": "10.0.0.1"}
    joined, _ = met(alias("lab", "a", **told), alias("site2", "b", **told))
    assert len(joined) == 2


def test_any_address_of_an_alias_and_its_name_join() -> None:
    joined, _ = met(
        alias("lab", "a", dns_name="web.example", ip="10.0.0.1", ips=["10.0.0.9"]),
        alias("site2", "b", dns_name="web.example", ip="10.0.0.2", ips=["10.0.0.2", "10.0.0.9"]),
    )
    assert [row["evidence"] for row in joined] == ["web.example 10.0.0.9"] * 2


def test_a_host_that_fits_two_of_another_console_joins_none_of_them() -> None:
    told = {"dns_name": "web.example", "ip": "10.0.0.1"}
    joined, doubted = met(alias("lab", "a", **told), *(alias("site2", k, **told) for k in "bc"))
    assert joined == []
    assert {row["own"] for row in doubted} == {"lab-a", "site2-b", "site2-c"}
    assert {(r["rule"], r["evidence"], r["why"]) for r in doubted} == {
        ("dns-and-ip", "web.example 10.0.0.1", Doubt.SEVERAL)
    }


def test_a_third_console_does_not_smuggle_two_hosts_of_one_together() -> None:
    web, mail = ({"dns_name": f"{n}.example", "ip": "10.0.0.1"} for n in ("web", "mail"))
    rows = [
        alias("lab", "a", **web),
        alias("lab", "b", **mail),
        alias("site2", "c", **web),
        alias("site2", "c", **mail),
    ]
    joined, doubted = met(*rows)
    assert joined == []
    assert {row["own"] for row in doubted} == {"lab-a", "lab-b", "site2-c"}


@pytest.mark.parametrize(
    ("one", "other"), [({"host_uuid": H1}, {"host_uuid": H2}), ({"uuid": A1}, {"uuid": A2})]
)
def test_different_ids_keep_hosts_apart_and_that_is_told(one: Row, other: Row) -> None:
    told = {"dns_name": "web.example", "ip": "10.0.0.1"}
    joined, doubted = met(alias("lab", "a", **told, **one), alias("site2", "b", **told, **other))
    assert joined == []
    assert [(row["own"], row["why"]) for row in doubted] == [
        ("lab-a", Doubt.IDS),
        ("site2-b", Doubt.IDS),
    ]


def test_a_host_that_is_joined_after_all_is_in_no_doubt() -> None:
    """The latest address decides before any other."""
    web = {"dns_name": "web.example"}
    joined, doubted = met(
        alias("lab", "a", **web, ip="10.0.0.1", ips=["10.0.0.9"]),
        alias("site2", "b", **web, ip="10.0.0.1"),
        alias("site2", "c", **web, ip="10.0.0.9"),
    )
    assert {row["own"] for row in joined} == {"lab-a", "site2-b"}
    assert [row["own"] for row in doubted] == ["site2-c"]


def test_three_consoles_make_one_host() -> None:
    rows = [
        alias("c", "x", host_uuid=H1),
        alias("a", "y", host_uuid=H1, dns_name="web.example", ip="10.0.0.1"),
        alias("b", "z", dns_name="web.example", ip="10.0.0.1"),
    ]
    assert wholes(rows) == {frozenset({"c-x", "a-y", "b-z"})}


ids = st.sampled_from([None, "", H1, H2])
agents = st.sampled_from([None, A1, A2])
names = st.sampled_from([None, "web.example", "mail.example", "localhost"])
places = st.sampled_from([None, "10.0.0.1", "10.0.0.2"])


@st.composite
def estates(draw: st.DrawFn) -> list[Row]:
    rows = []
    for console in ("lab", "site2", "site3"):
        for number in range(draw(st.integers(0, 3))):
            uuid = draw(ids)
            rows += [
                alias(
                    console,
                    str(number),
                    host_uuid=uuid,
                    uuid=draw(agents),
                    dns_name=draw(names),
                    ip=draw(places),
                    ips=draw(st.lists(places.filter(bool), max_size=2)),
                )
                for _ in range(draw(st.integers(1, 2)))
            ]
    return rows


@settings(deadline=None)
@given(estates(), st.randoms(use_true_random=False))
def test_no_host_meets_two_of_one_console_or_another_id(rows: list[Row], dice: Any) -> None:
    joined, doubted = met(*rows)
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert met(*shuffled) == (joined, doubted)
    home = {row["host"]: row["console"] for row in rows}
    for whole in wholes(rows):
        assert len(whole) > 1
        assert len({home[own] for own in whole}) == len(whole)
        for one, other in combinations(sorted(whole), 2):
            known = [{r["host_uuid"] or None for r in rows if r["host"] == k} for k in (one, other)]
            several = [values - {None} for values in known]
            assert not several[0] or not several[1] or several[0] & several[1]
    assert not {row["own"] for row in doubted} & {row["own"] for row in joined}


def host(console: str, day: int, **told: Any) -> Row:
    seen = datetime(2026, 1, day, tzinfo=UTC)
    fixed = {"console": console, "host": f"{console}-a", "aliases": 1, "repositories": [1]}
    return {"ips": [], "first_seen": seen, "last_seen": seen, **fixed, **told}


def test_a_joined_host_is_told_by_the_newest_word_of_its_consoles() -> None:
    told = {"dns_name": "web.example", "ip": "10.0.0.1"}
    found = meet(
        pa.Table.from_pylist(
            [alias("lab", "a", **told), alias("site2", "a", **told)], schema=SCHEMA
        )
    )
    hosts = [
        host("lab", 3, os="Debian 12", ips=["10.0.0.1", "10.0.0.2"], present=False),
        host("site2", 5, os=None, ip="10.0.0.3", ips=["10.0.0.3"], present=True),
        host("site3", 9, os="other"),
    ]
    (row,) = fold(pa.Table.from_pylist(hosts, schema=HOSTS.schema), found.joined).to_pylist()
    assert (row["host"], row["console"], row["consoles"]) == ("lab-a", "site2", ["lab", "site2"])
    assert (row["os"], row["ip"], row["aliases"]) == ("Debian 12", "10.0.0.3", 2)
    assert row["ips"] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert (row["first_seen"].day, row["last_seen"].day) == (3, 5)
    assert (row["repositories"], row["rule"], row["present"]) == ([], "dns-and-ip", True)

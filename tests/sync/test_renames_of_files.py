"""What files report under another name at the same address is one host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scans import DAY, START, Host, Item, nessus

if TYPE_CHECKING:
    import random

    from desk import Desk

ITEMS = (Item(plugin=10), Item(plugin=11, severity=3))
HOSTS = "SELECT count(*), count(DISTINCT host) FROM hosts"
NAMES = st.sampled_from(("", "a.example", "b.example", "A.Example."))
SHOWN = "SELECT plugin_id, state, count(*) FROM findings GROUP BY ALL ORDER BY ALL"


def scan(day: int, name: str, *items: Item, ip: str = "10.0.0.5", **tags: str) -> bytes:
    more = {"host-fqdn": name} if name else {}
    return nessus(Host(ip=ip, end=START + day * DAY, items=items or ITEMS, tags=more | tags))


def renamed(desk: Desk) -> list[tuple[str, str, str]]:
    return desk.ask(
        'SELECT "before", "after", cause FROM events WHERE event = \'renamed\' ORDER BY run'
    )


@pytest.mark.parametrize(
    ("first", "second"), [("a.example", "b.example"), ("a.example", ""), ("", "a.example")]
)
def test_another_name_in_a_later_scan_is_the_same_host(desk: Desk, first: str, second: str) -> None:
    desk.take(scan(0, first))
    later = desk.take(scan(7, second))
    assert later.error is None
    assert desk.ask(HOSTS) == [(1, 1)]
    assert desk.ask(SHOWN) == [(10, "open", 1), (11, "open", 1)]
    assert later.run.counts["new"] == later.run.counts["vanished"] == 0
    shown = [name or "no name" for name in (first, second)]
    assert renamed(desk) == [(*shown, f"{shown[0]} became {shown[1]} at 10.0.0.5")]
    assert all(proof.agrees and proof.published == 1 for proof in later.proofs)


def test_the_order_in_which_files_come_does_not_matter(desk: Desk) -> None:
    desk.take(scan(7, "b.example"))
    desk.take(scan(0, "a.example"))
    assert desk.ask(HOSTS) == [(1, 1)]
    assert desk.ask(SHOWN) == [(10, "open", 1), (11, "open", 1)]
    assert desk.ask("SELECT dns_name FROM hosts") == [("b.example",)]
    assert renamed(desk) == []


def test_a_name_that_comes_back(desk: Desk) -> None:
    for day, name in enumerate(("a.example", "", "a.example", "b.example", "a.example")):
        desk.take(scan(day, name))
    assert desk.ask(HOSTS) == [(1, 1)]
    assert desk.ask(SHOWN) == [(10, "open", 1), (11, "open", 1)]
    assert [(was, became) for was, became, _ in renamed(desk)] == [
        ("a.example", "no name"),
        ("no name", "a.example"),
        ("a.example", "b.example"),
        ("b.example", "a.example"),
    ]


def test_several_files_of_one_import_are_several_readings(desk: Desk) -> None:
    desk.take(scan(3, "c.example"), scan(0, "a.example"), scan(2, ""))
    assert desk.ask(HOSTS) == [(1, 1)]
    assert desk.ask("SELECT dns_name FROM hosts") == [("c.example",)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"mac-address": "02:00:00:00:00:01"}, {"mac-address": "02:00:00:00:00:02"}),
        ({"host-uuid": "0" * 31 + "1"}, {"host-uuid": "0" * 31 + "2"}),
    ],
)
def test_other_hardware_is_another_host(
    desk: Desk, first: dict[str, str], second: dict[str, str]
) -> None:
    desk.take(scan(0, "a.example", **first))
    desk.take(scan(7, "b.example", **second))
    assert desk.ask(HOSTS) == [(2, 2)]


def test_both_names_in_one_scan_are_two_hosts(desk: Desk) -> None:
    one, other = (
        Host(ip="10.0.0.5", end=START, items=ITEMS, tags={"host-fqdn": name})
        for name in ("a.example", "b.example")
    )
    desk.take(nessus(one, other))
    assert desk.ask(HOSTS) == [(2, 2)]
    desk.take(scan(7, "c.example"))
    assert desk.ask(HOSTS) == [(3, 3)]


def test_a_machine_at_the_old_name_elsewhere_has_moved(desk: Desk) -> None:
    desk.take(scan(0, "a.example"))
    there = Host(ip="10.0.0.9", end=START + DAY, items=ITEMS, tags={"host-fqdn": "a.example"})
    here = Host(ip="10.0.0.5", end=START + DAY, items=ITEMS, tags={"host-fqdn": "b.example"})
    desk.take(nessus(there, here))
    assert desk.ask("SELECT count(DISTINCT host) FROM aliases WHERE ip = '10.0.0.5'") == [(2,)]
    assert renamed(desk) == []


def test_agents_go_by_their_id(desk: Desk) -> None:
    agent = {"agent-uuid": "0c6a1b2e4a2c4a559c43000000000001"}
    desk.take(scan(0, "a.example", **agent))
    desk.take(scan(7, "b.example", **agent))
    assert desk.ask(HOSTS) == [(1, 1)]
    assert [(was, became) for was, became, _ in renamed(desk)] == [("a.example", "b.example")]


def test_outputs_at_one_place_stay_apart_under_the_new_name(desk: Desk) -> None:
    items = (Item(plugin=10, output="one"), Item(plugin=10, output="two"))
    desk.take(scan(0, "a.example", *items))
    desk.take(scan(7, "b.example", *items))
    assert desk.ask("SELECT count(*) FROM findings") == [(1,)]


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(NAMES, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_any_names_in_any_order_are_one_host(
    desk: Desk, chain: list[str], dice: random.Random
) -> None:
    files = [scan(day, name) for day, name in enumerate(chain)]
    dice.shuffle(files)
    name = f"files{desk.made}"
    for one in files:
        assert desk.take(one, name=name).error is None
    assert desk.ask(HOSTS, name) == [(1, 1)]
    assert desk.ask(SHOWN, name) == [(10, "open", 1), (11, "open", 1)]

"""Findings told by numbers are the findings told without: every filter, order, page and facet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

import small
from plumbline.errors import StorageError
from plumbline.posture import coded, explore, facets, shortcut
from plumbline.posture.coded import CODED
from plumbline.posture.filters import parse
from plumbline.posture.findings import FINDINGS
from plumbline.posture.relation import FieldKind

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate

COUNTED = {FieldKind.TEXT, FieldKind.TEXTS, FieldKind.WORD, FieldKind.SEVERITY, FieldKind.FLAG}
QUERIES = (
    "",
    "state:open,reopened",
    "state:active",
    "-state:active,fixed",
    "severity:>=high -state:fixed",
    "risk:>5",
    "risk:2.5..7.5 kev:yes",
    "sla:overdue,none",
    "-sla:overdue",
    "age:>30d",
    "exploitable:no",
    "exploitable:yes,none",
    "ip:10.1.0.0/16",
    "ip:2001:db8::/32",
    "ip:none",
    "-ip:10.*",
    "dns:srv-1*,none",
    "os:none",
    "family:none,windows",
    "name:*flaw*",
    "plugin:1003,1004..1006",
    "cve:CVE-2026-1*",
    "list:servers",
    "-list:*",
    "repo:*",
    "repository_id:1",
    "console:north",
    "port:443 protocol:tcp",
    "port:>100",
    "first:none",
    "last:<3d",
    "due:0d..30d",
    "fixed:*",
    "recast:yes",
    "srv-2",
    "-flaw",
    "opened_run:1",
    "1003",
    "-1003,1004",
    "CVE-2026-1",
    "iava",
    "xref:*0003*",
    "windows",
    "10.1",
    "10.1.0.0/16",
    "10.0.0.1",
    "2001:db8::/32",
    "servers",
    "-retail",
    '"repo 1"',
    "*ser*2022",
    "00:50:56",
    "os:windows",
    'os:="windows server 2022"',
    "host_name:10.*",
    "north",
)


@pytest.fixture(scope="module")
def both() -> tuple[Estate, Estate]:
    """The same estate twice, one of them with its numbers."""
    plain = small.make().estate
    numbered = replace(plain)
    assert coded.prepare(numbered)
    return plain, numbered


def rows(estate: Estate, request: explore.Request) -> list[dict[str, Any]]:
    return list(explore.rows(FINDINGS, estate, request).fetch().to_pylist())


@pytest.mark.parametrize("query", QUERIES)
def test_every_filter_finds_the_same(both: tuple[Estate, Estate], query: str) -> None:
    asked = parse(query)
    assert shortcut.coded(FINDINGS, both[1], asked) is CODED
    request = explore.Request(query=asked, columns=("finding",), order=("port",), limit=1_000)
    told, numbered = (rows(estate, request) for estate in both)
    assert told == numbered
    if len(asked.terms) > 1:
        assert [explore.total(FINDINGS, estate, asked) for estate in both] == [len(told)] * 2


def test_every_column_is_the_same(both: tuple[Estate, Estate]) -> None:
    shown = tuple(f.name for f in FINDINGS.fields if f.name != "output")
    request = explore.Request(
        query=parse("state:open,fixed"), columns=shown, limit=40, offset=2, keyed=True
    )
    told, numbered = (explore.rows(FINDINGS, estate, request).fetch() for estate in both)
    assert shortcut.of(FINDINGS, both[1], request) is not None
    assert told.schema == numbered.schema
    assert told.to_pylist() == numbered.to_pylist()


@pytest.mark.parametrize("order", [(), ("-risk",), ("plugin_name", "-last_seen"), ("first_seen",)])
def test_pages_follow_each_other_alike(both: tuple[Estate, Estate], order: tuple[str, ...]) -> None:
    told = []
    for estate in both:
        pages: list[list[dict[str, Any]]] = []
        request = explore.Request(columns=("finding",), order=order, limit=9, keyed=True)
        for _ in range(3):
            pages.append(rows(estate, request))
            last = [v for n, v in pages[-1][-1].items() if n.startswith("at__")]
            after = tuple(v.isoformat() if isinstance(v, datetime) else v for v in last)
            request = replace(request, after=after)
        assert (shortcut.of(FINDINGS, estate, request) is None) is (estate is both[0])
        told.append(pages)
    assert told[0] == told[1]
    assert len({row["finding"] for page in told[0] for row in page}) == 27


@pytest.mark.parametrize("written", ["", "state:open severity:high", "family:debian kev:*"])
def test_facets_count_alike(both: tuple[Estate, Estate], written: str) -> None:
    names = [f.name for f in CODED.fields if f.kind in COUNTED]
    query = parse(written)
    plain, numbered = (
        [facets.counted(FINDINGS, estate, query, name).fetch().to_pylist() for name in names]
        for estate in both
    )
    assert plain == numbered
    free = [n for n in names if n not in {"state", "severity", "family", "kev"}]
    for estate in both:
        rows = facets.together(FINDINGS, estate, query, free).fetch().to_pylist()
        for place, name in enumerate(free):
            mine = [{n: row[n] for n in ("value", "rows")} for row in rows if row["place"] == place]
            assert mine == plain[names.index(name)]


def test_what_numbers_cannot_tell_is_left_to_the_other_way(both: tuple[Estate, Estate]) -> None:
    plain, numbered = both
    key = rows(plain, explore.Request(columns=("finding",), limit=1))[0]["finding"]
    for more in (
        {"query": parse(f"finding:{key}"), "limit": 5},
        {"columns": ("output",), "limit": 5},
        {"order": ("finding",), "limit": 5},
        {"limit": None},
        {"query": parse("-plugin:1003")},
    ):
        request = explore.Request(**more)
        assert shortcut.of(FINDINGS, numbered, request) is None
        assert rows(plain, request) == rows(numbered, request)


def test_all_of_one_host_and_of_one_plugin(both: tuple[Estate, Estate]) -> None:
    plain, numbered = both
    host = rows(plain, explore.Request(columns=("host",), limit=1))[0]["host"]
    for query in (f"host:{host}", "plugin:1003 state:open,reopened"):
        request = explore.Request(query=parse(query), columns=("finding", "risk", "asset_lists"))
        assert shortcut.of(FINDINGS, numbered, request) is not None
        found = rows(numbered, request)
        assert found
        assert found == rows(plain, request)


def test_an_estate_without_room_is_asked_as_it_is(both: tuple[Estate, Estate]) -> None:
    estate = small.make().estate
    estate.backend.con.execute("ATTACH ':memory:' AS coded")
    with pytest.raises(StorageError):
        coded.prepare(estate)
    asked = parse("state:open")
    assert shortcut.coded(FINDINGS, estate, asked) is FINDINGS
    assert explore.total(FINDINGS, estate, asked) == explore.total(FINDINGS, both[0], asked)

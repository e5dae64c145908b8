"""Two consoles looked at together: nothing of one gets into the other, and their hosts meet."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.errors import UsageError
from plumbline.posture import consoles, explore, filters
from plumbline.posture.questions import QUESTIONS, ask, named
from plumbline.posture.relations import RELATIONS
from small import AS_OF, Rows, engine_over, make

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from plumbline.posture.relation import Relation

NORTH, SOUTH = AS_OF
MET = (2, 3, 5, 8)
"""Hosts that both consoles see."""
KEYED = {name for name, one in QUESTIONS.items() if any(p.default is None for p in one.parameters)}
SUMMED = (
    "open", "critical", "high", "medium", "low", "info", "reopened", "exploitable", "kev",
    "accepted", "fixed", "vanished", "out_of_sight", "plugins", "repositories", "lists",
    "lists_without_host",
)  # fmt: skip


def given() -> dict[str, Rows]:
    """Two consoles with the same numbers of repositories and lists; some hosts have one id."""
    rows = make().rows
    places = {row["host"]: n % 14 for n, row in enumerate(rows["hosts"])}
    for row in rows["aliases"]:
        if places[row["host"]] in MET:
            row["host_uuid"] = f"11111111-1111-4111-8111-{places[row['host']]:012}"
    shared = [row for row in rows["findings"] if row["console"] == NORTH and row["state"] == "open"]
    other = {p: h["host"] for h, p in zip(rows["hosts"], places.values(), strict=True)}
    for number, row in enumerate(shared):
        place = places[row["host"]]
        if place in MET:
            twin = {"console": SOUTH, "finding": f"{number:032x}", "host": other[place]}
            rows["findings"].append({**row, **twin, "alias": f"{number:032x}", "port": 7})
            rows["findings"].append({**row, "finding": f"{number:031x}a", "port": 7})
    return rows


ROWS = given()


def only(console: str) -> Estate:
    rows = {name: [r for r in table if r["console"] == console] for name, table in ROWS.items()}
    return engine_over(rows, {console: AS_OF[console]})


@pytest.fixture(scope="module")
def both() -> Estate:
    return engine_over(ROWS)


@pytest.fixture(scope="module")
def alone() -> dict[str, Estate]:
    return {console: only(console) for console in AS_OF}


def told(estate: Estate, name: str) -> list[dict[str, Any]]:
    return list(ask(estate, name).fetch().to_pylist())


def listed(
    relation: Relation, estate: Estate, query: str = "", columns: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    wanted = columns or relation.contract
    request = explore.Request(query=filters.parse(query), columns=wanted)
    return list(explore.rows(relation, estate, request).fetch().to_pylist())


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


@pytest.mark.parametrize("name", ["findings", "plugins", "lists"])
def test_each_console_tells_beside_another_what_it_tells_alone(
    name: str, both: Estate, alone: dict[str, Estate]
) -> None:
    relation = RELATIONS[name]
    request = explore.Request(columns=relation.contract)
    every = explore.rows(relation, both, request).fetch().to_pylist()
    for console, estate in alone.items():
        mine = [without(row, "host") for row in every if row["console"] == console]
        told_alone = explore.rows(relation, estate, request).fetch().to_pylist()
        assert mine
        assert sorted(map(repr, mine)) == sorted(repr(without(row, "host")) for row in told_alone)


@pytest.mark.parametrize(
    "name", ["by-list", "by-repository", "by-family", "exploitable", "top-plugins"]
)
def test_what_is_counted_for_a_console_stays_the_same_beside_another(
    name: str, both: Estate, alone: dict[str, Estate]
) -> None:
    limit = ["1000"] if named(name).parameters else []
    every = ask(both, name, limit).fetch().to_pylist()
    for console, estate in alone.items():
        mine = [without(row, "console") for row in every if row["console"] == console]
        told_alone = ask(estate, name, limit).fetch().to_pylist()
        assert mine == [without(row, "console") for row in told_alone]


def test_the_totals_are_the_sums_of_the_consoles_and_hosts_count_once(
    both: Estate, alone: dict[str, Estate]
) -> None:
    (whole,) = told(both, "summary")
    parts = [told(estate, "summary")[0] for estate in alone.values()]
    assert {n: whole[n] for n in SUMMED} == {n: sum(part[n] for part in parts) for n in SUMMED}
    assert whole["hosts"] == sum(part["hosts"] for part in parts) - len(MET)
    assert whole["hosts_of_several"] == len(MET)
    assert [part["hosts_of_several"] for part in parts] == [0, 0]
    findings = [sum(row["findings"] for row in told(e, "open-by-severity")) for e in alone.values()]
    assert sum(row["findings"] for row in told(both, "open-by-severity")) == sum(findings)
    ages = [sum(row["total"] for row in told(e, "severity-by-age")) for e in alone.values()]
    assert sum(row["total"] for row in told(both, "severity-by-age")) == sum(ages)
    seen = sum(row["hosts"] for row in told(both, "coverage"))
    assert seen == whole["hosts"]


def test_a_joined_host_is_one_row_with_what_both_consoles_tell(
    both: Estate, alone: dict[str, Estate]
) -> None:
    hosts = listed(RELATIONS["hosts"], both)
    assert Counter(len(row["consoles"]) for row in hosts) == {1: 20, 2: len(MET)}
    apart = {c: {r["host"]: r for r in listed(RELATIONS["hosts"], e)} for c, e in alone.items()}
    pairs: dict[str, dict[str, str]] = {}
    for row in told(both, "across-consoles"):
        assert row["rule"] == "host-uuid"
        pairs.setdefault(row["host"], {})[row["console"]] = row["own"]
    for row in hosts:
        parts = [apart[c][own] for c, own in pairs.get(row["host"], {}).items()]
        parts = parts or [apart[row["console"]][row["host"]]]
        for name in ("critical", "high", "medium", "low", "info", "findings", "sc_score"):
            assert row[name] == sum(part[name] for part in parts)
        for name in ("repositories", "asset_lists"):
            names = sorted({value for part in parts for value in part[name] or ()})
            assert (row[name] or []) == names
        assert row["risk"] >= max(part["risk"] for part in parts)


def test_from_a_host_to_its_findings_and_back(both: Estate) -> None:
    findings = RELATIONS["findings"]
    for row in listed(RELATIONS["hosts"], both, columns=("host", "consoles", "findings")):
        query = f"host:{row['host']} state:open,reopened"
        found = listed(findings, both, query, ("console", "host"))
        assert len(found) == row["findings"]
        assert {one["host"] for one in found} <= {row["host"]}
        assert {one["console"] for one in found} <= set(row["consoles"])
        assert explore.total(findings, both, filters.parse(f"-host:{row['host']}")) == len(
            ROWS["findings"]
        ) - explore.total(findings, both, filters.parse(f"host:{row['host']}"))


def test_a_host_is_found_by_the_key_that_any_console_has_for_it(both: Estate) -> None:
    for row in told(both, "across-consoles"):
        (found,) = listed(RELATIONS["hosts"], both, f"host:{row['own']}")
        assert found["host"] == row["host"]
        wanted = f"host:{row['host']}"
        assert listed(RELATIONS["findings"], both, f"host:{row['own']}") == listed(
            RELATIONS["findings"], both, wanted
        )
        told_of = ask(both, "host", [row["own"]]).fetch()
        assert set(told_of["host"].to_pylist()) <= {row["host"]}


def test_what_both_report_is_told_and_counted_by_each(both: Estate) -> None:
    by_host: dict[tuple[Any, ...], set[str]] = {}
    shared = {r["own"]: r["host"] for r in told(both, "across-consoles")}
    for row in ROWS["findings"]:
        if row["state"] in {"open", "reopened"} and row["host"] in shared:
            key = (shared[row["host"]], row["plugin_id"], row["port"], row["protocol"])
            by_host.setdefault(key, set()).add(row["console"])
    twice = {key for key, found in by_host.items() if len(found) > 1}
    assert twice
    rows = told(both, "reported-twice")
    assert {(r["host"], r["plugin_id"], r["port"], r["protocol"]) for r in rows} == twice
    assert len(rows) == len(twice) == told(both, "summary")[0]["reported_twice"]
    counted = Counter(key[0] for key in twice)
    for host in listed(RELATIONS["hosts"], both):
        assert host["reported_twice"] == counted[host["host"]]


def test_a_name_with_its_console_is_that_consoles_alone(both: Estate) -> None:
    """A list and a host of the same name on both: the plain name means either."""
    hosts = RELATIONS["hosts"]
    plain = {row["host"] for row in listed(hosts, both, "asset_list:Servers")}
    each = [
        {row["host"] for row in listed(hosts, both, f"asset_list:{console}/Servers")}
        for console in AS_OF
    ]
    assert plain == each[0] | each[1]
    assert each[0] - each[1]
    assert each[1] - each[0]
    findings = RELATIONS["findings"]
    for console in AS_OF:
        found = listed(findings, both, f"asset_list:{console}/Servers", ("console",))
        assert {row["console"] for row in found} == {console}
        assert found == listed(findings, both, f"console:{console} list:Servers", ("console",))
        query = f'repository:"{console}/Repo 1 {console}"'
        assert listed(findings, both, query) == listed(
            findings, both, f"console:{console} repository_id:1"
        )


def test_a_host_answers_to_every_console_that_sees_it(both: Estate) -> None:
    hosts = RELATIONS["hosts"]
    counts = [explore.total(hosts, both, filters.parse(f"console:{c}")) for c in AS_OF]
    assert counts == [14, 14]
    assert explore.total(hosts, both, filters.parse(f"console:{NORTH} console:{SOUTH}")) == 4
    assert explore.total(hosts, both, filters.parse(f"-console:{NORTH}")) == 10


def test_a_number_that_several_consoles_gave_is_pointed_out(
    both: Estate, alone: dict[str, Estate]
) -> None:
    def warned(estate: Estate, name: str, query: str) -> int:
        return len(list(consoles.ambiguities(RELATIONS[name], estate, filters.parse(query))))

    assert warned(both, "findings", "repository_id:1") == 1
    assert warned(both, "lists", "id:1 -id:2") == 1
    assert warned(both, "findings", f"repository_id:1 console:{NORTH}") == 0
    assert warned(both, "findings", "repository:x plugin_id:1000") == 0
    assert warned(alone[NORTH], "findings", "repository_id:1") == 0


def test_the_console_is_shown_where_there_are_several(
    both: Estate, alone: dict[str, Estate]
) -> None:
    for relation in RELATIONS.values():
        column = "consoles" if relation.name == "hosts" else "console"
        rows = explore.rows(relation, both, explore.Request(limit=1)).fetch()
        assert column in rows.column_names
        rows = explore.rows(relation, alone[NORTH], explore.Request(limit=1)).fetch()
        assert column not in rows.column_names


def test_a_question_of_two_consoles_has_the_columns_it_declares(both: Estate) -> None:
    for name in sorted(QUESTIONS.keys() - KEYED):
        columns = [column.name for column in named(name).columns_of(both)]
        assert ask(both, name).fetch().column_names == columns


def test_an_unknown_host_is_still_unknown(both: Estate) -> None:
    with pytest.raises(UsageError):
        ask(both, "host", ["no-such-host"])

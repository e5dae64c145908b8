"""What a person of a limited scope is told, against what is counted over the rows they may see."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.domain.person import Purview
from plumbline.posture import explore
from plumbline.posture.filters import parse
from plumbline.posture.purview import scoped
from plumbline.posture.questions import QUESTIONS, ask
from plumbline.posture.relations import RELATIONS
from rounds import rounds
from small import AS_OF, Made, Rows, engine_over

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate

GRANTS = [
    *AS_OF,
    *(f"{console}/repository/{n}" for console in AS_OF for n in (1, 2, 3)),
    *(f"{console}/list/{n}" for console in AS_OF for n in (1, 2, 3, 99)),
]
CLOSED = [q for q in QUESTIONS if not any(p.default is None for p in QUESTIONS[q].parameters)]


def visible(made: Made, purview: Purview) -> dict[str, Rows]:
    """The rows a person may see, found by plain Python, one rule after the other."""
    rows = made.rows
    members = {
        (m["console"], m["host"])
        for m in rows["memberships"]
        if (m["console"], m["list_id"]) in purview.asset_lists
    }

    def direct(row: dict[str, Any]) -> bool:
        place = (row["console"], row.get("repository_id"))
        return row["console"] in purview.connections or place in purview.repositories

    def sighted(row: dict[str, Any]) -> bool:
        return direct(row) or (row["console"], row.get("host")) in members

    def listed(row: dict[str, Any]) -> bool:
        place = (row["console"], row.get("list_id"))
        return row["console"] in purview.connections or place in purview.asset_lists

    found = {
        "findings": [row for row in rows["findings"] if sighted(row)],
        "aliases": [row for row in rows["aliases"] if sighted(row)],
        **{
            name: [row for row in rows[name] if listed(row)]
            for name in ("asset_lists", "ranges", "memberships")
        },
    }
    found["events"] = [row for row in rows.get("events", ()) if sighted(row)]
    mixed = {console for console, _ in purview.asset_lists} - set(purview.connections)
    found["facts"] = [
        row
        for row in rows.get("facts", ())
        if listed(row) or (direct(row) and row["console"] not in mixed)
    ]
    for row in found["asset_lists"]:
        assert "definition" not in row  # nothing that would have to be hidden
    used = {(f["console"], f["plugin_id"]) for f in found["findings"]}
    homes = {(a["console"], a["repository_id"]) for a in found["aliases"]}
    found["plugins"] = [
        p
        for p in rows["plugins"]
        if p["console"] in purview.connections or (p["console"], p["plugin_id"]) in used
    ]
    found["repositories"] = [
        r for r in rows["repositories"] if direct(r) or (r["console"], r["repository_id"]) in homes
    ]
    found["hosts"] = list(hosts_of(made, found["aliases"]))
    keys = {(f["console"], f["output"]) for f in found["findings"]}
    found["outputs"] = [o for o in rows["outputs"] if (o["console"], o["output"]) in keys]
    return found


def hosts_of(made: Made, aliases: Rows) -> Rows:
    """Hosts by the names of them that are seen."""
    names = defaultdict(list)
    for alias in aliases:
        names[alias["console"], alias["host"]].append(alias)
    found = []
    for host in made.rows["hosts"]:
        mine = names[host["console"], host["host"]]
        if len(mine) == host["aliases"]:
            found.append(host)
        elif mine:
            found.append(part_of(host, mine))
    return found


def part_of(host: dict[str, Any], mine: Rows) -> dict[str, Any]:
    """A host of which one of two names is seen."""
    (alias,) = mine
    return {
        "console": host["console"],
        "host": host["host"],
        "ip": alias["ip"],
        "ips": [alias["ip"]],
        "dns_name": alias["dns_name"],
        "repositories": [alias["repository_id"]],
        "aliases": 1,
        "rule": "single",
        "present": True,
    }


def expected(made: Made, purview: Purview) -> Estate:
    as_of = {name: at for name, at in AS_OF.items() if name in purview.consoles}
    return engine_over(visible(made, purview), as_of)


def told(estate: Estate) -> dict[str, Any]:
    """The answers to every question, and every row of everything that can be explored."""
    answers: dict[str, Any] = {name: ask(estate, name).fetch().to_pylist() for name in CLOSED}
    for name, relation in RELATIONS.items():
        asked = explore.Request(columns=relation.contract)
        answers[name] = explore.rows(relation, estate, asked).fetch().to_pylist()
        answers[f"{name} in all"] = explore.total(relation, estate, parse(""))
    return answers


def rows_of(estate: Estate, name: str) -> list[str]:
    return sorted(map(repr, estate.table(name).to_pyarrow().to_pylist()))


@settings(max_examples=rounds(6, soak=15), deadline=None, suppress_health_check=list(HealthCheck))
@given(grants=st.lists(st.sampled_from(GRANTS), min_size=1, max_size=4, unique=True))
def test_every_table_holds_what_may_be_seen(made: Made, grants: list[str]) -> None:
    purview = Purview.parse(grants)
    seen, wanted = scoped(made.estate, purview), expected(made, purview)
    assert seen.as_of == wanted.as_of
    for name in wanted.tables:
        same = rows_of(seen, name) == rows_of(wanted, name)
        assert same, (grants, name)


# Answers are made of the tables alone; that they are is shown where a host is seen in part.
@pytest.mark.parametrize("grants", [["north/repository/1", "south/list/2"]])
def test_every_answer_is_made_of_what_may_be_seen(made: Made, grants: list[str]) -> None:
    purview = Purview.parse(grants)
    seen, wanted = told(scoped(made.estate, purview)), told(expected(made, purview))
    for name, answer in wanted.items():
        same = seen[name] == answer
        assert same, name


def test_a_host_in_part_is_told_by_what_is_seen_of_it(made: Made) -> None:
    whole = next(h for h in made.rows["hosts"] if h["aliases"] == 2)
    purview = Purview(repositories=((whole["console"], 1),))
    hosts = scoped(made.estate, purview).table("hosts")
    (row,) = hosts.filter(hosts.host == whole["host"]).to_pyarrow().to_pylist()
    assert row["repositories"] == [1]
    assert row["netbios_name"] is None  # told by the host, not by the name that is seen
    assert row["aliases"] == 1


@pytest.mark.parametrize(
    ("grants", "hidden"),
    [
        (["north/repository/1"], ["south", "Repo 3", "'Servers'", "Retail"]),
        (["north/list/2"], ["south", "'Servers'", "Far away", "172.16"]),
        (["south/repository/2"], ["north", "Repo 1 ", "'Servers'"]),
    ],
)
def test_no_table_tells_a_name_that_may_not_be_seen(
    made: Made, grants: list[str], hidden: list[str]
) -> None:
    estate = scoped(made.estate, Purview.parse(grants))
    for name in estate.tables:
        text = repr(estate.table(name).to_pyarrow().to_pylist())
        for word in hidden:
            assert word not in text, (name, word)
    assert not set(hidden) & set(estate.as_of)


def test_two_purviews_hold_both(made: Made) -> None:
    one, other = Purview.parse(["north"]), Purview.parse(["north/repository/1", "south"])
    both = scoped(scoped(made.estate, one), other)
    alone = scoped(made.estate, Purview.parse(["north/repository/1"]))
    for name in both.tables:
        assert rows_of(both, name) == rows_of(alone, name), name
    assert list(both.as_of) == ["north"]


def test_a_whole_purview_costs_nothing(made: Made) -> None:
    assert scoped(made.estate, Purview()) is made.estate


@pytest.mark.parametrize("text", ["", "a/b", "a/repository/x", "a/list/", "/list/1", "a/list/1/2"])
def test_what_is_no_grant_is_refused(text: str) -> None:
    if not text:
        assert Purview.parse([text]).whole
        return
    with pytest.raises(ValueError, match=r"is no grant|has no number"):
        Purview.parse([text])


@given(grants=st.lists(st.sampled_from(GRANTS)))
def test_grants_are_read_as_they_are_written(grants: list[str]) -> None:
    purview = Purview.parse(grants)
    assert Purview.parse(purview.texts) == purview
    assert set(purview.texts) == set(grants)

"""Two consoles in one home, with equal numbers of repositories, lists and plugins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from lab import labs
from story import show_only

from plumbline.cli import session
from plumbline.domain.connection import Address, Keys
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.ledger import connections, snapshots
from plumbline.ledger.opening import open_ledger
from plumbline.posture import explore, filters, questions
from plumbline.posture.relations import RELATIONS
from plumbline.sync.run import Synchroniser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab import Lab, MakeLab

    from plumbline.ledger.records import Snapshot
    from plumbline.posture.engine import Estate as Tables

pytestmark = pytest.mark.network
SUMMED = ("open", "critical", "info", "accepted", "fixed", "plugins", "repositories", "lists")


def estate(seed: int) -> Estate:
    return Estate.generated(hosts=8, seed=seed, findings_per_host=12, now=1_790_000_000)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """`lab` and `twin` hold the same machines, `other` has its own."""
    folder: Path = tmp_path_factory.mktemp("several")
    with labs(folder) as make:
        lab = make(estate=estate(3))
        lab.sync()
        with Emulator(estate(3), http=True) as twin, Emulator(estate(9), http=True) as other:
            for name, emulator in (("twin", twin), ("other", other)):
                beside(lab, name, emulator)
        yield lab


def beside(lab: Lab, name: str, emulator: Emulator) -> None:
    """Read another console into the same home."""
    connections.add(
        replace(connections.get("lab"), name=name, address=Address(url=emulator.url)),
        Keys(emulator.access_key, emulator.secret_key),
    )
    report = Synchroniser(settings=lab.settings, sleep=lambda _s: None).run(name)
    assert report.error is None, report.error


def tables(lab: Lab, *names: str) -> Tables:
    open_ledger(lab.settings)
    chosen: list[Snapshot] = [s for s in snapshots.latest_all() if s.connection in names]
    assert len(chosen) == len(names)
    return session.estate(lab.settings, chosen)


def summary(found: Tables) -> dict[str, Any]:
    row: dict[str, Any] = questions.ask(found, "summary").fetch().to_pylist()[0]
    return row


@pytest.mark.parametrize("name", ["twin", "other"])
def test_each_number_is_the_sum_of_the_consoles_alone(homes: Lab, name: str) -> None:
    alone = {console: tables(homes, console) for console in ("lab", name)}
    both = tables(homes, "lab", name)
    whole, parts = summary(both), [summary(found) for found in alone.values()]
    assert {n: whole[n] for n in SUMMED} == {n: sum(part[n] for part in parts) for n in SUMMED}
    assert whole["hosts"] == sum(part["hosts"] for part in parts) - whole["hosts_of_several"]
    for question in ("by-list", "by-repository", "by-family"):
        every = questions.ask(both, question).fetch().to_pylist()
        for console, found in alone.items():
            mine = [row for row in every if row["console"] == console]
            assert mine == questions.ask(found, question).fetch().to_pylist()
    asked = (("findings", "repository_id:1"), ("findings", "asset_list:*"), ("hosts", ""))
    for console, found in alone.items():
        for relation, query in asked:
            wanted = filters.parse(f"console:{console} {query}")
            told = [explore.total(RELATIONS[relation], one, wanted) for one in (both, found)]
            assert told[0] == told[1]


def test_equal_machines_meet_unless_they_bear_nothing_but_an_address(homes: Lab) -> None:
    found = tables(homes, "lab", "twin")
    rows = questions.ask(found, "across-consoles").fetch().to_pylist()
    rules = {row["rule"] for row in rows}
    assert rules <= {"host-uuid", "agent-uuid", "dns-and-ip"}
    assert len(rules) > 1
    whole = summary(found)
    assert whole["hosts_of_several"] * 2 == len(rows)
    assert whole["reported_twice"] > 0
    # The same snapshots give the same keys, whoever asks and whenever.
    again = questions.ask(tables(homes, "lab", "twin"), "across-consoles").fetch()
    assert again.to_pylist() == rows


def test_a_host_that_the_console_has_no_more_departed(make_lab: MakeLab) -> None:
    lab = make_lab(estate=estate(5))
    before = lab.sync().run.counts
    assert before["departed"] == 0
    lab.emulator.estate.retire_host(2)
    ((listed,),) = lab.ask("SELECT count(*) FROM hosts")
    after = lab.sync(full=True).run.counts
    assert (after["hosts"], after["departed"]) == (before["hosts"] - 1, 1)
    ((host,),) = lab.ask("SELECT host FROM hosts WHERE NOT present")
    assert lab.ask("SELECT host FROM aliases WHERE NOT present") == [(host,)]
    assert lab.ask(_STANDING, host=host) == [(0,)]
    found = tables(lab, "lab")
    hosts = RELATIONS["hosts"]
    assert explore.total(hosts, found, filters.parse("")) == listed
    assert explore.total(hosts, found, filters.parse("present:yes")) == after["hosts"]
    whole = summary(found)
    assert (whole["hosts"], whole["departed"]) == (after["hosts"], 1)
    seen = questions.ask(found, "coverage").fetch()["hosts"].to_pylist()
    assert sum(seen) == after["hosts"]
    unchanged = lab.sync().run.counts
    assert (unchanged["hosts"], unchanged["departed"]) == (after["hosts"], 1)


def test_what_was_not_read_did_not_depart(make_lab: MakeLab) -> None:
    lab = make_lab(estate=estate(5))
    before = lab.sync().run.counts
    kept = [number for (number,) in lab.ask("SELECT repository_id FROM repositories ORDER BY 1")][
        1:
    ]
    show_only(lab, *kept)
    after = lab.sync(full=True).run.counts
    assert (after["hosts"], after["departed"]) == (before["hosts"], 0)


_STANDING = """
SELECT count(*) FROM findings WHERE host = $host AND state IN ('open', 'reopened', 'accepted')
"""


def test_a_repository_out_of_sight_keeps_its_name(make_lab: MakeLab) -> None:
    lab = make_lab(estate=estate(5))
    lab.sync()
    every = lab.ask("SELECT repository_id, name FROM repositories ORDER BY 1")
    kept = [number for number, _ in every][1:]
    show_only(lab, *kept)
    assert lab.sync().error is None
    assert lab.ask("SELECT repository_id, name FROM repositories ORDER BY 1") == every
    hidden = lab.ask("SELECT repository_id FROM repositories WHERE NOT visible")
    assert hidden == [every[0][:1]]
    found = tables(lab, "lab")
    assert summary(found)["repositories"] == len(kept)
    wanted = filters.parse(f'state:out_of_sight repository:"{every[0][1]}"')
    assert explore.total(RELATIONS["findings"], found, wanted) == explore.total(
        RELATIONS["findings"], found, filters.parse("state:out_of_sight")
    )
    assert explore.total(RELATIONS["findings"], found, wanted)


def test_a_retired_console_is_still_shown_and_said_to_be_old(homes: Lab) -> None:
    name = "other"
    before = summary(tables(homes, "lab", name))
    run = next(s.run for s in snapshots.latest_all() if s.connection == name)
    connections.retire(name)
    assert summary(tables(homes, "lab", name)) == before
    assert {s.connection for s in snapshots.as_of(run)} >= {name}
    warned = session._warnings(snapshots.latest_all(), homes.settings)
    assert any(text.startswith(f"{name}: retired on ") for text in warned)

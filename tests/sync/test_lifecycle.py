"""Run after run: each finding has the state it should have, each change is told once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from dumped import STANDING, dumped
from lab import labs
from story import Story, meddle, show_only

from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.emulator.estate import Estate
from plumbline.emulator.findings import ACCEPTED, RECAST
from plumbline.errors import RefusedError
from plumbline.ledger import snapshots

if TYPE_CHECKING:
    from pathlib import Path

    from lab import Lab, MakeLab

    from plumbline.emulator.findings import Findings
    from plumbline.sync.run import Report

pytestmark = pytest.mark.network


def estate(hosts: int = 3) -> Estate:
    return Estate.generated(hosts=hosts, seed=5, findings_per_host=20, now=1_790_000_000)


@pytest.fixture
def lab(make_lab: MakeLab) -> Lab:
    return make_lab(estate=estate())


def ran(lab: Lab, story: Story | None = None, **told: Any) -> Report:
    """One run, which the story follows and agrees with."""
    report = lab.sync()
    assert report.error is None, report.error
    if story is not None:
        story.run(report.run.number, **told)
        story.check()
        counts = {name: report.run.counts[name] for name in story.counted(report.run.number)}
        assert counts == story.counted(report.run.number)
    return report


def states(lab: Lab, where: str = "true") -> Counter[str]:
    rows = lab.ask(f"SELECT state, count(*) FROM findings WHERE {where} GROUP BY state")  # noqa: S608 - our own words
    return Counter(dict(rows))


def events(lab: Lab, report: Report) -> Counter[str]:
    query = "SELECT event, count(*) FROM events WHERE run = $run GROUP BY event"
    return Counter(dict(lab.ask(query, run=report.run.number)))


def test_days_that_pass_are_told_as_they_were(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    for days in (1, 1, 3, 9):
        lab.emulator.estate.evolve(days)
        ran(lab, story)
    assert {event for _, _, event, _, _ in story.events} >= {
        "opened",
        "fixed",
        "reopened",
        "vanished",
    }


def test_marks_set_at_the_console_are_told_one_by_one(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    for flags, event in ((ACCEPTED, "accepted"), (0, "unaccepted"), (RECAST, "recast")):
        meddle(lab, partial(_flagged, flags))
        assert event in events(lab, ran(lab, story))
    meddle(lab, lambda rows: rows.put(severity=_first(rows.severity, 4)))
    assert set(events(lab, ran(lab, story))) == {"recast"}


def _flagged(flags: int, rows: Findings) -> Findings:
    return rows.put(flags=_first(rows.flags, flags))


def _first(column: Any, value: int) -> Any:
    """The column with another value in its first rows."""
    return np.concatenate((np.full(5, value, dtype=column.dtype), column[5:]))


def test_a_recast_of_what_was_reopened_or_fixed_is_not_counted_again(lab: Lab) -> None:
    lab.emulator.estate.evolve(5)
    story = Story(lab)
    first = ran(lab, story)
    assert first.run.counts["fixed"]
    for source in Source:
        meddle(lab, lambda rows: rows.put(severity=(rows.severity + 1) % 5), source)
    report = ran(lab, story)
    assert set(events(lab, report)) == {"recast"}
    assert [report.run.counts[name] for name in ("new", "fixed", "reopened", "vanished")] == [0] * 4


def test_what_left_without_proof_has_vanished_and_may_return(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    rows = lab.emulator.estate.view.cumulative
    meddle(lab, lambda rows: rows.take(np.arange(len(rows)) >= 7))
    gone = ran(lab, story)
    assert events(lab, gone) == {"vanished": 7}
    assert (gone.run.counts["vanished"], gone.run.counts["fixed"]) == (7, 0)
    meddle(lab, lambda _rows: rows)
    back = ran(lab, story)
    assert events(lab, back) == {"returned": 7}
    assert states(lab)["vanished"] == 0


def test_what_was_fixed_stays_fixed_when_the_console_forgets_it(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    fixed = states(lab)["fixed"]
    assert fixed
    meddle(lab, lambda rows: rows.take(np.zeros(len(rows), dtype=bool)), Source.PATCHED)
    report = ran(lab, story)
    assert states(lab)["fixed"] == fixed
    assert not events(lab, report)


def test_a_repository_that_was_emptied_loses_its_findings_and_no_other_does(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    others = states(lab, "repository_id <> 1")
    _empty(lab, 1)
    report = ran(lab, story)
    assert set(states(lab, "repository_id = 1")) <= {"vanished", "fixed"}
    assert states(lab, "repository_id <> 1") == others
    assert events(lab, report)["vanished"] == report.run.counts["vanished"] > 0
    assert report.run.counts["fixed"] == 0


def test_a_console_that_was_emptied_is_told_as_it_is(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    meddle(lab, lambda rows: rows.take(np.zeros(len(rows), dtype=bool)))
    report = ran(lab, story)
    assert report.run.counts["open"] == 0
    assert set(states(lab)) == {"vanished", "fixed"}
    assert all(proof.agrees for proof in report.proofs)


def _empty(lab: Lab, number: int) -> None:
    hosts = lab.emulator.estate.view.stock.hosts.items
    homes = np.array([host.repository.id for host in hosts])
    meddle(lab, lambda rows: rows.take(homes[rows.host] != number))


def test_a_repository_out_of_sight_makes_nothing_vanish(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    every = [one.id for one in lab.emulator.estate.view.repositories]
    seen = [number for number in every if number != 1]
    view = lab.emulator.estate.view
    show_only(lab, *seen)
    # Nothing else changed, so that no repository needs to be read.
    report = ran(lab, story, visible=seen)
    assert set(events(lab, report)) == {"out_of_sight"}
    assert report.run.counts["vanished"] == report.run.counts["fixed"] == 0
    assert lab.ask("SELECT visible FROM repositories WHERE repository_id = 1") == [(False,)]
    quiet = ran(lab, story, visible=seen)
    assert not events(lab, quiet)
    lab.emulator.estate.publish(lambda now: replace(now, repositories=view.repositories))
    assert set(events(lab, ran(lab, story, visible=every))) == {"returned"}
    assert states(lab)["out_of_sight"] == 0


def test_all_repositories_out_of_sight_is_a_refusal_and_changes_nothing(lab: Lab) -> None:
    lab.sync()
    before = dumped(lab, without=frozenset())
    show_only(lab)
    report = lab.sync()
    assert isinstance(report.error, RefusedError)
    assert dumped(lab, without=frozenset()) == before


def test_a_narrower_scope_puts_findings_out_of_sight(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    lab.change(severities=(Severity.CRITICAL, Severity.HIGH))

    def severe(row: dict[str, Any]) -> bool:
        return int(row["severity"]["id"]) >= 3

    report = ran(lab, story, absent="out_of_sight", wanted=severe)
    assert report.run.counts["vanished"] == 0
    assert set(events(lab, report)) == {"out_of_sight"}
    lab.emulator.estate.evolve(1)
    ran(lab, story, wanted=severe)
    lab.change()
    assert "returned" in events(lab, ran(lab, story, absent="out_of_sight"))


def test_a_scope_without_a_repository_puts_that_one_out_of_sight(lab: Lab) -> None:
    story = Story(lab)
    ran(lab, story)
    lab.change(repositories=(1, 2))
    report = ran(lab, story, visible=(1, 2), absent="out_of_sight")
    assert set(events(lab, report)) == {"out_of_sight"}


def test_an_incremental_run_ends_like_a_full_one(tmp_path: Path) -> None:
    told = []
    for full in (False, True):
        with labs(tmp_path / str(full)) as make:
            lab = make(estate=estate(4))
            report = lab.sync()
            for days in (1, 2):
                lab.emulator.estate.evolve(days)
                report = lab.sync(full=full)
                assert report.error is None
            told.append((dumped(lab), report.run.counts, report.run.requests))
    (few, counts, asked), (all_, same, more) = told
    assert few == all_
    assert counts == same
    assert asked < more


def test_a_fresh_reading_shows_the_same_standing_as_one_grown_over_runs(tmp_path: Path) -> None:
    told = []
    for runs in ((1, 1), (2,)):
        with labs(tmp_path / str(len(runs))) as make:
            lab = make(estate=estate())
            for days in runs:
                lab.emulator.estate.evolve(days)
                lab.sync()
            told.append((dumped(lab, _TOLD), lab.shown("open", "reopened", "accepted")))
    assert told[0] == told[1]


_TOLD = [name for name in STANDING if name in {"repositories", "asset_lists", "ranges"}]


def test_earlier_snapshots_never_change(lab: Lab) -> None:
    kept: dict[int, list[Any]] = {}
    for _ in range(3):
        report = lab.sync()
        kept[report.run.number] = contents(lab, report.run.number)
        lab.emulator.estate.evolve(1)
    lab.sync(full=True)
    assert {number: contents(lab, number) for number in kept} == kept
    assert len({str(found) for found in kept.values()}) == len(kept)


def contents(lab: Lab, run: int) -> list[Any]:
    """Every row that a snapshot pins, by fingerprint."""
    [snapshot] = snapshots.as_of(run)
    found = []
    for name, pin in sorted(snapshot.tables.items()):
        files = [str(lab.settings.lake / file) for file in pin.files]
        query = "SELECT count(*), bit_xor(hash(t)) FROM read_parquet($files) t"
        told = duckdb.execute(query, {"files": files}).fetchone() if files else (0, None)
        assert told is not None
        assert told[0] == pin.rows
        found.append((name, told))
    return found


def test_facts_add_up_to_the_findings_of_their_run(lab: Lab) -> None:
    for _ in range(3):
        report = lab.sync()
        run = report.run.number
        by_repository = lab.ask(
            "SELECT repository_id, severity, state, sum(findings)::INT FROM facts "
            "WHERE run = $run AND list_id IS NULL GROUP BY ALL ORDER BY ALL",
            run=run,
        )
        assert by_repository == lab.ask(
            "SELECT repository_id, severity, state, count(*)::INT FROM findings "
            "GROUP BY ALL ORDER BY ALL"
        )
        by_list = lab.ask(
            "SELECT list_id, severity, state, sum(findings)::INT FROM facts "
            "WHERE run = $run AND repository_id IS NULL GROUP BY ALL ORDER BY ALL",
            run=run,
        )
        assert by_list == lab.ask(
            "SELECT list_id, severity, state, count(*)::INT FROM findings "
            "JOIN memberships USING (host) GROUP BY ALL ORDER BY ALL"
        )
        exploitable = "SELECT sum(exploitable)::INT FROM facts WHERE run = $run AND {}"
        flagged = "FROM findings JOIN plugins USING (plugin_id) {} WHERE exploit OR kev"
        for counted, joined in (
            ("list_id IS NULL", ""),
            ("repository_id IS NULL", "JOIN memberships USING (host)"),
        ):
            [(sums,)] = lab.ask(exploitable.format(counted), run=run)
            assert [(sums,)] == lab.ask(f"SELECT count(*) {flagged.format(joined)}")
            assert sums > 0
        assert lab.ask("SELECT count(*) FROM facts WHERE age_band IS NULL") == [(0,)]
        lab.emulator.estate.evolve(1)
    assert lab.ask("SELECT count(DISTINCT run) FROM facts") == [(3,)]


def test_a_host_is_known_as_the_console_last_told_it(lab: Lab) -> None:
    _tell_first_host(lab, ips="10.255.0.1,10.255.0.2", acr="9.0", credentialed=1_780_000_000)
    lab.sync()
    [before] = _first_host(lab)
    assert {"10.255.0.1", "10.255.0.2"} <= set(before[1])
    assert before[2:] == (9.0, True)
    _tell_first_host(lab, ips="10.255.0.3", acr="3.0", credentialed=0)
    lab.sync()
    [after] = _first_host(lab)
    assert set(after[1]) == {after[0], "10.255.0.3"}
    assert after[2:] == (3.0, False)


def _tell_first_host(lab: Lab, **told: Any) -> None:
    hosts = lab.emulator.estate.view.stock.hosts
    place = int(lab.emulator.estate.view.cumulative.host[0])
    host = replace(hosts.items[place], uncredentialed=1_770_000_000, **told)
    meddle(lab, lambda rows: rows)
    hosts.replace(place, host)


def _first_host(lab: Lab) -> list[tuple[Any, ...]]:
    place = int(lab.emulator.estate.view.cumulative.host[0])
    host = lab.emulator.estate.view.stock.hosts.items[place]
    return lab.ask(
        "SELECT ip, ips, acr, credentialed FROM aliases WHERE repository_id = $home AND ip = $ip "
        "AND coalesce(dns_name, '') = $dns",
        home=host.repository.id,
        ip=host.ip,
        dns=host.dns,
    )


def test_two_outputs_at_one_place_are_two_findings(lab: Lab) -> None:
    stock = lab.emulator.estate.view.stock
    other = stock.add_text("<plugin_output>another</plugin_output>")
    meddle(lab, lambda rows: rows.plus(rows.take(np.array([0])).put(text=other, verbatim=-1)))
    report = lab.sync()
    assert report.error is None
    assert lab.shown() == lab.truth()
    assert not events(lab, lab.sync(full=True))


def test_mobile_repositories_alone_are_a_refusal(lab: Lab) -> None:
    lab.sync()
    before = lab.shown()
    mobile = [
        one.id for one in lab.emulator.estate.view.repositories if one.data_format == "mobile"
    ]
    assert mobile
    show_only(lab, *mobile)
    report = lab.sync()
    assert isinstance(report.error, RefusedError)
    assert "mobile" in report.error.what
    assert lab.shown() == before

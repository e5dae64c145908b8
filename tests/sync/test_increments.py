"""Runs that read only what may have changed end where a fresh reading of everything would."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab import labs, only
from story import Story, meddle

from plumbline.domain.finding import Source
from plumbline.domain.run import RunMode, RunState
from plumbline.emulator.estate import Estate
from plumbline.errors import RefusedError
from plumbline.ledger import evidence, runs
from plumbline.tables import FINDINGS
from rounds import rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab import Lab, MakeLab

    from plumbline.emulator.findings import Findings
    from plumbline.sync.run import Report

pytestmark = pytest.mark.network

NOW = 1_790_000_000
DAY = 86_400
OURS = {"console", "finding", "host", "alias", "opened_run", "changed_run"}
COLUMNS = [name for name in FINDINGS.names if name not in OURS]
NAMES = ["dns_name", "netbios_name", "mac", "uuid", "host_uuid", "host_uniqueness"]


def estate(hosts: int = 8, seed: int = 5, findings: int = 8) -> Estate:
    made = Estate.generated(hosts=hosts, seed=seed, findings_per_host=findings, now=NOW)
    made.own_time = True
    return only(made, 1, 2, 5, 7)


def told(lab: Lab, connection: str = "lab") -> Counter[str]:
    """Every finding that the console still tells, in every column that is the console's."""
    wanted = [f"f.{name}::TEXT" for name in COLUMNS] + [f"a.{name}::TEXT" for name in NAMES]
    rows = lab.ask(
        f"SELECT {', '.join(wanted)} FROM findings f JOIN aliases a USING (alias) WHERE f.told",  # noqa: S608 - our own names
        connection=connection,
    )
    return Counter(map(repr, rows))


def fresh(lab: Lab) -> Counter[str]:
    """The same as a connection tells it that has never read this console."""
    name = f"fresh{len(runs.listing())}"
    lab.again(name)
    report = lab.sync(name=name)
    assert report.error is None, report.error
    assert report.run.mode is RunMode.FULL
    return told(lab, name)


def partly(make_lab: MakeLab, **more: Any) -> Lab:
    """A lab whose repositories are read in part, however small they are."""
    more.setdefault("estate", estate())
    lab = make_lab(**more)
    lab.settings = replace(lab.settings, whole_below=0)
    return lab


def followed(lab: Lab, story: Story, *, full: bool = False, **seen: Any) -> Report:
    """One run that the story agrees with; a partial one shows what a fresh reading would."""
    report = lab.sync(full=full)
    assert report.error is None, report.error
    story.run(report.run.number, **seen)
    story.check()
    if report.run.mode is RunMode.INCREMENTAL:
        assert told(lab) == fresh(lab)
    return report


@dataclass(frozen=True, slots=True)
class Step:
    """What happens at the console between two runs, and how it is read then."""

    actions: list[tuple[str, int]]
    full: bool
    fault: str
    overlap: int


ACTIONS = (
    *("evolve", "rule", "drop", "late", "long", "expire", "purge", "retire", "both", "sight"),
    *("rename", "unname"),
)
FAULTS = ("error-500", "reset", "shuffle", "duplicate-rows", "truncated-json", "vanish:once")
steps = st.builds(
    Step,
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 2**20)), min_size=1, max_size=3),
    st.sampled_from([False, False, False, True]),
    st.sampled_from(["", "", *FAULTS]),
    st.sampled_from([1, 24, 48, 96]),
)


def act(lab: Lab, name: str, number: int) -> None:
    """Let one thing happen, drawn by a number."""
    made, moves = lab.emulator.estate, bool(number & 1)
    things: dict[str, Callable[[], object]] = {
        "evolve": lambda: made.evolve(1 + number % 3, change=0.05),
        "rule": lambda: _rule(made, number, moves=moves),
        "drop": lambda: _drop(made, number, moves=moves),
        "late": lambda: made.import_late(1 + number % 7),
        "long": lambda: made.import_long(10 + number % 60),
        "expire": lambda: made.expire(active=3 + number % 20, moves=moves),
        "purge": lambda: made.expire(mitigated=3 + number % 20, moves=moves),
        "retire": lambda: made.retire_host(_host(made, number), moves=moves),
        "both": lambda: _both(lab, number),
        "rename": lambda: made.rename_host(_host(made, number), f"renamed-{number}.example"),
        "unname": lambda: made.rename_host(_host(made, number), ""),
        "sight": lambda: _look(made, number),
    }
    things[name]()


def _drop(made: Estate, number: int, *, moves: bool) -> None:
    if made.view.rules:
        made.drop_rule(made.view.rules[number % len(made.view.rules)].id, moves=moves)


def _host(made: Estate, number: int) -> int:
    there = np.unique(made.view.cumulative.host)
    return int(there[number % len(there)])


def _rule(made: Estate, number: int, *, moves: bool) -> None:
    rows = made.view.cumulative
    plugin = made.view.stock.plugins.items[int(rows.plugin[number % len(rows)])].id
    if number % 3:
        made.accept_risk(plugin, f"accepted {number}", moves=moves)
    else:
        made.recast_risk(plugin, number % 5, f"recast {number}", moves=moves)


def _both(lab: Lab, number: int) -> None:
    """Some open findings lie among the mitigated, too."""
    rows = lab.emulator.estate.view.cumulative
    some = rows.take(np.array([number % len(rows)])).put(mitigated=NOW - 40 * DAY)
    meddle(
        lab,
        lambda known: known.plus(some.take(~np.isin(some.keys(), known.keys()))),
        Source.PATCHED,
    )


def _look(made: Estate, number: int) -> None:
    if made.view.hidden:
        made.show(made.view.hidden[0].id)
    else:
        made.hide(made.view.repositories[number % len(made.view.repositories)].id)


@settings(
    max_examples=rounds(2, soak=12),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 999), st.lists(steps, min_size=2, max_size=4))
def test_any_chain_of_runs_ends_like_a_fresh_reading(seed: int, chain: list[Step]) -> None:
    with TemporaryDirectory() as folder, labs(Path(folder)) as make:
        lab = partly(make, estate=estate(seed=seed))
        story = Story(lab)
        followed(lab, story, **_seen(lab))
        for step in chain:
            for name, number in step.actions:
                act(lab, name, number)
            lab.settings = replace(lab.settings, overlap_hours=step.overlap)
            if step.fault:
                lab.emulator.add_fault(step.fault)
            report = lab.sync(full=step.full)
            lab.emulator.clear_faults()
            if report.error is None:
                story.run(report.run.number, **_seen(lab))
                story.check()
                assert told(lab) == fresh(lab)


def _seen(lab: Lab) -> dict[str, Any]:
    return {"visible": [one.id for one in lab.emulator.estate.view.repositories]}


def oddities(report: Report) -> set[str]:
    """What a run noted, numbers left out."""
    return {re.sub(r"\d+", "N", one.kind) for one in evidence.oddities(report.run.number)}


def asked(lab: Lab, since: int) -> list[str]:
    """The readings of findings asked for since then."""
    found = (one.summary for one in lab.emulator.requests[since:])
    return [summary for summary in found if summary.startswith("vulndetails")]


def test_what_was_seen_since_is_all_that_is_read_of_a_changed_repository(
    make_lab: MakeLab,
) -> None:
    lab = partly(make_lab)
    story = Story(lab)
    first = followed(lab, story)
    lab.emulator.estate.evolve(6, change=0.0, reach=1.0)
    lab.emulator.estate.evolve(1, change=0.05, reach=0.3)
    followed(lab, story)
    lab.emulator.estate.evolve(1, change=0.05, reach=0.3)
    since = len(lab.emulator.requests)
    report = lab.sync()
    assert report.run.mode is RunMode.INCREMENTAL
    readings = asked(lab, since)
    assert readings
    assert all("lastSeen=" in one or "lastMitigated=" in one or " ip=" in one for one in readings)
    assert 0 < report.run.rows < first.run.rows
    story.run(report.run.number)
    story.check()


def test_a_small_repository_is_read_whole(make_lab: MakeLab) -> None:
    lab = make_lab(estate=estate())
    lab.sync()
    lab.emulator.estate.evolve(1)
    since = len(lab.emulator.requests)
    assert lab.sync().run.mode is RunMode.INCREMENTAL
    assert asked(lab, since)
    assert not any("lastSeen=" in one or "lastMitigated=" in one for one in asked(lab, since))


def test_a_part_alone_closes_nothing_and_the_host_that_differs_is_read_whole(
    make_lab: MakeLab,
) -> None:
    lab = partly(make_lab, estate=estate(hosts=20))
    story = Story(lab)
    followed(lab, story)
    meddle(lab, lambda rows: rows.take(np.arange(len(rows)) >= 1))
    since = len(lab.emulator.requests)
    report = followed(lab, story)
    assert report.run.counts["vanished"] == 1
    apart = [one for one in asked(lab, since) if " ip=" in one]
    assert {one.split()[1] for one in apart} == {"cumulative", "patched"}
    assert "hosts of repository N read whole: their counts differed" in oddities(report)
    [(cause, shown)] = lab.ask(
        "SELECT cause, evidence FROM events WHERE run = $run AND event = 'vanished'",
        run=report.run.number,
    )
    assert re.fullmatch(
        r"absent from host \S+ of repository \d+, which was read whole in both stores", cause
    )
    assert re.fullmatch(r"both stores, host \S+ of repository \d+ read whole", shown)


def test_what_the_console_purges_stays_fixed_and_is_not_told_any_more(make_lab: MakeLab) -> None:
    lab = partly(make_lab, estate=estate(hosts=20))
    story = Story(lab)
    followed(lab, story)
    fixed = lab.ask("SELECT count(*) FROM findings WHERE state = 'fixed' AND told")
    lab.emulator.estate.expire(mitigated=1)
    report = followed(lab, story)
    assert report.run.counts["vanished"] == report.run.counts["fixed"] == 0
    assert lab.ask("SELECT count(*) FROM findings WHERE state = 'fixed' AND NOT told") == fixed
    assert fixed > [(0,)]


def test_a_rule_is_noticed_though_nothing_was_imported(make_lab: MakeLab) -> None:
    lab = partly(make_lab)
    story = Story(lab)
    followed(lab, story)
    view = lab.emulator.estate.view
    plugin = view.stock.plugins.items[int(view.cumulative.plugin[0])].id
    rule = lab.emulator.estate.accept_risk(plugin, "until the move")
    report = followed(lab, story)
    causes = "SELECT DISTINCT event, cause FROM events WHERE run = $run"
    assert lab.ask(causes, run=report.run.number) == [
        ("accepted", "accept-risk rule: until the move")
    ]
    lab.emulator.estate.drop_rule(rule.id)
    report = followed(lab, story)
    assert {event for event, _ in lab.ask(causes, run=report.run.number)} == {"unaccepted"}


def test_an_import_later_than_the_overlap_moves_last_sightings_all_the_same(
    make_lab: MakeLab,
) -> None:
    lab = partly(make_lab, estate=estate(hosts=12))
    lab.settings = replace(lab.settings, overlap_hours=1)
    hosts, rows = lab.emulator.estate.view.stock.hosts, lab.emulator.estate.view.cumulative
    place = int(rows.host[rows.last.argmin()])
    old, late = int(rows.last[rows.host == place].max()), NOW - 5 * DAY
    assert old < late
    hosts.replace(place, replace(hosts.items[place], credentialed=0, uncredentialed=old))
    assert lab.sync().error is None
    # Every finding of the host is seen again by a scan that is older than the part to be read.
    hosts.replace(place, replace(hosts.items[place], uncredentialed=late))
    meddle(lab, lambda now: now.put(last=np.where(now.host == place, late, now.last), verbatim=-1))
    report = lab.sync()
    assert report.run.mode is RunMode.INCREMENTAL
    assert told(lab) == fresh(lab)


@pytest.mark.parametrize("seen", [0, 1])
def test_two_outputs_at_one_place_are_told_apart_by_the_whole_host(
    make_lab: MakeLab, seen: int
) -> None:
    lab = partly(make_lab)
    lab.settings = replace(lab.settings, overlap_hours=1)
    stock = lab.emulator.estate.view.stock
    other = stock.add_text("<plugin_output>another</plugin_output>")
    place = int(lab.emulator.estate.view.cumulative.last.argmin())

    def doubled(rows: Findings) -> Findings:
        return rows.plus(rows.take(np.array([place])).put(text=other, verbatim=-1)).ordered()

    def one_seen_again(rows: Findings) -> Findings:
        keys = rows.keys()
        twins = np.flatnonzero(np.isin(keys, keys[rows.text == other]))
        last = rows.last.copy()
        last[twins[seen]] = NOW
        return rows.put(last=last, verbatim=-1)

    meddle(lab, doubled)
    assert lab.sync().error is None
    meddle(lab, one_seen_again)
    report = lab.sync()
    assert report.error is None, report.error
    assert report.run.mode is RunMode.INCREMENTAL
    assert told(lab) == fresh(lab)


def test_what_slides_out_of_the_look_back_is_out_of_sight(make_lab: MakeLab) -> None:
    lab = partly(make_lab, estate=estate(hosts=24), look_back_days=4)
    assert lab.sync().error is None
    for full in (False, True):
        lab.emulator.estate.evolve(1, change=0.01, reach=0.1)
        report = lab.sync(full=full)
        assert report.error is None, report.error
        assert told(lab) == fresh(lab)
        found = lab.ask(
            "SELECT event, cause LIKE 'last seen at %, before the look-back, %', count(*) "
            "FROM events WHERE run = $run AND after IN ('vanished', 'out_of_sight') GROUP BY ALL",
            run=report.run.number,
        )
        assert [one[:2] for one in found] == [("out_of_sight", True)]


def test_a_narrower_group_hides_and_never_makes_vanish(make_lab: MakeLab) -> None:
    lab = partly(make_lab)
    first = lab.sync()
    assert runs.get(first.run.number).sight["group"] == "0 Full Access"
    assert runs.get(first.run.number).rows == first.run.rows > 0
    hidden = lab.emulator.estate.view.stock.hosts.items[_host(lab.emulator.estate, 1)].ip
    every = {host.ip for host in lab.emulator.estate.view.stock.hosts.items if ":" not in host.ip}
    lab.emulator.estate.assign(
        group=3, group_name="Branch", ranges=",".join(sorted(every - {hidden}))
    )
    report = lab.sync()
    assert report.error is None, report.error
    assert told(lab) == fresh(lab)
    assert report.run.counts["vanished"] == 0
    [(event, cause)] = lab.ask(
        "SELECT DISTINCT event, cause FROM events WHERE run = $run", run=report.run.number
    )
    assert event == "out_of_sight"
    assert cause == ("what the keys can see changed: group from '0 Full Access' to '3 Branch'")
    lab.emulator.estate.assign(group=0, group_name="Full Access", ranges="")
    back = lab.sync()
    assert {
        e for (e,) in lab.ask("SELECT event FROM events WHERE run = $r", r=back.run.number)
    } == {"returned"}


def test_a_console_that_refuses_epochs_is_asked_in_days(make_lab: MakeLab) -> None:
    lab = partly(make_lab)
    story = Story(lab)
    followed(lab, story)
    lab.emulator.add_fault("no-epoch")
    lab.emulator.estate.evolve(2, change=0.05)
    since = len(lab.emulator.requests)
    followed(lab, story)
    assert any(re.search(r"lastSeen=0:\d+", one) for one in asked(lab, since))


SURVIVED = (*FAULTS, "short-page", "no-totals", "moving-total:once", "locked-403", "extra-row")
ANY_REQUEST = ("error-500", "reset", "truncated-json", "locked-403")
"""Those which do not depend on what is read: in `make test`, whole runs alone have them."""


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=[pytest.mark.soak] * (one in ANY_REQUEST)) for one in SURVIVED],
)
def test_a_fault_that_passes_leaves_the_truth(make_lab: MakeLab, fault: str) -> None:
    lab = partly(make_lab, page=30)
    assert lab.sync().error is None
    lab.emulator.estate.evolve(2, change=0.1)
    lab.emulator.add_fault(fault)
    report = lab.sync()
    assert report.error is None, report.error
    assert report.run.mode is RunMode.INCREMENTAL
    assert lab.shown() == lab.truth()
    assert all(proof.agrees for proof in report.proofs)


@pytest.mark.parametrize("fault", ["short-page:always", "moving-total:always", "no-totals:always"])
def test_a_part_that_cannot_be_proven_publishes_nothing(make_lab: MakeLab, fault: str) -> None:
    lab = partly(make_lab)
    lab.sync()
    before = told(lab)
    lab.emulator.estate.evolve(2, change=0.1)
    lab.emulator.add_fault(fault)
    report = lab.sync()
    assert report.run.state is RunState.INCOMPLETE
    assert told(lab) == before
    lab.emulator.clear_faults()
    assert lab.sync().error is None
    assert lab.shown() == lab.truth()


def test_a_stopped_run_goes_on_from_the_parts_it_had_staged(make_lab: MakeLab) -> None:
    lab = partly(make_lab, page=20)
    lab.sync()
    lab.emulator.estate.evolve(2, change=0.1)
    lab.emulator.add_fault("revoke-after:35")
    since = len(lab.emulator.requests)
    assert isinstance(lab.sync().error, RefusedError)
    read = {_window(one) for one in asked(lab, since)}
    staged = {path.parts[-3] for path in lab.settings.home.glob("staging/lab/r*/pass-*/*.json")}
    assert any("-from" in name for name in staged)
    lab.emulator.clear_faults()
    again = len(lab.emulator.requests)
    report = lab.sync()
    assert report.error is None, report.error
    assert len(read & {_window(one) for one in asked(lab, again)}) <= _IN_HAND
    assert len(read) > _IN_HAND
    assert lab.shown() == lab.truth()
    assert told(lab) == fresh(lab)


_IN_HAND = 2
"""Lost with a run: the page in hand, and the one that was asked for beside it."""


def _window(summary: str) -> str:
    """Store, window, repository and start of what was asked for; its end is tomorrow's."""
    return re.sub(r"-\d{10}", "", summary)

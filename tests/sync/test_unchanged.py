"""What has not changed is not read again; what has is found out even when nobody says so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from dumped import dumped
from story import meddle

from plumbline.config.settings import Settings
from plumbline.domain.run import RunMode, RunState
from plumbline.emulator.estate import Estate
from plumbline.ledger import runs, snapshots
from plumbline.sync.memory import Memory
from plumbline.sync.plan import Increments, is_full_due

if TYPE_CHECKING:
    from lab import Lab, MakeLab

pytestmark = pytest.mark.network


@pytest.fixture
def lab(make_lab: MakeLab) -> Lab:
    lab = make_lab(estate=Estate.generated(hosts=3, seed=5, findings_per_host=20))
    assert lab.sync().run.mode is RunMode.FULL
    return lab


def read_since(lab: Lab, since: int) -> set[int]:
    """Repositories whose findings were asked for since then."""
    asked = [one.summary for one in lab.emulator.requests[since:]]
    told = (re.match(r"vulndetails .* repositoryIDs=(\d+)", summary) for summary in asked)
    return {int(found[1]) for found in told if found}


def test_an_unchanged_console_costs_ten_requests_at_most(lab: Lab) -> None:
    before = dumped(lab)
    report = lab.sync()
    assert report.error is None
    assert report.run.state is RunState.COMPLETE
    assert report.run.mode is RunMode.INCREMENTAL
    assert report.run.requests <= 10
    after = dumped(lab)
    assert {n for n in before if before[n] != after[n]} == {"facts"}
    assert len(after["facts"]) == 2 * len(before["facts"])
    first = runs.get(report.run.number - 1)
    same = ("open", "hosts", "plugins", "lists")
    assert {n: report.run.counts[n] for n in same} == {n: first.counts[n] for n in same}
    assert [report.run.counts[n] for n in ("new", "fixed", "reopened", "vanished")] == [0] * 4


def test_an_unchanged_console_is_proven_all_the_same(lab: Lab) -> None:
    first = {(p.repository_id, p.source, p.severity): p.console for p in lab.sync(full=True).proofs}
    report = lab.sync()
    told = {(p.repository_id, p.source, p.severity): p.console for p in report.proofs}
    assert told == first
    assert all(proof.agrees for proof in report.proofs)


def test_only_the_repository_that_moved_is_read(lab: Lab) -> None:
    changed = lab.emulator.estate.evolve(1).repositories
    since = len(lab.emulator.requests)
    report = lab.sync()
    assert report.run.mode is RunMode.INCREMENTAL
    assert read_since(lab, since) <= set(changed)
    assert len(changed) < len(lab.emulator.estate.view.repositories)
    assert lab.shown() == lab.truth()
    unchanged = len(lab.emulator.requests)
    assert lab.sync().run.requests <= 10
    assert not read_since(lab, unchanged)


def test_counts_that_differ_without_a_word_make_it_read_anew(lab: Lab) -> None:
    meddle(lab, lambda rows: rows.take(np.arange(len(rows)) >= 3), told=False)
    report = lab.sync()
    assert report.error is None
    assert report.run.counts["vanished"] == 3
    assert lab.shown("open", "reopened", "accepted", "fixed") == lab.truth()


def test_a_full_run_reads_everything_though_nothing_moved(lab: Lab) -> None:
    before, since = dumped(lab), len(lab.emulator.requests)
    report = lab.sync(full=True)
    holding = {r for r, _ in lab.emulator.estate.counts()}
    assert report.run.mode is RunMode.FULL
    assert read_since(lab, since) >= holding
    after = dumped(lab)
    assert {n for n in before if before[n] != after[n]} == {"facts"}


def test_another_scope_makes_the_next_run_a_full_one(lab: Lab) -> None:
    lab.change(repositories=(1,))
    assert lab.sync().run.mode is RunMode.FULL
    assert lab.sync().run.mode is RunMode.INCREMENTAL


def test_lists_that_changed_are_read_without_reading_findings(lab: Lab) -> None:
    lists = lab.emulator.estate.view.lists
    lab.emulator.estate.publish(lambda view: replace(view, lists=lists[1:]))
    since = len(lab.emulator.requests)
    report = lab.sync()
    assert report.error is None
    assert not read_since(lab, since)
    assert report.run.counts["lists"] == len(lists) - 1
    told = {number for (number,) in lab.ask("SELECT list_id FROM asset_lists")}
    assert told == {one.id for one in lists[1:]}


@pytest.mark.usefixtures("lab")
def test_everything_is_read_anew_after_some_days() -> None:
    snapshot = snapshots.latest("lab")
    assert snapshot is not None
    memory = Memory.from_json(snapshot.plan)
    assert memory is not None
    began = snapshot.as_of
    every = Increments.of(Settings(full_every_days=3)).full_every
    soon, late = timedelta(days=3, minutes=-1), timedelta(days=3, minutes=1)
    assert not is_full_due(memory, memory.scope, began + soon, every)
    assert is_full_due(memory, memory.scope, began + late, every)
    assert is_full_due(memory, "another", began, every)
    assert is_full_due(None, memory.scope, began, every)


def test_a_memory_of_another_form_makes_the_next_run_a_full_one() -> None:
    assert Memory.from_json({"scope": 7}) is None
    assert Memory.from_json({}) is None

"""Rows in another order at every page, and rows told twice: exactly the truth all the same."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from lab import only

from plumbline.domain.run import RunMode, RunState
from plumbline.emulator.estate import Estate
from plumbline.errors import IncompleteError, RefusedError
from plumbline.ledger import evidence

if TYPE_CHECKING:
    from lab import Lab, MakeLab

pytestmark = pytest.mark.network

NOW = 1_790_000_000


SHOWN = """
SELECT source, ip, plugin_id, port, protocol, severity, epoch(last_seen), o.text
FROM findings LEFT JOIN outputs o USING (output)
"""


def estate(hosts: int = 8, findings: int = 12) -> Estate:
    made = Estate.generated(hosts=hosts, seed=5, findings_per_host=findings, now=NOW)
    made.own_time = True
    return only(made, 1, 2, 5, 7)


def once(lab: Lab) -> Counter[tuple[object, ...]]:
    """What the console holds, each row once; what is in both stores is open."""
    there = {fact[1:8] for fact in lab.truth() if fact[0] == "cumulative"}
    return Counter(
        fact for fact in lab.truth() if fact[0] == "cumulative" or fact[1:8] not in there
    )


@pytest.mark.parametrize("fault", ["shuffle", "unstable-order"])
@pytest.mark.parametrize("page", [None, 60, 7, 3])
def test_an_order_that_never_settles_is_read_around(
    make_lab: MakeLab, fault: str, page: int | None
) -> None:
    lab = make_lab(fault, page=page)
    report = lab.sync()
    assert report.error is None, report.error
    assert lab.shown() == lab.truth()
    assert all(proof.agrees for proof in report.proofs)


@pytest.mark.parametrize("page", [None, 7])
def test_increments_are_exact_too(make_lab: MakeLab, page: int | None) -> None:
    lab = make_lab("unstable-order", "repeated-row:2", estate=estate(), page=page)
    lab.settings = replace(lab.settings, whole_below=0)
    assert lab.sync().error is None
    for _ in range(3):
        lab.emulator.estate.evolve(1, change=0.05)
        report = lab.sync()
        assert report.error is None, report.error
        assert report.run.mode is RunMode.INCREMENTAL
        assert lab.shown() == once(lab)
        assert all(proof.agrees for proof in report.proofs)


def test_rows_told_twice_for_good_are_published_once_and_counted(make_lab: MakeLab) -> None:
    lab = make_lab("repeated-row:3", estate=estate())
    lab.settings = replace(lab.settings, whole_below=0)
    twice = len(list(lab.truth().elements())) - len(once(lab))
    assert twice == 3
    for number in range(4):
        report = lab.sync()
        assert report.error is None, report.error
        assert report.run.state is RunState.COMPLETE
        assert report.run.mode is (RunMode.INCREMENTAL if number else RunMode.FULL)
        assert lab.shown() == once(lab)
        assert sum(proof.repeated for proof in report.proofs) == twice
        assert all(proof.agrees for proof in report.proofs)
        odd = {one.kind: one for one in evidence.oddities(report.run.number)}
        assert not [kind for kind in odd if "read whole" in kind]
        lab.emulator.estate.import_late(1)


def test_a_console_that_drifts_once_meanwhile_is_read_right_too(make_lab: MakeLab) -> None:
    lab = make_lab("unstable-order", "vanish:1", "appear:1", estate=estate(), page=7)
    report = lab.sync()
    assert report.error is None, report.error
    assert lab.shown() == lab.truth()


def test_a_run_stopped_among_the_pieces_goes_on_behind_those_it_has(make_lab: MakeLab) -> None:
    lab = make_lab("unstable-order", estate=only(estate(), 1), page=7)
    undisturbed = lab.sync(full=True)
    assert undisturbed.error is None
    since = len(lab.emulator.requests)
    lab.again("other")
    assert lab.sync(name="other").error is None
    whole_run = len(lab.emulator.requests) - since
    lab.again("third")
    lab.emulator.add_fault(f"revoke-after:{whole_run - 12}")
    assert isinstance(lab.sync(name="third").error, RefusedError)
    staged = lab.settings.home / "staging" / "third"
    pieces = {path.parent for path in staged.glob("r1-*/cut-*/outcome.json")}
    assert pieces
    lab.emulator.clear_faults()
    lab.emulator.add_fault("unstable-order")
    since = len(lab.emulator.requests)
    report = lab.sync(name="third")
    assert report.error is None, report.error
    assert len(lab.emulator.requests) - since <= whole_run - len(pieces)
    assert Counter(tuple(row) for row in lab.ask(SHOWN, connection="third")) == Counter(
        tuple(row) for row in lab.ask(SHOWN)
    )


def test_what_no_filter_parts_is_told_with_the_advice_that_helps(make_lab: MakeLab) -> None:
    report = make_lab("unstable-order", estate=estate(), page=1).sync()
    assert isinstance(report.error, IncompleteError)
    assert re.search(r"Slice r\d-\w+-all: .* of the \d rows with severity=", report.error.what)
    assert "the order of rows changed from page to page" in report.error.what
    assert "--page-size 0" in (report.error.advice or "")


def test_an_order_that_stands_costs_no_request_more(make_lab: MakeLab) -> None:
    lab = make_lab(estate=estate(), page=7)
    assert lab.sync().error is None
    tools = Counter(one.summary.split()[0] for one in lab.emulator.requests if one.summary)
    assert "sumfamily" not in tools
    assert "sumid" not in tools

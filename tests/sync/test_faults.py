"""With each fault of a console: exactly the truth, or a state that says what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.domain.run import RunState
from plumbline.errors import IncompleteError, RefusedError

if TYPE_CHECKING:
    from lab import MakeLab

pytestmark = pytest.mark.network

SURVIVED = [
    "short-page",
    "extra-row",
    "no-totals",
    "duplicate-rows",
    "shuffle",
    "unstable-order",
    "vanish:once",
    "appear:once",
    "vanish:3",
    "appear:3",
    "moving-total:once",
    "error-500",
    "html-502",
    "locked-403",
    "locked-200",
    "rate-429",
    "reset",
    "reset-body",
    "truncated-json",
    "slow-body:0.05",
    "no-epoch",
    "unprepared-lists",
    "huge-output",
    "strange-text",
    "clock-skew:3600",
    "clock-skew:-3600",
    "old-version:5.20.0",
]


PAGING = SURVIVED[: SURVIVED.index("error-500")]
"""Those for which it matters how many pages there are."""


@pytest.mark.parametrize(
    ("fault", "page"),
    [
        *((one, 60) for one in SURVIVED),
        *(pytest.param(one, None, marks=pytest.mark.soak) for one in PAGING),
    ],
)
def test_a_fault_that_passes_leaves_exactly_the_truth(
    make_lab: MakeLab, fault: str, page: int | None
) -> None:
    lab = make_lab(fault, page=page)
    report = lab.sync()
    assert report.error is None, report.error
    assert report.run.state is RunState.COMPLETE
    assert lab.shown() == lab.truth()
    assert all(proof.agrees for proof in report.proofs)


@pytest.mark.parametrize("fault", ["short-page:always", "moving-total:always", "no-totals:always"])
def test_a_fault_that_stays_is_told_and_the_last_snapshot_served(
    make_lab: MakeLab, fault: str
) -> None:
    lab = make_lab()
    good = lab.sync()
    before = lab.shown()
    lab.emulator.add_fault(fault)
    report = lab.sync(full=True)
    assert good.run.state is RunState.COMPLETE
    assert report.run.state is RunState.INCOMPLETE
    assert isinstance(report.error, IncompleteError)
    assert any(sign.isdigit() for sign in report.error.what)
    assert lab.shown() == before


@pytest.mark.parametrize("fault", ["vanish:always", "appear:always"])
def test_a_console_that_never_rests_is_exact_or_told(make_lab: MakeLab, fault: str) -> None:
    lab = make_lab(fault, page=60)
    report = lab.sync()
    lab.emulator.clear_faults()
    if report.run.state is RunState.COMPLETE:
        assert lab.shown() == lab.truth()
    else:
        assert report.run.state is RunState.INCOMPLETE
        assert report.error is not None


@pytest.mark.parametrize(
    "fault", ["keys-disabled", "bad-keys", "bad-keys:400", "account-locked", "administrator"]
)
def test_a_refusal_ends_the_run_at_once_with_its_reason(make_lab: MakeLab, fault: str) -> None:
    lab = make_lab()
    lab.sync()
    before = lab.shown()
    lab.emulator.add_fault(fault)
    asked = len(lab.emulator.requests)
    report = lab.sync(full=True)
    assert isinstance(report.error, RefusedError)
    assert report.error.advice
    assert report.run.state is RunState.FAILED
    assert len(lab.emulator.requests) - asked <= 2
    assert lab.shown() == before


def test_keys_revoked_midway_stop_the_run_and_keep_the_snapshot(make_lab: MakeLab) -> None:
    lab = make_lab(page=60)
    lab.sync()
    before = lab.shown()
    lab.emulator.add_fault("revoke-after:20")
    asked = len(lab.emulator.requests)
    report = lab.sync(full=True)
    assert isinstance(report.error, RefusedError)
    assert len(lab.emulator.requests) - asked == 21
    assert lab.shown() == before


def test_no_repository_is_a_matter_of_rights(make_lab: MakeLab) -> None:
    report = make_lab("no-repository").sync()
    assert isinstance(report.error, RefusedError)
    assert "repository" in report.error.what


def test_nothing_is_ever_written_to_the_console(make_lab: MakeLab) -> None:
    lab = make_lab("error-500", "vanish:once")
    lab.sync()
    assert lab.emulator.writes_refused == 0
    assert {(r.method, r.path) for r in lab.emulator.requests if r.method != "GET"} == {
        ("POST", "/rest/analysis")
    }

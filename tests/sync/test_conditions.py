"""Runs against an emulated console, and what the health of the connection says of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from plumbline.domain.health import Cause, HealthState
from plumbline.ledger import health

if TYPE_CHECKING:
    from lab import Lab, MakeLab

    from plumbline.ledger.health import Health

pytestmark = pytest.mark.network


def look() -> Health:
    [found] = health.examine(datetime.now(UTC), timedelta(hours=48))
    return found


def told(lab: Lab) -> tuple[HealthState, list[Cause]]:
    """The state after another full run, and why it is no better."""
    lab.sync(full=True)
    found = look()
    return found.state, [reason.cause for reason in found.reasons]


def test_a_healthy_console(make_lab: MakeLab) -> None:
    lab = make_lab()
    assert told(lab) == (HealthState.ACTIVE, [])
    found, truth = look(), lab.truth()
    assert found.last_good is not None
    assert found.last_good.rows >= truth.total()
    assert sum(found.findings.values()) == sum(fact[0] == "cumulative" for fact in truth.elements())
    assert found.proof.agreeing == found.proof.totals > 0


def test_the_changes_of_a_day_are_counted(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.sync()
    lab.emulator.estate.evolve(5)
    report = lab.sync(full=True)
    [[changed]] = lab.ask(
        "SELECT count(*) FROM events WHERE run = $run AND before IS NOT NULL",
        run=report.run.number,
    )
    assert look().changes["changed"] == changed > 0


def test_keys_that_are_refused(make_lab: MakeLab) -> None:
    lab = make_lab()
    assert told(lab) == (HealthState.ACTIVE, [])
    lab.emulator.add_fault("keys-disabled")
    assert told(lab) == (HealthState.ERROR, [Cause.REFUSED])
    assert look().reasons[0].remedy
    lab.emulator.clear_faults()
    assert told(lab) == (HealthState.ACTIVE, [])


def test_a_console_whose_pages_stay_short(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.sync()
    lab.emulator.add_fault("short-page:always")
    assert told(lab) == (HealthState.DEGRADED, [Cause.INCOMPLETE])
    assert told(lab) == (HealthState.DEGRADED, [Cause.INCOMPLETE])
    assert told(lab) == (HealthState.ERROR, [Cause.FAILING])
    found = look()
    assert found.last_good is not None
    assert (found.last_good.number, found.failures) == (1, 3)


def test_a_console_that_is_gone_and_comes_back(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.sync()
    lab.emulator.add_fault("reset:always")
    assert told(lab) == (HealthState.DEGRADED, [Cause.FAILED])
    lab.emulator.clear_faults()
    assert told(lab)[0] is HealthState.ACTIVE


def test_a_console_that_never_let_us_in(make_lab: MakeLab) -> None:
    lab = make_lab("bad-keys")
    assert told(lab) == (HealthState.ERROR, [Cause.REFUSED, Cause.UNREAD])

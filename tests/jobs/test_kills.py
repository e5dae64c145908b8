"""A worker killed at a hundred random moments: nothing is stuck, and the end is the truth."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from crew import lives

from plumbline.ledger import jobs, runs, workers
from plumbline.terms.job import JobState
from plumbline.terms.run import RunState

if TYPE_CHECKING:
    from crew import MakeConsole, Workers
    from lab import Lab

    from plumbline.config.settings import Settings

pytestmark = pytest.mark.network

KILLS = 100
EARLY = 0.1
"""The share of workers that are killed by the clock, while they start."""


@pytest.mark.parametrize("seed", [20_261])
def test_a_hundred_kills_end_in_the_truth(
    settings: Settings, console: MakeConsole, crew: Workers, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a game of dice that can be played again
    lab = console(hosts=2, page=10)
    in_a_run = 0
    for _ in range(KILLS):
        jobs.start("lab", by="test", full=dice.random() < 0.5)
        before = len(lab.emulator.requests)
        number = crew.begin(settings)
        moment(lab, dice, before, number)
        crew.kill(number)
        in_a_run += len(lab.emulator.requests) > before
        if dice.random() < 0.2:
            lab.emulator.estate.evolve(1)
    crew.once(settings)
    assert jobs.find("lab") is None
    jobs.start("lab", by="test", full=True)
    crew.once(settings)
    check_peace()
    assert in_a_run > KILLS / 2
    last = jobs.listing("lab", 1)[0]
    assert last.state is JobState.COMPLETE, last
    assert lab.shown() == lab.truth()


def moment(lab: Lab, dice: random.Random, before: int, worker: int) -> None:
    """Wait for a random moment: in the start, between two requests, or while publishing."""
    if dice.random() < EARLY:
        time.sleep(dice.uniform(0.0, 0.3))
        return
    wanted, end = before + dice.randint(1, 30), time.monotonic() + 20
    while len(lab.emulator.requests) < wanted and time.monotonic() < end:
        if jobs.find("lab") is None or not lives(worker):
            return
        time.sleep(0.005)
    time.sleep(dice.choice((0.0, dice.uniform(0.0, 0.3))))


def check_peace() -> None:
    """Nothing is under way, nothing is stuck, and every run has an end."""
    assert workers.living() == ()
    assert runs.live("lab") is None
    assert runs.resumable("lab") is None
    assert all(run.state is not RunState.RUNNING for run in runs.listing("lab"))
    assert all(job.ended for job in jobs.listing("lab"))

"""Workers killed at many random steps: nothing is stuck, and the end is the truth."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from crew import lives, until
from fate import PHASES
from lab import only
from story import Story

from plumbline.domain.job import JobState
from plumbline.domain.run import RunState
from plumbline.ledger import jobs, runs, snapshots, workers
from rounds import rounds

if TYPE_CHECKING:
    from crew import MakeConsole, Workers
    from lab import Lab

    from plumbline.config.settings import Settings

pytestmark = pytest.mark.network

KILLS = {"sqlite": rounds(14, soak=80), "postgresql": rounds(6, soak=20)}
"""Twenty in all, and a hundred in `make soak`."""
NEVER = {"phase": "never", "step": 0}
BY_CLOCK = 0.2
"""The share of the kills that hit at any moment, inside native code, too."""


@dataclass(slots=True)
class Ordeal:
    """One worker after another, each killed, and what they published followed step by step."""

    lab: Lab
    crew: Workers
    dice: random.Random
    story: Story = field(init=False)
    steps: dict[str, int] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    followed: int = 0

    def __post_init__(self) -> None:
        self.story = Story(self.lab)

    @property
    def fewest(self) -> int:
        """How often the luckiest phase was hit."""
        return min(self.killed[phase] for phase in PHASES)

    def calibrate(self) -> None:
        """Count the steps of each phase of a run that nobody disturbs."""
        self.steps = self._work(NEVER)
        assert set(PHASES) <= set(self.steps)

    def kill_one(self) -> None:
        """Begin a worker, and kill it."""
        if self.dice.random() < BY_CLOCK:
            self._by_clock()
        else:
            self._by_step()
        self.follow()
        if self.dice.random() < 0.3:
            self.lab.emulator.estate.evolve(1)

    def finish(self) -> None:
        """Let one worker come to the end of what is due."""
        self._work(NEVER)

    def follow(self) -> None:
        """Work out what should have become of each finding, if a run was published."""
        found = snapshots.latest("lab")
        if found is not None and found.run != self.followed:
            self.followed = found.run
            self.story.run(found.run)

    def _by_step(self) -> None:
        phase = self.dice.choice([name for name in PHASES if self.killed[name] == self.fewest])
        step = self.dice.randrange(self.steps[phase])
        counts = self._work({"phase": phase, "step": step})
        if counts:
            # The first run had more to do than later ones: aim lower, down to where this one came.
            self.steps[phase] = max(counts.get(phase, 0), self.steps[phase] * 3 // 4)
        else:
            self.killed[phase] += 1

    def _by_clock(self) -> None:
        """At a moment that no step marks, up to half a second behind the first request."""
        jobs.start("lab", by="test", full=True)
        before = len(self.lab.emulator.requests)
        number = self.crew.begin(self.lab.settings)
        until(lambda: len(self.lab.emulator.requests) > before or not jobs.find("lab"))
        time.sleep(self.dice.uniform(0.0, 0.5))
        self.crew.kill(number)
        self.killed["by the clock"] += 1

    def _work(self, fate: dict[str, Any]) -> dict[str, int]:
        """Let a worker work until it dies or has no more to do; tells what it counted."""
        file = self.lab.settings.home / "fate.json"
        file.unlink(missing_ok=True)
        jobs.start("lab", by="test", full=True)
        told = fate | {"file": str(file)}
        number = self.crew.begin(self.lab.settings, once=True, fate=told)
        until(lambda: not lives(number))
        counts: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        return counts


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [20_261])
def test_many_kills_end_in_the_truth(
    settings: Settings, console: MakeConsole, crew: Workers, seed: int
) -> None:
    wanted = KILLS["postgresql" if settings.database_url else "sqlite"]
    lab = console(hosts=2, page=30)
    only(lab.emulator.estate, 1, 5)
    ordeal = Ordeal(lab, crew, random.Random(seed))  # noqa: S311 - can be played again
    ordeal.calibrate()
    ordeal.follow()
    while ordeal.killed.total() < wanted or ordeal.fewest < wanted / 20:
        ordeal.kill_one()
    ordeal.finish()
    ordeal.follow()
    check_peace()
    ordeal.finish()
    ordeal.follow()
    check_peace()
    assert jobs.listing("lab", 1)[0].state is JobState.COMPLETE
    assert ordeal.lab.shown() == ordeal.lab.truth()
    ordeal.story.check()


def check_peace() -> None:
    """Nothing is under way, nothing is stuck, and every run has an end."""
    assert workers.living() == ()
    assert workers.dead() == ()
    assert runs.live("lab") is None
    assert runs.resumable("lab") is None
    assert all(run.state is not RunState.RUNNING for run in runs.listing("lab"))
    assert jobs.find("lab") is None
    assert all(job.ended for job in jobs.listing("lab"))

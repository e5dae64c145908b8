"""A month on three consoles: at its end every state and date is as the consoles themselves know it.

`make test` has eight days on two consoles, on which all happens that can; `make soak` the month.

Each console lives through a script of days with rules, late scans, ends of life times, changes of
sight and outages; runs are full and incremental, some fail, some are killed. What Plumbline should
show is worked out from the chronicles, which the consoles keep apart from what they serve.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lab import Lab, only

from blank import settle
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys, Manners, Scope, WasMode
from plumbline.emulator import Emulator, Estate, Scenario
from plumbline.emulator.scenario import Deed
from plumbline.ledger import connections, opening, runs
from plumbline.ledger.opening import open_ledger
from plumbline.sync.run import Synchroniser
from rounds import SOAK, rounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from plumbline.emulator import Life
    from plumbline.sync.run import Report

pytestmark = pytest.mark.network

NOW = 1_790_000_000 // 86_400 * 86_400
SEEDS = (0, 1, 2) if SOAK else (7, 8)
"""One of each console."""
DAYS = rounds(8, soak=30)
WEEK = rounds(4, soak=7)
"""Days from one full run to the next."""
KILLS = rounds(1, soak=4)
"""Days of the month on which the first run is killed."""
PATIENCE = 30.0
"""Seconds after which a run is killed wherever it is: it may wait for a console that is down."""
STANDING = {"open", "reopened", "accepted"}
RUN = [sys.executable, "-c", "from plumbline.cli import main; main()", "sync"]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One finding as Plumbline shows it, or should."""

    state: str
    severity: int
    accepted: str | None
    recast: str | None
    first_seen: int
    last_seen: int
    mitigated_at: int | None


@dataclass(slots=True)
class Month:
    """One console, its connection, and what is known of it run after run."""

    name: str
    lab: Lab
    scenario: Scenario
    dice: np.random.Generator
    known: dict[Key, Shown] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    who: tuple[Any, ...] = ()
    deeds: set[Deed] = field(default_factory=set)

    def day(self, number: int, *, killed: bool) -> None:
        """One day: what happens at the console, then a run, again until one is published."""
        day = self.scenario.day()
        self.deeds.update(act.deed for act in day.acts)
        for fault in day.faults:
            self.lab.emulator.add_fault(fault)
        if killed:
            self._kill()
        full = number % WEEK == 0 or number == DAYS
        report = self._run(full=full)
        self.lab.emulator.clear_faults()
        if report.error is not None and (full or self.dice.random() < 0.6):
            report = self._run(full=full)
            assert report.error is None, (day, report.error)
        if report.error is None:
            self._learn()
        self.outcomes.update([report.run.mode.value if report.error is None else "failed"])

    def _run(self, *, full: bool) -> Report:
        home = Synchroniser(settings=self.lab.settings, sleep=lambda _s: None)
        return home.run(self.name, full=full)

    def _kill(self) -> None:
        """Start a run in a process of its own and kill it after some requests."""
        until = len(self.lab.emulator.requests) + int(self.dice.integers(1, 60))
        home = {"PLUMBLINE_HOME": str(self.lab.settings.home), "PLUMBLINE_WHOLE_BELOW": "0"}
        nowhere = subprocess.DEVNULL
        with subprocess.Popen(
            [*RUN, self.name], env=os.environ | home, stdout=nowhere, stderr=subprocess.PIPE
        ) as run:
            ends = time.monotonic() + PATIENCE
            while len(self.lab.emulator.requests) < until and run.poll() is None:
                if time.monotonic() > ends:
                    break
                time.sleep(0.002)
            run.send_signal(signal.SIGKILL)
            _, told = run.communicate()
        self.outcomes.update(["killed" if run.returncode == -signal.SIGKILL else "outlived"])
        assert b"Traceback" not in told
        if run.returncode == 0:
            self._learn()

    def _learn(self) -> None:
        """What a run that is published must have learned of every finding."""
        estate = self.lab.emulator.estate
        sight = estate.view.sight
        who = (sight.group, sight.role, sight.responsible)
        other, self.who = bool(self.who) and who != self.who, who
        for life in estate.chronicle(happenings=False):
            before = self.known.get(_key(life))
            if not life.hidden and life.state != "gone":
                self.known[_key(life)] = _told(life)
            elif before is not None and before.state in STANDING:
                away = life.hidden or other
                state = "out_of_sight" if away else "vanished"
                self.known[_key(life)] = replace(before, state=state)

    def check(self) -> None:
        """Plumbline shows just what is known."""
        rows = self.lab.ask(_SHOWN, connection=self.name)
        shown = {tuple(row[:7]): _row(*row[7:]) for row in rows}
        assert len(shown) == len(rows)
        assert shown.keys() == self.known.keys()
        wrong = {key: (shown[key], one) for key, one in self.known.items() if shown[key] != one}
        assert not wrong, list(wrong.items())[:5]


_SHOWN = """
SELECT f.repository_id, f.ip, coalesce(a.uuid, ''),
  coalesce(a.host_uuid, ''), f.plugin_id, f.port, f.protocol, f.state, f.severity, f.accepted,
  f.accept_comment, f.recast, f.recast_comment, epoch(f.first_seen)::BIGINT,
  epoch(f.last_seen)::BIGINT, epoch(f.fixed_at)::BIGINT, f.fixed_by
FROM findings f JOIN aliases a USING (alias)
"""


def _row(*values: Any) -> Shown:
    state, severity, accepted, why, recast, what, first, last, fixed_at, fixed_by = values
    if fixed_by == "lastSeen":
        assert fixed_at == last
    assert (fixed_at is None) == (state != "fixed")
    return Shown(
        state=state,
        severity=severity,
        accepted=why if accepted else None,
        recast=what if recast else None,
        first_seen=first,
        last_seen=last,
        mitigated_at=fixed_at if fixed_by == "lastMitigated" else None,
    )


def _key(life: Life) -> Key:
    # Not by its name: a host that gets another one at its address is the same.
    host = (life.repository, life.ip, life.uuid, life.host_uuid)
    return (*host, life.plugin, life.port, life.protocol)


def _told(life: Life) -> Shown:
    return Shown(
        state=life.state,
        severity=life.severity,
        accepted=life.accepted,
        recast=life.recast,
        first_seen=life.first_seen,
        last_seen=life.last_seen,
        mitigated_at=None,
    )


@pytest.fixture
def months(tmp_path: Path) -> Iterator[list[Month]]:
    """The consoles, of one home."""
    settings = Settings(home=tmp_path / "home", whole_below=0, engine_threads=1)
    settle(settings.home)
    open_ledger(settings)
    with ExitStack() as stack:
        yield [_month(stack, settings, seed) for seed in SEEDS]
    opening.close()


def _month(stack: ExitStack, settings: Settings, seed: int) -> Month:
    estate = only(
        Estate.generated(hosts=5 + seed % 3, seed=seed, findings_per_host=10, now=NOW), 1, 5, 7
    )
    emulator = stack.enter_context(Emulator(estate))
    name = f"console{seed}"
    connection = Connection(
        name=name,
        address=Address(url=emulator.url),
        manners=Manners(page_size=None),
        scope=Scope(was=WasMode.INCLUDE),
    )
    connections.add(connection, Keys(emulator.access_key, emulator.secret_key))
    scenario = Scenario(estate, seed=seed)
    return Month(name, Lab(settings, emulator), scenario, np.random.default_rng(seed))


@pytest.mark.timeout(1_800)
def test_a_month_ends_as_the_consoles_know_it(months: list[Month]) -> None:
    for month in months:
        month.day(0, killed=False)
    dice = np.random.default_rng(1)
    kills = {int(day) for day in dice.choice(range(1, DAYS), KILLS, replace=False)}
    for number in range(1, DAYS + 1):
        for month in months:
            month.day(number, killed=number in kills)
            if number % WEEK == 0:
                month.check()
    for month in months:
        month.check()
        assert runs.live(month.name) is None
    outcomes = sum((month.outcomes for month in months), Counter[str]())
    assert outcomes["incremental"] > outcomes["full"] > len(SEEDS) * (DAYS // WEEK)
    assert outcomes["killed"]
    assert set[Deed]().union(*(month.deeds for month in months)) == set(Deed)
    states = {one.state for month in months for one in month.known.values()}
    assert states >= STANDING | {"fixed", "vanished", "out_of_sight"}

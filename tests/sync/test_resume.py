"""Killed at any moment, the next run goes on from the receipts and ends as if nothing had been."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from dumped import dumped
from lab import labs

from plumbline.domain.run import RunState
from plumbline.emulator.estate import Estate
from plumbline.lake.staging import Receipt
from plumbline.ledger import opening, runs
from rounds import SOAK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab import Lab, MakeLab

    from plumbline.sync.run import Report

pytestmark = pytest.mark.network

PAGE = 15
COMMAND = [sys.executable, "-c", "from plumbline.cli import main; main()", "sync", "lab"]
Moment = Callable[["Lab", int], bool]
"""Whether the moment has come, given the lab and the requests made before the process began."""


def estate() -> Estate:
    return Estate.generated(hosts=4, seed=3, findings_per_host=40, now=1_790_000_000)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What a run that nobody disturbs publishes, and how many requests it makes."""
    with labs(tmp_path_factory.mktemp("undisturbed")) as make:
        lab = make(estate=estate(), page=PAGE)
        report = lab.sync()
        assert report.error is None
        told = dumped(lab), report.run
    yield told
    opening.close()


def after_requests(number: int) -> Moment:
    return lambda lab, before: len(lab.emulator.requests) >= before + number


def after_receipts(number: int) -> Moment:
    return lambda lab, _before: len(receipts(lab)) >= number


def after_writing(table: str) -> Moment:
    return lambda lab, _before: any((lab.settings.lake / "lab" / table).glob("_delta_log/*.json"))


def staging(lab: Lab) -> Path:
    return lab.settings.home / "staging" / "lab"


def receipts(lab: Lab) -> set[tuple[str, str, int, int]]:
    """Repository, store and window of each page that was staged."""
    found = set()
    for path in staging(lab).glob("r*/pass-*/*.json"):
        _, number, source = path.parts[-3].replace("r", "r-", 1).split("-")[:3]
        try:
            receipt = msgspec.json.decode(path.read_bytes(), type=Receipt)
        except FileNotFoundError:  # forgotten between the listing and the reading
            continue
        found.add((number, source, receipt.start, receipt.end))
    return {one for one in found if one[1] in {"cumulative", "patched"}}


def pages(lab: Lab, since: int) -> list[tuple[str, str, int, int]]:
    """Repository, store and window of each page of findings asked for since then."""
    form = re.compile(r"vulndetails (\w+) \[(\d+), (\d+)\).* repositoryIDs=(\d+)")
    told = (form.match(one.summary) for one in lab.emulator.requests[since:])
    return [(m[4], m[1], int(m[2]), int(m[3])) for m in told if m]


def kill(lab: Lab, moment: Moment) -> None:
    """Start a run in a process of its own and kill it when the moment has come."""
    before = len(lab.emulator.requests)
    environment = {**os.environ, "PLUMBLINE_HOME": str(lab.settings.home)}
    with subprocess.Popen(COMMAND, env=environment, stderr=subprocess.PIPE) as process:
        while not moment(lab, before) and process.poll() is None:
            time.sleep(0.0005)
        process.kill()
        process.wait()
    if process.returncode == 0:
        pytest.skip("the machine is too busy: the run was over before the moment was seen")
    assert process.returncode == -signal.SIGKILL


def go_on(lab: Lab) -> Report:
    """The next run, which must not ask again for a page that has a receipt."""
    kept, since = receipts(lab), len(lab.emulator.requests)
    report = lab.sync()
    assert not kept.intersection(pages(lab, since))
    return report


def check_ledger(lab: Lab, report: Report) -> None:
    """Every run but the last was closed as failed, and nothing stands in the way of another."""
    assert report.error is None, report.error
    last, *dead = runs.listing("lab")
    assert last.number == report.run.number
    assert last.state is RunState.COMPLETE
    assert dead
    for run in dead:
        assert run.state is RunState.FAILED
        assert run.error
        assert run.ended
    assert runs.live("lab") is None
    assert runs.resumable("lab") is None
    assert not staging(lab).exists()


MOMENTS = {
    "while planning": after_requests(5),
    "at the first page": after_receipts(1),
    "half-way": after_receipts(6),
    "when outputs are written": after_writing("outputs"),
    "when events are written": after_writing("events"),
}


OFTEN = ("while planning", "half-way", "when events are written")
"""Moments of `make test`; `make soak` has all."""


@pytest.mark.parametrize("moment", MOMENTS if SOAK else OFTEN)
def test_a_run_killed_once_is_gone_on_with(
    make_lab: MakeLab, undisturbed: Any, moment: str
) -> None:
    tables, whole = undisturbed
    lab = make_lab(estate=estate(), page=PAGE)
    lab.emulator.set_pace(latency=0.005)
    kill(lab, MOMENTS[moment])
    staged = len(receipts(lab))
    report = go_on(lab)
    check_ledger(lab, report)
    assert report.run.requests <= whole.requests - staged
    assert lab.shown() == lab.truth()
    assert dumped(lab) == tables
    assert report.run.counts == whole.counts


KILLS = [
    after_requests(22),
    after_receipts(4),
    after_receipts(9),
    after_writing("aliases"),
    after_writing("findings"),
]


def test_a_run_killed_over_and_over_still_comes_to_its_end(
    make_lab: MakeLab, undisturbed: Any
) -> None:
    tables, _ = undisturbed
    lab = make_lab(estate=estate(), page=PAGE)
    lab.emulator.set_pace(latency=0.005)
    for moment in KILLS:
        kept, since = receipts(lab), len(lab.emulator.requests)
        kill(lab, moment)
        assert not kept.intersection(pages(lab, since))
        assert kept <= receipts(lab)
    report = go_on(lab)
    check_ledger(lab, report)
    # Lost with each process: the page in hand, and the one that was asked for beside it.
    assert len(pages(lab, 0)) <= len(set(pages(lab, 0))) + 2 * len(KILLS)
    assert lab.shown() == lab.truth()
    assert dumped(lab) == tables


@pytest.mark.parametrize(
    "moment",
    [after_receipts(5), pytest.param(after_writing("events"), marks=pytest.mark.soak)],
)
def test_a_console_that_changed_after_the_kill_is_read_as_it_is_now(
    make_lab: MakeLab, moment: Moment
) -> None:
    lab = make_lab(estate=estate(), page=PAGE)
    lab.emulator.set_pace(latency=0.005)
    kill(lab, moment)
    lab.emulator.estate.evolve(2)
    check_ledger(lab, lab.sync())
    assert lab.shown() == lab.truth()


def test_a_later_run_killed_while_publishing_leaves_no_trace_in_the_history(
    make_lab: MakeLab,
) -> None:
    lab = make_lab(estate=estate(), page=PAGE)
    lab.sync()
    before = dumped(lab)
    lab.emulator.estate.evolve(1)
    written = len(list((lab.settings.lake / "lab" / "events").glob("_delta_log/*.json")))
    log = lab.settings.lake / "lab" / "events" / "_delta_log"
    kill(lab, lambda _lab, _before: len(list(log.glob("*.json"))) > written)
    assert dumped(lab) == before
    report = lab.sync()
    assert report.error is None
    assert lab.shown() == lab.truth()
    dead = report.run.number - 1
    for table in ("events", "facts"):
        assert lab.ask(f"SELECT count(*) FROM {table} WHERE run = {dead}") == [(0,)]  # noqa: S608 - our own names
    assert lab.ask("SELECT count(*) = count(DISTINCT output) FROM outputs") == [(True,)]


def test_a_scope_edited_after_the_kill_adopts_nothing(make_lab: MakeLab) -> None:
    lab = make_lab(estate=estate(), page=PAGE)
    kill(lab, after_receipts(6))
    lab.change(repositories=(1, 2))
    since = len(lab.emulator.requests)
    report = lab.sync()
    check_ledger(lab, report)
    assert {one[0] for one in pages(lab, since)} == {"1", "2"}
    truth = {fact: n for fact, n in lab.truth().items() if fact[1] in {1, 2}}
    assert lab.shown() == truth


def test_what_an_ended_run_left_behind_is_not_read_again_as_new(
    make_lab: MakeLab, tmp_path: Path
) -> None:
    lab = make_lab(estate=estate(), page=PAGE)
    lab.emulator.set_pace(latency=0.005)
    kill(lab, after_writing("hosts"))
    shutil.copytree(staging(lab), tmp_path / "copy")
    assert lab.sync().error is None
    # As if it had been killed after publishing and before tidying up.
    shutil.copytree(tmp_path / "copy", staging(lab))
    since = len(lab.emulator.requests)
    report = lab.sync(full=True)
    assert report.error is None
    assert len(pages(lab, since)) > 8
    assert lab.shown() == lab.truth()

"""A full disk ends a run in words; what was published stays, and with room the next run is fine."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from story import meddle

from plumbline.domain.run import RunState
from plumbline.emulator.estate import Estate
from plumbline.errors import StorageError
from plumbline.ledger import runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab import Lab, MakeLab

    from plumbline.sync.run import Report

pytestmark = pytest.mark.network

MEGABYTE = 1_000_000
COMMAND = [sys.executable, "-c", "from plumbline.cli import main; main()", "sync", "lab"]


def estate() -> Estate:
    return Estate.generated(hosts=3, seed=5, findings_per_host=20)


@contextmanager
def small_disk(folder: Path, megabytes: int = 12) -> Iterator[Path]:
    """A disk of its own for a folder, with a file on it that can fill it."""
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={megabytes}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)],  # noqa: S607 - where it is differs
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield folder / "filler"
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607 - where it is differs


def fill(filler: Path, leave: int) -> None:
    """Leave so many bytes free on the disk that the file is on, whoever else writes meanwhile."""
    block = bytes(4096)
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(block):
                pass
        file.truncate(max(0, file.tell() - leave))


def check_failed(lab: Lab, report: Report, before: object) -> None:
    assert isinstance(report.error, StorageError), report.error
    assert report.error.advice
    assert "snapshot" in report.error.unchanged
    assert report.run.state is RunState.FAILED
    assert lab.shown() == before
    assert runs.live("lab") is None


def check_recovered(lab: Lab) -> None:
    report = lab.sync()
    assert report.error is None
    assert report.run.state is RunState.COMPLETE
    assert lab.shown() == lab.truth()


@pytest.mark.parametrize("leave", [0, pytest.param(8_000, marks=pytest.mark.soak), 60_000])
def test_a_disk_full_while_staging(make_lab: MakeLab, leave: int) -> None:
    lab = make_lab(estate=estate())
    with small_disk(lab.settings.home / "staging") as filler:
        lab.sync()
        before = lab.shown()
        lab.emulator.estate.evolve(2)
        fill(filler, leave)
        report = lab.sync(full=True)
        check_failed(lab, report, before)
        assert "full" in report.error.what  # type: ignore[union-attr]
        filler.unlink()
        check_recovered(lab)


@pytest.mark.parametrize("leave", [0, pytest.param(20_000, marks=pytest.mark.soak), 90_000])
def test_a_disk_full_while_publishing(make_lab: MakeLab, leave: int) -> None:
    lab = make_lab(estate=estate())
    with small_disk(lab.settings.lake) as filler:
        lab.sync()
        before = lab.shown()
        lab.emulator.estate.evolve(2)
        fill(filler, leave)
        report = lab.sync(full=True)
        check_failed(lab, report, before)
        filler.unlink()
        check_recovered(lab)
        assert lab.ask("SELECT count(*) = count(DISTINCT output) FROM outputs") == [(True,)]


def test_a_disk_full_under_everything(make_lab: MakeLab, tmp_path: Path) -> None:
    with small_disk(tmp_path / "home", 30) as filler:
        lab = make_lab(estate=estate())
        lab.sync()
        before = lab.shown()
        lab.emulator.estate.evolve(2)
        fill(filler, 150_000)
        told = sync_apart(lab)
        assert told.returncode == 1
        assert b"Traceback" not in told.stderr
        assert lab.shown() == before
        filler.unlink()
        check_recovered(lab)
        assert {run.state for run in runs.listing("lab")} == {RunState.COMPLETE, RunState.FAILED}
        # The ledger's connection ends before its disk goes.
        from plumbline.ledger import opening  # noqa: PLC0415 - said above

        opening.close()


def sync_apart(lab: Lab, largest: int | None = None) -> subprocess.CompletedProcess[bytes]:
    """A run in a process of its own that may write no file larger than this."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.run(
        COMMAND,
        env={**os.environ, "PLUMBLINE_HOME": str(lab.settings.home)},
        capture_output=True,
        check=False,
        preexec_fn=limit,
    )


def print_much(lab: Lab, megabytes: float, places: int) -> None:
    """Let findings in as many repositories print so much that does not compress."""
    view = lab.emulator.estate.view
    homes = np.array([host.repository.id for host in view.stock.hosts.items])
    _, rows = np.unique(homes[view.cumulative.host], return_index=True)
    texts = view.cumulative.text.copy()
    for row in rows[:places]:
        text = secrets.token_hex(int(megabytes * MEGABYTE))
        texts[row] = view.stock.add_text(f"<plugin_output>{text}</plugin_output>")
    meddle(lab, lambda found: replace(found, text=texts))


@pytest.mark.parametrize(("megabytes", "places"), [(3, 1), (0.7, 4)], ids=["staging", "publishing"])
def test_files_that_may_not_grow_end_the_run_in_words(
    make_lab: MakeLab, megabytes: float, places: int
) -> None:
    lab = make_lab(estate=estate())
    lab.sync()
    before = lab.shown()
    print_much(lab, megabytes, places)
    told = sync_apart(lab, largest=MEGABYTE)
    assert told.returncode == 1, told.stderr
    assert b"Traceback" not in told.stderr
    assert b"Unchanged:" in told.stderr
    [last, _] = runs.listing("lab")
    assert last.state is RunState.FAILED
    assert last.error
    assert lab.shown() == before
    assert bool(list((lab.settings.lake / "lab" / "outputs").glob("*.parquet")))
    check_recovered(lab)

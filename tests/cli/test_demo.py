from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from plumbline.cli.demo import MARKER

if TYPE_CHECKING:
    from pathlib import Path

    from commandline import Run, Spawn

pytestmark = pytest.mark.network


def test_a_demo_ends_with_the_proven_posture_and_leaves_nothing_behind(
    spawn: Spawn, home: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    told = spawn("demo", "--hosts", "3", "--no-browser", TMPDIR=str(temporary))
    assert told.code == 0, told.err
    assert "run 1 complete" in told.out
    assert "run 2 complete" in told.out
    assert "totals agree with the console" in " ".join(told.out.split())
    assert "Open findings" in told.out
    assert list(temporary.iterdir()) == []
    assert not home.exists()


def test_a_demo_that_is_kept_can_be_asked_and_a_later_one_replaces_it(
    spawn: Spawn, home: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    demo = ("demo", "--hosts", "3", "--home", str(kept))
    assert spawn(*demo).code == 0
    # Settings of the user's own, even wrong ones, do not reach the demo.
    told = spawn(*demo, PLUMBLINE_ENGINE_MEMORY_MB="no")
    assert told.code == 0, told.err
    assert f"PLUMBLINE_HOME={kept}" in told.err
    runs = json.loads(spawn("runs", "--json", PLUMBLINE_HOME=str(kept)).out)["data"]
    assert [(run["run"], run["state"]) for run in runs] == [(2, "complete"), (1, "complete")]
    assert not home.exists()


def test_a_folder_with_anything_else_in_it_is_not_touched(plumbline: Run, tmp_path: Path) -> None:
    precious = tmp_path / "precious" / "letter.txt"
    precious.parent.mkdir()
    precious.write_text("dear")
    told = plumbline("demo", "--home", str(precious.parent))
    assert told.code == 2
    assert "is not empty" in told.err
    assert precious.read_text() == "dear"
    assert not (precious.parent / MARKER).exists()


def test_a_taken_port_is_named(plumbline: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = plumbline("demo", "--hosts", "1", "--port", port, "--home", str(tmp_path / "kept"))
    assert told.code == 3
    assert port in told.err

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from plumbline.cli.demo import MARKER

if TYPE_CHECKING:
    from pathlib import Path

    from commandline import Run, Spawn

pytestmark = pytest.mark.network
SMALL = ("--hosts", "3", "--weeks", "1", "--no-serve")


def test_a_demo_ends_with_the_proven_posture_and_leaves_nothing_behind(
    spawn: Spawn, home: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    told = spawn("demo", *SMALL, TMPDIR=str(temporary))
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
    kept = str(tmp_path / "kept")
    assert spawn("demo", *SMALL, "--home", kept).code == 0
    # Settings of the user's own, even wrong ones, do not reach the demo.
    later = ("demo", "--hosts", "3", "--weeks", "2", "--no-serve", "--home", kept)
    told = spawn(*later, PLUMBLINE_ENGINE_MEMORY_MB="no")
    assert told.code == 0, told.err
    assert f"PLUMBLINE_HOME={kept}" in told.err
    runs = json.loads(spawn("runs", "--json", PLUMBLINE_HOME=kept).out)["data"]
    assert [(run["run"], run["state"]) for run in runs] == [(n, "complete") for n in (3, 2, 1)]
    # Its history is dated by the week.
    ends = [datetime.fromisoformat(run["ended"]) for run in runs]
    starts = [datetime.fromisoformat(run["started"]) for run in runs]
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    today = datetime.now(UTC)
    assert today - starts[0] < timedelta(minutes=10)
    assert [(today.date() - start.date()).days for start in starts[1:]] == [7, 14]
    then = f"{starts[1] + timedelta(days=1):%Y-%m-%d}"
    asked = spawn("findings", "--as-of", then, "--json", PLUMBLINE_HOME=kept)
    assert asked.code == 0, asked.err
    assert not home.exists()


def test_it_ends_with_the_web_interface_signed_in_by_a_link(home: Path, tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "plumbline", "demo", *SMALL[:-1], "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PLUMBLINE_HOME": str(home), "TMPDIR": str(tmp_path)},
    )
    assert demo.stdout is not None
    try:
        link = next(line.strip() for line in demo.stdout if "/enter/" in line)
        visit = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
        )
        with visit.open(link, timeout=30) as answer:
            assert answer.url == link.partition("/enter/")[0] + "/"
            assert b"Overview" in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            visit.open(link, timeout=30)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    finally:
        demo.kill()
        demo.stdout.close()
    assert list(tmp_path.glob("plumbline-demo-*")) == []


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

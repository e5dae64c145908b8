from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from commandline import ACCESS, SECRET, Run, Spawn, Told

from blank import settle
from plumbline.cli import main
from plumbline.ledger.opening import close

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder that is not there yet, and no other setting."""
    for name in [name for name in os.environ if name.startswith("PLUMBLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    close()


@pytest.fixture
def settled(home: Path) -> Path:
    """The data folder with the ledger's tables in it already, for making them takes long."""
    settle(home)
    return home


@pytest.fixture
def plumbline(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line."""
    assert os.environ["PLUMBLINE_HOME"] == str(home)

    def run(*args: str) -> Told:
        with pytest.raises(SystemExit) as stop:
            main(args)
        told = capsys.readouterr()
        return Told(code=int(stop.value.code or 0), out=told.out, err=told.err)

    return run


@pytest.fixture
def spawn(home: Path) -> Spawn:
    """The command line in a process of its own."""

    def run(*args: str, stdin: str = "", **variables: str) -> Told:
        told = subprocess.run(
            [sys.executable, "-c", "from plumbline.cli import main; main()", *args],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PLUMBLINE_HOME": str(home), **variables},
        )
        return Told(code=told.returncode, out=told.stdout, err=told.stderr)

    return run


@pytest.fixture
def keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """API keys in the environment."""
    assert home.parent.exists()
    monkeypatch.setenv("PLUMBLINE_ACCESS_KEY", ACCESS)
    monkeypatch.setenv("PLUMBLINE_SECRET_KEY", SECRET)


@pytest.fixture
def lab(plumbline: Run, keys: None) -> str:
    """The name of a connection that was added."""
    assert keys is None
    told = plumbline("connection", "add", "lab", "--url", "https://sc.example")
    assert told.code == 0, told.err
    return "lab"

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from plumbline import __version__
from plumbline.cli import COMMANDS
from plumbline.cli.edge import guarded
from plumbline.cli.output import cell, clean
from plumbline.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from commandline import Run, Spawn


HEAVY = {"django", "duckdb", "ibis", "pyarrow", "deltalake", "cryptography", "urllib3", "rich"}


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_every_registered_command_can_be_imported_and_explains_itself(
    plumbline: Run, name: str
) -> None:
    told = plumbline(name, "--help")
    assert told.code == 0
    assert f"Usage: plumbline {name}" in told.out


def test_help_lists_every_command_with_what_it_does(plumbline: Run) -> None:
    told = plumbline("--help")
    for name, _, text in COMMANDS:
        assert name in told.out
        assert text in told.out, name


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from plumbline.cli import main\n"
        "try: main(['--help'])\n"
        f"except SystemExit: print(sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert told.stderr.strip() == "[]"


def test_the_version_is_told(plumbline: Run) -> None:
    assert plumbline("--version").out == f"plumbline {__version__}\n"


@pytest.mark.parametrize(
    "args", [["nope"], ["connection", "nope"], ["runs", "--nope"], ["runs", "--limit", "0"]]
)
def test_a_wrong_command_line_ends_with_2_and_says_so_on_stderr(
    plumbline: Run, args: list[str]
) -> None:
    told = plumbline(*args)
    assert told.code == 2
    assert told.out == ""
    assert "Error" in told.err


def test_a_misspelt_command_is_guessed(plumbline: Run) -> None:
    assert "'connection'" in plumbline("conection").err


def test_an_error_tells_what_happened_what_to_try_and_what_is_unchanged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise ConfigurationError("It broke.", advice="mend it.", unchanged="the rest.")

    assert guarded(fail) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "Error: It broke.\n  Try: mend it.\n  Unchanged: the rest.\n"


def test_a_wrong_settings_file_ends_with_3(plumbline: Run, home: Path) -> None:
    home.mkdir()
    (home / "plumbline.toml").write_text("[[[")
    told = plumbline("runs", "--json")
    assert told.code == 3
    assert told.out == ""
    assert "plumbline.toml is not valid TOML" in told.err


def test_something_unexpected_is_one_sentence_and_the_rest_is_in_a_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("deep inside")

    assert guarded(fail) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert "deep inside" not in told
    [file] = (home / "logs").iterdir()
    assert str(file) in told
    assert "ZeroDivisionError: deep inside" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_something_unexpected_is_written_down_even_without_a_home(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.write_text("in the way")

    def fail() -> None:
        raise ZeroDivisionError

    assert guarded(fail) == 1
    assert "details were written to /" in capsys.readouterr().err


def test_an_interruption_ends_with_130() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    assert guarded(interrupt) == 130


def test_a_signal_while_reading_keys_ends_with_130(home: Path) -> None:
    worker = subprocess.Popen(
        [
            *(sys.executable, "-c", "from plumbline.cli import main; main()"),
            *("connection", "add", "lab", "--url", "https://x", "--keys-stdin"),
        ],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PLUMBLINE_HOME": str(home)},
    )
    deadline = time.monotonic() + 60
    while not (home / "ledger.sqlite3-wal").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    worker.send_signal(signal.SIGINT)
    _, err = worker.communicate()
    assert worker.returncode == 130
    assert b"Traceback" not in err


def test_a_reader_that_goes_away_is_no_error_worth_a_traceback(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    told = subprocess.run(
        [sys.executable, "-c", "from plumbline.cli import main; main()", "runs", "--json"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        env={**os.environ, "PLUMBLINE_HOME": str(home)},
    )
    os.close(writing)
    assert told.returncode == 1
    assert told.stderr == b""


def test_a_terminal_that_knows_ascii_only_still_gets_its_answer(spawn: Spawn) -> None:
    told = spawn("doctor", PYTHONIOENCODING="ascii")
    assert told.code == 0, told.err
    assert "? OK" in told.out


def test_json_has_a_schema_data_and_warnings(plumbline: Run) -> None:
    told = plumbline("runs", "--json")
    assert json.loads(told.out) == {"schema": "plumbline/runs/1", "data": [], "warnings": []}
    assert told.err == ""


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    assert clean("a\x1b[31mb\u202ec\x9bd\r") == "a [31mb c d "
    assert clean("Grüße 漢字 🦜") == "Grüße 漢字 🦜"


def test_cells_read_as_people_write() -> None:
    assert [cell(value) for value in (None, 0, 1234567, 2.5, True, "", ["a", "b"])] == [
        *("-", "0", "1,234,567", "2.5", "yes", "-", "a, b")
    ]

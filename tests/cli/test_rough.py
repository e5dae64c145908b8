"""What users and machines do to the command line when things are rough: full disks, closed
streams, signals, names that are paths, damaged files."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plumbline.cli.edge import guarded
from plumbline.domain.connection import Address, Connection, Keys, Trust, TrustKind
from plumbline.domain.run import RunMode
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.ledger import connections, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from commandline import Run

pytestmark = pytest.mark.usefixtures("settled")

PROGRAM = [sys.executable, "-c", "from plumbline.cli import main; main()"]
FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def center() -> Iterator[Emulator]:
    """A small console without TLS."""
    with Emulator(Estate.generated(hosts=2, seed=5), http=True) as emulator:
        yield emulator


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", [".", "..", "...", "-x", "a/b", ""])
def test_a_name_that_is_no_folder_of_its_own_is_refused(plumbline: Run, name: str) -> None:
    told = plumbline("connection", "add", "--url", "https://sc.example", "--", name)
    assert told.code == 2
    assert "cannot be the name of a connection" in told.err


@pytest.mark.parametrize("number", ["99", "9" * 30])
def test_a_snapshot_of_a_run_that_never_was_is_not_asked(
    plumbline: Run, lab: str, number: str
) -> None:
    assert runs.start(lab, RunMode.FULL).number == 1
    for command in (("findings", "--as-of", number), ("run", "show", number)):
        told = plumbline(*command)
        assert told.code == 2, told.err
        assert f"There is no run {number}" in told.err


def test_asked_to_end_a_command_ends_as_if_interrupted() -> None:
    assert guarded(lambda: os.kill(os.getpid(), signal.SIGTERM)) == 130


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", [("--version",), ("ask", "--list"), ("runs", "--json")])
def test_a_full_disk_behind_the_output_is_told_in_words(
    home: Path, command: tuple[str, ...]
) -> None:
    with FULL.open("wb") as out:
        told = subprocess.run(
            [*PROGRAM, *command],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PLUMBLINE_HOME": str(home)},
        )
    assert told.returncode == 1
    assert told.stderr.startswith("Error: There is no room to write the output")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams_are_no_error(home: Path, closed: str) -> None:
    told = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *PROGRAM, "runs", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PLUMBLINE_HOME": str(home)},
    )
    assert told.returncode == 0
    assert told.stderr == ""


@pytest.mark.usefixtures("lab")
def test_a_table_that_is_too_wide_for_the_terminal_is_told_in_cards(home: Path) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb") as screen:
        subprocess.run(
            [*PROGRAM, "connection", "list"],
            stdout=theirs,
            check=True,
            env={**os.environ, "PLUMBLINE_HOME": str(home), "COLUMNS": "40"},
        )
        shown = screen.read1().decode().splitlines()
    os.close(theirs)
    assert "url           https://sc.example" in shown
    assert max(map(len, shown)) <= 40


def test_too_many_words_for_a_question_are_told_without_brackets(plumbline: Run) -> None:
    told = plumbline("ask", "summary", "3")
    assert told.code == 2
    assert "takes no argument, not '3'" in told.err


@pytest.mark.usefixtures("keys")
def test_a_proxy_is_shown_how_a_proxy_is_written(plumbline: Run) -> None:
    told = plumbline("connection", "add", "x", "--url", "https://sc.example", "--proxy", "foo")
    assert told.code == 2
    assert "http://proxy.example.com:3128" in told.err


@pytest.mark.usefixtures("keys")
def test_plain_http_is_not_warned_of_a_certificate_it_does_not_have(plumbline: Run) -> None:
    url = "https://127.0.0.1:1"
    assert "not verified" in plumbline("connection", "add", "x", "--url", url, "--insecure").err
    told = plumbline("connection", "edit", "x", "--url", "http://127.0.0.1:1")
    assert told.code == 0
    assert "not verified" not in told.err


@pytest.mark.network
@pytest.mark.parametrize("trust", [TrustKind.SYSTEM, TrustKind.INSECURE])
def test_a_port_without_tls_is_not_blamed_on_a_certificate(
    plumbline: Run, center: Emulator, trust: TrustKind
) -> None:
    added(plumbline, center.url.replace("http://", "https://"), Trust(kind=trust))
    for command in (("connection", "test", "sc"), ("sync", "sc")):
        told = plumbline(*command)
        assert told.code == 5
        assert "what listens there does not speak TLS" in told.out + told.err


@pytest.mark.network
def test_a_wrong_path_ends_a_test_as_it_ends_a_run(plumbline: Run, center: Emulator) -> None:
    added(plumbline, f"{center.url}/elsewhere")
    assert plumbline("sync", "sc").code == 5
    told = plumbline("connection", "test", "sc")
    assert told.code == 5
    assert "The console said so itself" not in told.out


@pytest.mark.network
def test_settings_that_broke_end_a_test_as_they_end_a_run(
    plumbline: Run, center: Emulator, tmp_path: Path
) -> None:
    gone = Trust(kind=TrustKind.CA_FILE, value=str(tmp_path / "gone.pem"))
    added(plumbline, center.url.replace("http://", "https://"), gone)
    assert plumbline("sync", "sc").code == 3
    assert plumbline("connection", "test", "sc").code == 3


@pytest.mark.network
def test_a_console_older_than_api_keys_is_refused_by_a_run_too(
    plumbline: Run, center: Emulator
) -> None:
    added(plumbline, center.url, keys=Keys(center.access_key, center.secret_key))
    center.add_fault("old-version:5.12.0")
    told = plumbline("sync", "sc")
    center.clear_faults()
    assert told.code == 1
    assert "Security Center 5.12.0 is too old" in told.err


@pytest.mark.network
def test_damage_of_the_lake_is_told_and_found(plumbline: Run, center: Emulator, home: Path) -> None:
    added(plumbline, center.url, keys=Keys(center.access_key, center.secret_key))
    told = plumbline("sync", "sc")
    assert told.code == 0, told.err
    assert "80 of 80 totals agree with the console" in told.out
    assert plumbline("doctor").code == 0
    file = next((home / "lake").glob("sc/findings/*.parquet"))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert_damaged(plumbline, file)
    file.unlink()
    assert_damaged(plumbline, file)


@pytest.mark.usefixtures("lab")
def test_doctor_misses_the_key_that_api_keys_were_sealed_with(plumbline: Run, home: Path) -> None:
    (home / "secret.keys").unlink()
    told = plumbline("doctor")
    assert told.code == 3
    assert "✘ FAIL stored API keys" in told.out


def assert_damaged(plumbline: Run, file: Path) -> None:
    for command in (("findings",), ("summary",), ("ask", "top-hosts"), ("sync", "sc", "--full")):
        told = plumbline(*command)
        assert told.code == 1
        assert "unexpected" not in told.err
        assert str(file) in told.err
    told = plumbline("doctor")
    assert told.code == 3
    assert str(file) in told.out


def added(plumbline: Run, url: str, trust: Trust | None = None, keys: Keys | None = None) -> None:
    assert plumbline("runs").code == 0
    address = Address(url=url, trust=trust or Trust())
    connections.add(Connection(name="sc", address=address), keys or Keys("a" * 32, "b" * 32))
    plumbline("connection", "edit", "sc", "--retries", "0")

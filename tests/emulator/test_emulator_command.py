"""`plumbline emulate` as another process sees it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from plumbline.cli.emulate import emulate
from plumbline.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network

RUN = "import typer; from plumbline.cli.emulate import emulate; typer.run(emulate)"


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_it_tells_how_to_reach_it_serves_and_ends_on_request() -> None:
    with _start("--hosts", "3", "--evolve", "2", "--fault", "locked-200") as process:
        assert process.stdout is not None
        told = dict(process.stdout.readline().rstrip().split(": ", 1) for _ in range(4))
        assert list(told) == ["url", "access key", "secret key", "fingerprint"]
        assert told["url"].startswith("https://127.0.0.1:")
        assert len(told["fingerprint"].removeprefix("sha256:")) == 64
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_json_is_one_object_and_the_controls_answer() -> None:
    with _start("--http", "--hosts", "2", "--json") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["schema"] == "plumbline/emulate/1"
        assert told["warnings"] == []
        assert set(told["data"]) == {"url", "access_key", "secret_key", "fingerprint"}
        with urllib.request.urlopen(told["data"]["url"] + "/emulator/counts") as answer:  # noqa: S310 - loopback
            assert json.load(answer)["cumulative"]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) != 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fault": ["nonsense"]}, "There is no fault 'nonsense'"),
        ({"fault": ["error-500:x"]}, "neither a number nor 'always'"),
    ],
)
def test_a_bad_fault_is_one_clear_sentence(options: dict[str, list[str]], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        emulate(hosts=1, http=True, **options)  # type: ignore[arg-type]


def test_a_bad_file_and_half_a_key_pair_are_usage_errors(tmp_path: Path) -> None:
    bad = tmp_path / "bad.nessus"
    bad.write_text("<html/>")
    with pytest.raises(UsageError, match="version 2"):
        emulate(nessus=[bad])
    with pytest.raises(UsageError, match="cannot be served"):
        emulate(recorded=tmp_path / "none.json")
    with pytest.raises(UsageError, match="belong together"):
        emulate(access_key_file=bad)


def test_a_change_needs_days_and_shares_that_can_be() -> None:
    with pytest.raises(UsageError, match="needs days"):
        emulate(hosts=1, http=True, change=0.03)
    with pytest.raises(UsageError, match="at most theirs"):
        emulate(hosts=1, http=True, evolve=1, change=0.5, reach=0.2)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"Port {port}"):
            emulate(hosts=1, http=True, port=port)

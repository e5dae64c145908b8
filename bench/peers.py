"""Measured programs in processes of their own: CPU, wall clock and the most memory each took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).parent
PLUMBLINE = (sys.executable, "-m", "plumbline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run of a program took."""

    cpu: float
    """Seconds of user and system time, children included."""
    wall: float
    memory_mb: float
    """The most resident memory."""
    output: str


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a program to its end.

    Raises:
        RuntimeError: it failed.
    """
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own programs
        command,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        output = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {output}")
    return Cost(
        cpu=used.ru_utime + used.ru_stime,
        wall=time.perf_counter() - began,
        memory_mb=used.ru_maxrss / 1024,
        output=output,
    )


@contextmanager
def console(hosts: int, *, latency: float = 0.0, row_cost: float = 0.0) -> Iterator[dict[str, str]]:
    """An emulated console in a process of its own: url, access_key, secret_key."""
    command = [sys.executable, str(HERE / "console.py"), str(hosts), str(latency), str(row_cost)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdout=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline() if process.stdout else ""
        try:
            yield json.loads(line)
        finally:
            process.terminate()


def connect(home: Path, told: Mapping[str, str], *edits: str) -> dict[str, str]:
    """Add the console as the connection `lab` of a home; the environment to use it with."""
    environment = {
        "PLUMBLINE_HOME": str(home),
        "PLUMBLINE_ACCESS_KEY": told["access_key"],
        "PLUMBLINE_SECRET_KEY": told["secret_key"],
    }
    measure([*PLUMBLINE, "connection", "add", "lab", "--url", told["url"], *edits], environment)
    return environment

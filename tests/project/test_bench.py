"""The benchmarks run, on a small estate; their figures are not tested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"

pytestmark = pytest.mark.network


@pytest.mark.parametrize(
    ("script", "arguments", "said"),
    [
        ("extraction.py", ("4", "1"), "ratio of rows per CPU second"),
        ("size.py", ("4",), "MB at most"),
    ],
)
def test_a_benchmark_measures_and_says_what(
    script: str, arguments: tuple[str, ...], said: str
) -> None:
    ran = subprocess.run(
        [sys.executable, str(BENCH / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert said in ran.stdout

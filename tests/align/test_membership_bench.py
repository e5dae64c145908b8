from __future__ import annotations

from pathlib import Path
from runpy import run_path

SCRIPT = Path(__file__).parents[2] / "bench" / "membership.py"


def test_the_membership_benchmark_runs_and_finds_the_same_every_time() -> None:
    bench = run_path(str(SCRIPT))
    result = bench["measure"](bench["estate"](5_000, 400, 20), runs=2)
    assert result.memberships > 0
    assert result.seconds > 0

"""Memory of a sync and size of the lake as the estate grows: `python bench/size.py [HOSTS]…`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from peers import PLUMBLINE, connect, console, measure


def main(*sizes: int) -> None:
    for hosts in sizes or (2_000, 20_000):
        with tempfile.TemporaryDirectory() as folder, console(hosts) as told:
            home = Path(folder)
            cost = measure([*PLUMBLINE, "sync", "lab"], connect(home, told))
            lake = sum(f.stat().st_size for f in (home / "lake").rglob("*") if f.is_file())
            print(
                f"{hosts * 50:10,} open findings: {cost.memory_mb:5.0f} MB at most (bar 400), "
                f"{cost.wall:6.1f} s, {cost.cpu:6.1f} CPU s, lake {lake / 1e6:.0f} MB"
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

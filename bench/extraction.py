"""Console to queryable lake: Plumbline beside pyTenable's iterator into SQLite, same console.

`python bench/extraction.py [HOSTS] [RUNS]`: 2,000 hosts are 100,000 open findings of about 4 kB
and some 14,000 fixed ones. Both read both stores; runs are interleaved, each in a process of its
own and with a home of its own. Figures are medians; start-up of the program is included.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from peers import HERE, PLUMBLINE, Cost, connect, console, measure

BAR = 5.0


def one_round(told: dict[str, str], rows: list[int]) -> tuple[Cost, Cost, Cost]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = connect(home, told)
        ours = measure([*PLUMBLINE, "sync", "lab"], environment)
        again = measure([*PLUMBLINE, "sync", "lab"], environment)
        peer = measure(
            [sys.executable, str(HERE / "pytenable_sqlite.py"), str(home / "peer.sqlite")],
            environment | {"CONSOLE_URL": told["url"]},
        )
        rows.append(int(peer.output))
        return ours, again, peer


def main(hosts: int = 2_000, runs: int = 5) -> None:
    rows: list[int] = []
    with console(hosts) as told:
        rounds = [one_round(told, rows) for _ in range(runs)]
    ours, again, peer = zip(*rounds, strict=True)
    print(f"{rows[0]:,} rows, medians of {runs} interleaved runs")
    for name, costs in (("plumbline", ours), ("pyTenable into SQLite", peer)):
        cpu = median(cost.cpu for cost in costs)
        print(
            f"{name:24} {rows[0] / cpu:8,.0f} rows/CPU s  {cpu:6.2f} CPU s  "
            f"{median(cost.wall for cost in costs):6.2f} s wall  "
            f"{max(cost.memory_mb for cost in costs):5.0f} MB at most"
        )
    ratio = median(p.cpu / o.cpu for o, p in zip(ours, peer, strict=True))
    print(f"ratio of rows per CPU second: {ratio:.2f} (bar {BAR})")
    print(
        f"unchanged console: {median(cost.wall for cost in again):.2f} s wall, "
        f"{median(cost.cpu for cost in again):.2f} CPU s, start-up included (bar 1 s); "
        f"{again[0].output.split('requests')[0].split(';')[-1].strip()} requests (bar 10)"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

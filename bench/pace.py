"""A slow console: how much of its time Plumbline takes, and how little it adds.

`python bench/pace.py [HOSTS]`: first every request costs the console time in proportion to the
rows of what it looks through (bar: at most a third of pyTenable's default pull); then each takes a
fixed time (bar: wall clock at most the console's time and 5 %).
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

from peers import HERE, PLUMBLINE, Cost, connect, console, measure

ROW_COST = 1e-5
LATENCY = 0.5


def pull(told: dict[str, str], folder: str) -> tuple[Cost, Cost]:
    home = Path(folder)
    environment = connect(home, told)
    ours = measure([*PLUMBLINE, "sync", "lab"], environment)
    peer = measure(
        [sys.executable, str(HERE / "pytenable_sqlite.py"), str(home / "peer.sqlite")],
        environment | {"CONSOLE_URL": told["url"]},
    )
    return ours, peer


def asked(told: dict[str, str]) -> int:
    """Requests so far; each of them was made to wait."""
    with urlopen(f"{told['url']}/emulator/requests") as answer:  # noqa: S310 - our own console
        return sum(one["path"].startswith("/rest/") for one in json.load(answer)["requests"])


def main(hosts: int = 2_000) -> None:
    with tempfile.TemporaryDirectory() as folder, console(hosts, row_cost=ROW_COST) as told:
        ours, peer = pull(told, folder)
        print(
            f"time in proportion to rows: plumbline {ours.wall:.1f} s, pyTenable {peer.wall:.1f} s "
            f"wall; ratio {ours.wall / peer.wall:.2f} (bar 0.33)"
        )
    with tempfile.TemporaryDirectory() as folder, console(hosts, latency=LATENCY) as told:
        environment = connect(Path(folder), told)
        before = asked(told)
        ours = measure([*PLUMBLINE, "sync", "lab"], environment)
        waited = (asked(told) - before) * LATENCY
        print(
            f"{LATENCY} s a request: {ours.wall:.1f} s wall, of which the console's own waiting "
            f"{waited:.1f} s; ratio {ours.wall / waited:.2f} (bar 1.05)"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""What a year of daily runs costs on the disk, and how fast its history opens.

    python bench/history.py [HOSTS] [RUNS]

Reads an emulated console RUNS times, a day of changes between each, and tells what each run adds to
the lake. From that follows a year: with every snapshot kept, and with those that the default
settings keep. Then it gives all but the newest up, and tells what is left. At last, tables that
365 runs have added to are opened and asked.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from peers import PLUMBLINE, connect, console, measure
from plumbline.config.settings import Settings
from plumbline.lake.engine import connect as engine_of
from plumbline.lake.engine import show_files
from plumbline.lake.store import Store
from plumbline.ledger.retention import Policy, Published, kept
from plumbline.tables import EVENTS, FACTS, Table

YEAR = 365
GROWING = ("outputs", "events", "facts")
_MB = 1e6


def sizes(lake: Path) -> Counter[str]:
    """Bytes of each table's files and of all logs."""
    found: Counter[str] = Counter()
    for file in lake.rglob("*"):
        if file.is_file():
            parts = file.relative_to(lake).parts
            found["logs" if "_delta_log" in parts else parts[1]] += file.stat().st_size
    return found


def evolve(url: str) -> dict[str, int]:
    """Let a day pass at the console."""
    asked = urllib.request.Request(f"{url}/emulator/evolve?days=1", method="POST")  # noqa: S310 - loopback
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - the same
        found: dict[str, int] = json.load(answer)
    return found


def chain(home: Path, told: dict[str, str], runs: int) -> list[Counter[str]]:
    """What each run added to the disk, by table."""
    environment = connect(home, told)
    added: list[Counter[str]] = []
    before: Counter[str] = Counter()
    for number in range(runs):
        if number:
            evolve(told["url"])
        cost = measure([*PLUMBLINE, "sync", "lab", "--json"], environment)
        [run] = json.loads(cost.output)["data"]
        now = sizes(home / "lake")
        added.append(now - before)
        before = now
        counts = run["counts"]
        changed = sum(counts[name] for name in ("new", "fixed", "reopened", "vanished"))
        shown = ", ".join(f"{n} {size / _MB:.2f}" for n, size in added[-1].most_common(5))
        print(
            f"run {number + 1:3}: {counts['open']:,} open, {changed / counts['open']:.1%} changed, "
            f"{cost.wall:.0f} s; added {added[-1].total() / _MB:.1f} MB ({shown})"
        )
    return added


def snapshots_kept() -> int:
    """How many snapshots of a year of daily runs the default settings keep."""
    now = datetime.now(UTC)
    year = [
        Published(run=n, connection="lab", published=now - timedelta(days=YEAR - n))
        for n in range(1, YEAR + 1)
    ]
    return len(kept(year, Policy.of(Settings()), now))


def tell_year(added: list[Counter[str]]) -> None:
    """What follows for a year of such days."""
    first, days = added[0], added[1:]
    daily = {name: statistics.mean(day[name] for day in days) for name in first}
    growing = sum(first[name] + YEAR * daily.get(name, 0) for name in GROWING)
    whole = sum(size for name, size in daily.items() if name not in GROWING)
    number = snapshots_kept()
    print(
        f"a day adds {sum(daily.values()) / _MB:.1f} MB, of which {whole / _MB:.1f} MB are "
        "written anew"
    )
    print(f"a year, every snapshot kept: {(growing + YEAR * whole) / _MB / 1000:.2f} GB")
    print(
        f"a year, {number} snapshots kept by the default settings: "
        f"{(growing + number * whole) / _MB / 1000:.2f} GB"
    )


def tell_vacuum(home: Path) -> None:
    """Keep as little as the settings allow, and tell what is left."""
    few = {f"PLUMBLINE_KEEP_{tier}_DAYS": "1" for tier in ("ALL", "DAILY", "WEEKLY", "MONTHLY")}
    given = {"PLUMBLINE_HOME": str(home), "PLUMBLINE_VACUUM_GRACE_HOURS": "0", **few}
    pretend = "from plumbline.sync import upkeep; from plumbline.config.reading import load; "
    pretend += (
        "from plumbline.ledger.opening import open_ledger; import datetime as d; s = load(); "
    )
    pretend += "open_ledger(s); n = d.datetime.now(d.UTC); "
    pretend += "[upkeep.vacuum(s, now=n + d.timedelta(days=40 + t)) for t in (0, 1)]"
    before = sizes(home / "lake").total()
    cost = measure([sys.executable, "-c", pretend], given)
    after = sizes(home / "lake")
    print(
        f"vacuum to the newest snapshot: {before / _MB:.1f} MB -> {after.total() / _MB:.1f} MB "
        f"(logs {after['logs'] / _MB:.2f}), {cost.wall:.1f} s"
    )


def rows(table: Table, run: int, at: datetime, number: int) -> pa.Table:
    """So many rows of one run."""
    made = [
        {
            "console": "lab",
            "run": run,
            "at": at,
            "finding": f"{run:016x}{n:016x}",
            "event": "opened",
            "repository_id": n % 9,
            "severity": n % 5,
            "state": "open",
            "findings": n,
        }
        for n in range(number)
    ]
    return pa.Table.from_pylist(
        [{k: v for k, v in r.items() if k in table.names} for r in made], table.schema
    )


def tell_opening(folder: Path) -> None:
    """Add to two tables as 365 daily runs do, then open and ask them."""
    store, now = Store(folder, "lab"), datetime.now(UTC)
    for table, number in ((EVENTS, 2_000), (FACTS, 200)):
        pin = None
        spent = []
        for day in range(YEAR):
            began = time.perf_counter()
            made = rows(table, day + 1, now - timedelta(days=YEAR - day), number)
            pin = store.append(table, made, pin)
            spent.append(time.perf_counter() - began)
        assert pin is not None
        files = [str(folder / file) for file in pin.files]
        seconds = []
        for _ in range(5):
            began = time.perf_counter()
            engine = engine_of()
            show_files(engine, "t", files, table)
            engine.execute("SELECT run, count(*) FROM t GROUP BY run").fetchall()
            seconds.append(time.perf_counter() - began)
        small = sum(1 for file in files if Path(file).stat().st_size < 2**20)
        print(
            f"{table.name}: {YEAR} runs in {len(files)} files ({small} under 1 MB), opened and "
            f"counted in {statistics.median(seconds) * 1000:.0f} ms; adding took "
            f"{statistics.median(spent) * 1000:.0f} ms (most {max(spent) * 1000:.0f})"
        )


def main(hosts: int = 2_000, runs: int = 15) -> None:
    """Measure and tell."""
    with tempfile.TemporaryDirectory() as folder, console(hosts) as told:
        added = chain(Path(folder), told, runs)
        tell_year(added)
        tell_vacuum(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        tell_opening(Path(folder))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

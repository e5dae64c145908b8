"""Rows and requests of incremental runs beside full ones: `python bench/increments.py [HOSTS]`.

An estate of 50 open findings a host changes by 3 % a day; scans reach a twentieth of the hosts that
day, a third, or all of them. The console runs in this process: compare rows and bytes, not time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.ledger import connections
from plumbline.ledger.opening import open_ledger
from plumbline.sync.run import Synchroniser

CHANGE = 0.03
REACHES = (0.05, 0.33, 1.0)


def main(hosts: int = 2_000) -> None:
    estate = Estate.generated(hosts=hosts, seed=1)
    estate.own_time = True
    with tempfile.TemporaryDirectory() as folder, Emulator(estate, http=True) as emulator:
        settings = Settings(home=Path(folder))
        open_ledger(settings)
        connection = Connection(name="lab", address=Address(url=emulator.url))
        connections.add(connection, Keys(emulator.access_key, emulator.secret_key))
        synchroniser = Synchroniser(settings=settings)
        show("first, full", synchroniser)
        for reach in REACHES:
            for _ in range(3):
                estate.evolve(1, change=CHANGE, reach=reach)
                show(f"scans reach {reach:.0%} of the hosts", synchroniser)
        show("full", synchroniser, full=True)
        show("unchanged", synchroniser)


def show(what: str, synchroniser: Synchroniser, *, full: bool = False) -> None:
    report = synchroniser.run("lab", full=full)
    if report.error is not None:
        raise SystemExit(report.error.what)
    run = report.run
    print(
        f"{what:32} {run.mode:12} {run.rows:8,} rows {run.requests:5,} requests "
        f"{run.received / 1e6:7.1f} MB {run.seconds:6.1f} s; {run.counts['open']:,} open, "
        f"{run.counts['new']:,} new, {run.counts['fixed']:,} fixed, "
        f"{run.counts['vanished']:,} vanished"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

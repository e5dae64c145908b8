"""Serves an emulated console until it is stopped: `console.py HOSTS LATENCY ROW_COST`."""

from __future__ import annotations

import json
import signal
import sys

from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate

if __name__ == "__main__":
    hosts, latency, row_cost = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    estate = Estate.generated(hosts=hosts, seed=1)
    with Emulator(estate, http=True, latency=latency, row_cost=row_cost) as emulator:
        told = {
            "url": emulator.url,
            "access_key": emulator.access_key,
            "secret_key": emulator.secret_key,
        }
        print(json.dumps(told), flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})

"""Starts workers in no time: it has imported everything, and forks one for each line it reads.

Run as a program. A line is the home, the database's address, further settings and whether to end
when nothing is left, as JSON; the answer is the number of the process.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import dbos  # noqa: F401 - so that no child need import it
from fate import Fate

from plumbline.cli.worker import _ended_by_signals
from plumbline.config.settings import Settings
from plumbline.jobs.worker import Pace, Worker
from plumbline.ledger.opening import open_ledger

RUN_NEEDS = ("encodings.idna", "pandas", "pyarrow.dataset", "zoneinfo")
"""What a run would import at work, over and over in each child."""


def main() -> None:
    """Serve until standard input ends."""
    for name in RUN_NEEDS:
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        number = os.fork()
        if not number:
            _work(json.loads(line))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def watch(file: Path) -> None:
    """Write down every name that is looked up and every place that is connected or bound to."""
    os.environ["DBOS_CONDUCTOR_KEY"] = "must-not-be-used"
    with file.open("w", buffering=1) as sight:
        kept = os.dup(sight.fileno())

    def see(event: str, args: tuple[object, ...]) -> None:
        if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            os.write(kept, f"{args[0]}\n".encode())
        elif event in {"socket.connect", "socket.bind", "socket.sendto"}:
            os.write(kept, f"{args[1]}\n".encode())

    sys.addaudithook(see)


def _work(told: dict[str, Any]) -> None:
    """Be a worker, and end with its process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    logging.basicConfig(level=str(told["level"]), format="%(process)d %(asctime)s %(message)s")
    if told.get("watch"):
        watch(Path(str(told["watch"])))
    settings = Settings(home=Path(str(told["home"])), **told["settings"])
    code = 1
    try:
        open_ledger(settings)
        fate = Fate.of(told.get("fate"))
        worker = Worker(settings, pace=Pace(look=0.1, beat=0.5))
        with _ended_by_signals(worker):
            worker.work(once=bool(told["once"]))
        code = 0
        fate.tell()
    finally:
        logging.shutdown()
        os._exit(code)


if __name__ == "__main__":
    # What has ended is nobody's concern here: no zombies.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    main()

"""Cases of public bug reports, served by the small console that lies beside them."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blank import settle
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys, Scope, WasMode
from plumbline.lake.engine import Limits, connect, show_snapshot
from plumbline.ledger import connections, opening, snapshots
from plumbline.ledger.opening import open_ledger
from plumbline.sync.run import Report, Synchroniser
from plumbline.tables import TABLES
from recordings import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPORTS = DATA / "reports"
NOW = 1_796_000_000 + 3_600
"""An hour after the moment that the cases call now."""


@dataclass(slots=True)
class Case:
    """One home with a connection to the console of one case."""

    settings: Settings

    def sync(self, *, full: bool = False) -> Report:
        """One run at the moment of the case."""
        return Synchroniser(
            settings=self.settings, sleep=lambda _s: None, clock=lambda: float(NOW)
        ).run("lab", full=full)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the published snapshot."""
        snapshot = snapshots.latest("lab")
        assert snapshot is not None
        engine = connect(Limits(threads=1))
        files = {table.name: snapshot.tables[table.name].files for table in TABLES}
        show_snapshot(engine, self.settings.lake, files)
        return engine.execute(query).fetchall()


@contextmanager
def serve(case: Path, home: Path) -> Iterator[Case]:
    """Serve a case, and connect a new home to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(REPORTS / "console.py"), str(port), str(case)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            settings = Settings(home=home, engine_threads=1)
            settle(settings.home)
            open_ledger(settings)
            connections.add(
                Connection(
                    name="lab",
                    address=Address(url=f"http://127.0.0.1:{port}"),
                    scope=Scope(was=WasMode.INCLUDE),
                ),
                Keys("a" * 32, "b" * 32),
            )
            yield Case(settings)
        finally:
            process.terminate()
            opening.close()

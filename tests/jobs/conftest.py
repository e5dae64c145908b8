"""Consoles, ledgers on either database, and real workers that can be killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "sync"))

from crew import ZYGOTE, MakeConsole, Workers
from lab import Lab, only

from blank import settle
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys, Manners, Scope, WasMode
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.ledger import connections, opening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgresql import Database


@pytest.fixture(scope="session")
def zygote() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(ZYGOTE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def crew(zygote: subprocess.Popen[str]) -> Iterator[Workers]:
    """Workers, none of which outlives the test."""
    found = Workers(zygote)
    yield found
    for number in found.numbers:
        found.kill(number)


@pytest.fixture
def postgresql(tabled: Database) -> Database:
    """A database with tables."""
    return tabled


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """A ledger of its own, once on either database, and pauses of seconds instead of minutes."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").url
    settle(tmp_path / "home")
    found = Settings(
        home=tmp_path / "home",
        database_url=url,
        engine_threads=1,
        retry_pause_seconds=1,
        retry_longest_pause_seconds=2,
        retry_limit_seconds=60,
        retry_incomplete_seconds=1,
    )
    opening.open_ledger(found)
    yield found
    opening.close()


@pytest.fixture
def console(settings: Settings) -> Iterator[MakeConsole]:
    """Make a connection to an emulated console of its own."""
    running: list[Emulator] = []

    def make(name: str = "lab", *, hosts: int = 3, page: int | None = 20, **manners: Any) -> Lab:
        estate = Estate.generated(hosts=hosts, seed=len(running) + 3, findings_per_host=30)
        emulator = Emulator(only(estate, 1, 2, 5), http=True)
        emulator.start()
        running.append(emulator)
        connection = Connection(
            name=name,
            address=Address(url=emulator.url),
            manners=Manners(page_size=page, **manners),
            scope=Scope(was=WasMode.INCLUDE),
        )
        connections.add(connection, Keys(emulator.access_key, emulator.secret_key))
        return Lab(settings, emulator)

    yield make
    for emulator in running:
        emulator.stop()

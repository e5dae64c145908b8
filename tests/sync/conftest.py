"""A home of its own and an emulated console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lab import Lab, MakeLab

from plumbline.config.settings import Settings
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.ledger import connections, opening
from plumbline.ledger.opening import open_ledger
from plumbline.terms.connection import Address, Connection, Keys, Manners, Scope, WasMode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[MakeLab]:
    """Make a home and a console; everything is closed at the end."""
    running: list[Emulator] = []

    def make(
        *faults: str, estate: Estate | None = None, page: int | None = None, **scope: Any
    ) -> Lab:
        emulator = Emulator(estate or Estate.generated(hosts=6, seed=3), http=True)
        emulator.start()
        running.append(emulator)
        for fault in faults:
            emulator.add_fault(fault)
        settings = Settings(home=tmp_path / "home")
        open_ledger(settings)
        scope.setdefault("was", WasMode.INCLUDE)
        connection = Connection(
            name="lab",
            address=Address(url=emulator.url),
            manners=Manners(page_size=page),
            scope=Scope(**scope),
        )
        connections.add(connection, Keys(emulator.access_key, emulator.secret_key))
        return Lab(settings, emulator)

    yield make
    for emulator in running:
        emulator.stop()
    opening.close()

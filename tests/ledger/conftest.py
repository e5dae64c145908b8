from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.config.settings import Settings
from plumbline.ledger import connections
from plumbline.ledger.opening import close, open_ledger
from plumbline.terms.connection import Address, Connection, Keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """A ledger of its own, opened."""
    found = Settings(home=tmp_path / "home")
    open_ledger(found)
    yield found
    close()


@pytest.fixture
def lab(settings: Settings) -> Connection:
    """A connection in that ledger."""
    connection = Connection(name="lab", address=Address(url="https://sc.example"))
    connections.add(connection, Keys("access-word", "secret-word"))
    assert settings.key_path.exists()
    return connection

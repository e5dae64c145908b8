from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blank import settle
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.ledger import connections
from plumbline.ledger.opening import close, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.network)])
def unopened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an empty ledger, once on either database."""
    url = ""
    has_tables = "settings" in request.fixturenames
    if request.param == "postgresql":
        url = request.getfixturevalue("tabled" if has_tables else "postgresql").url
    elif has_tables:
        settle(tmp_path / "home")
    yield Settings(home=tmp_path / "home", database_url=url)
    close()


@pytest.fixture
def settings(unopened: Settings) -> Settings:
    """A ledger of its own, opened."""
    open_ledger(unopened)
    return unopened


@pytest.fixture
def lab(settings: Settings) -> Connection:
    """A connection in that ledger."""
    connection = Connection(name="lab", address=Address(url="https://sc.example"))
    connections.add(connection, Keys("access-word", "secret-word"))
    assert settings.key_path.exists()
    return connection

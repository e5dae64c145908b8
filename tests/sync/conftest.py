"""A home of its own and an emulated console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desk import Desk
from lab import MakeLab, labs

from blank import settle
from plumbline.config.settings import Settings
from plumbline.ledger import opening
from plumbline.ledger.opening import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[MakeLab]:
    """Make a home and a console; everything is closed at the end."""
    with labs(tmp_path) as make:
        yield make


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A home without a console, closed at the end."""
    settings = Settings(home=tmp_path / "home", engine_threads=1)
    settle(settings.home)
    open_ledger(settings)
    yield Desk(tmp_path, settings)
    opening.close()

"""A home of its own and an emulated console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab import MakeLab, labs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[MakeLab]:
    """Make a home and a console; everything is closed at the end."""
    with labs(tmp_path) as make:
        yield make

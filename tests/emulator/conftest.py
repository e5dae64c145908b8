"""A small estate and an emulator that serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.emulator import Emulator, Estate

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def estate() -> Estate:
    return Estate.generated(hosts=12, seed=3, findings_per_host=20)


@pytest.fixture
def console(estate: Estate) -> Iterator[Emulator]:
    with Emulator(estate) as emulator:
        yield emulator

"""What tests of several packages share: a small estate to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from small import Made


@pytest.fixture(scope="session")
def made() -> Made:
    # The engine takes a second to import, which most tests need not wait for.
    from small import make  # noqa: PLC0415

    return make()


@pytest.fixture(scope="session")
def estate(made: Made) -> Estate:
    return made.estate


@pytest.fixture(scope="session")
def nothing() -> Estate:
    """An estate in which nothing was found."""
    from small import engine_over  # noqa: PLC0415

    return engine_over({})

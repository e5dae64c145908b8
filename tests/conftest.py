"""What tests of several packages share: a small estate to ask, and no network unless marked."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from refusal import refused

if TYPE_CHECKING:
    from collections.abc import Generator

    from plumbline.posture.engine import Estate
    from small import Made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Refuse sockets to a test without the mark `network`, from its set-up to its tear-down."""
    with nullcontext() if item.get_closest_marker("network") else refused():
        return (yield)


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

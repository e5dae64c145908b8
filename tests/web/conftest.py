"""One site over one lake for all tests of a process; each test signs in as whom it likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from town import Town, founded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from small import Made


@pytest.fixture(scope="package")
def _town(tmp_path_factory: pytest.TempPathFactory, made: Made) -> Iterator[Town]:
    with founded(tmp_path_factory.mktemp("town"), made) as town:
        yield town


@pytest.fixture
def town(_town: Town) -> Iterator[Town]:
    """The site; what a test changes of people, sessions and locks is undone."""
    with _town.undone():
        yield _town

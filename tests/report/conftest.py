from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from press_room import Published

    from small import Made


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, made: Made) -> Iterator[Published]:
    from plumbline.config.settings import Settings  # noqa: PLC0415 - not for every test
    from plumbline.ledger import opening  # noqa: PLC0415 - the same

    folder = tmp_path_factory.mktemp("press") / "home"
    opening.open_ledger(Settings(home=folder))
    # Django's models can be imported from here on.
    from press_room import publish  # noqa: PLC0415 - the same

    yield publish(folder, made)
    opening.close()

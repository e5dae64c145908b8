"""Files that only this user may read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from plumbline.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MODE = 0o600


def write_once(file: Path, make: Callable[[], str]) -> str:
    """What a private file holds; made at first use. Of two at once, one makes it for both.

    Raises:
        StorageError: it can be neither read nor made.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            _create(file, make())
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{file} cannot be used: {error.strerror or error}.",
            advice="make the data folder writable for this user.",
        ) from error


def _create(file: Path, text: str) -> None:
    # Written whole beside it and linked into place: nobody reads half a file.
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()

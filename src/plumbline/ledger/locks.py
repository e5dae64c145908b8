"""One process at a time, on this machine."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plumbline.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def locked(file: Path) -> Generator[None]:
    """Hold an exclusive lock on a file; waits for its turn, a killed holder lets go.

    Raises:
        StorageError: the file cannot be made or opened.
    """
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(
            f"The lock file {file} cannot be opened: {error.strerror}.",
            advice="make its folder writable for this user.",
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

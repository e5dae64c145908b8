"""What lies on the disk of one connection: its tables, and what a run has staged."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from uuid import uuid4

from plumbline.lake.staging import storage_faults

if TYPE_CHECKING:
    from pathlib import Path


def remove_folders(home: Path, connection: str) -> None:
    """Remove the tables of a connection, and what was staged for it.

    Each folder gets a name first that is no connection's, so that a removal that is cut short
    leaves nothing for a new connection of that name to find; `plumbline lake vacuum` removes what
    is left then.

    Raises:
        StorageError: the disk refuses.
    """
    for place in (home / "lake", home / "staging"):
        folder = place / connection
        with storage_faults(folder):
            if folder.is_dir():
                aside = place / f".{connection}.{uuid4().hex[:8]}"
                folder.rename(aside)
                shutil.rmtree(aside)

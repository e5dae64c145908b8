"""A home whose ledger has its tables and nothing in them: making them takes a third of a second."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from plumbline.config.settings import Settings
from plumbline.ledger import opening


def settle(home: Path) -> None:
    """Make a home of that kind, where there is none yet."""
    if not home.exists():
        shutil.copytree(_made(), home)


@cache
def _made() -> Path:
    """Made once for all tests of a process."""
    folder = Path(tempfile.mkdtemp(prefix="blank-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = folder / "home"
    opening.open_ledger(Settings(home=home))
    opening.close()
    return home

"""What nearly every command begins with: the settings, the log, the ledger."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from plumbline.config.reading import load

if TYPE_CHECKING:
    from plumbline.config.settings import Settings


def settings() -> Settings:
    """The settings of this installation; from here on the log goes to stderr.

    Raises:
        ConfigurationError: a setting is wrong.
    """
    found = load()
    logging.basicConfig(
        level=found.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )
    return found


def ledger() -> Settings:
    """The settings, with the ledger open.

    Raises:
        ConfigurationError: a setting is wrong.
        StorageError: the database cannot be used.
    """
    found = settings()
    from plumbline.ledger.opening import open_ledger  # noqa: PLC0415 - Django, only when needed

    open_ledger(found)
    return found

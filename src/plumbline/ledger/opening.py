"""Points the ledger at its database and sees to it that the tables are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections

from plumbline.errors import ConfigurationError, StorageError
from plumbline.ledger import upgrade
from plumbline.ledger.database import describe, file_of
from plumbline.ledger.faults import storage_faults

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.config.settings import Settings

_ALIAS = "default"
_opened: list[Settings] = []


def open_ledger(settings: Settings, *, migrate: bool = True) -> bool:
    """Open the database of these settings and bring its tables up to date if they are not.

    Tells whether tables had to be changed.

    Safe when several processes do so at once. Opening again with the same settings costs one
    small query; with others it moves this thread to the other database.

    Raises:
        ConfigurationError: the address is wrong or the database is newer than this program.
        StorageError: folder or database cannot be used.
    """
    description = describe(settings)
    make_home(settings.home)
    _point_at(description)
    _opened[:] = [settings]
    if not migrate:
        return False
    with storage_faults():
        return upgrade.upgrade(settings.home, file_of(description))


def outdated(settings: Settings) -> int:
    """How many upgrades the database of these settings lacks; changes nothing.

    Raises:
        ConfigurationError: as with `open_ledger`.
        StorageError: likewise.
    """
    open_ledger(settings, migrate=False)
    with storage_faults():
        return len(upgrade.missing())


def opened() -> Settings:
    """The settings the ledger was opened with.

    Raises:
        ConfigurationError: it was not opened.
    """
    if not _opened:
        raise ConfigurationError("The ledger was used before it was opened.")
    return _opened[0]


def close() -> None:
    """Close this thread's database connection; the next use opens it again."""
    connections.close_all()


def make_home(home: Path) -> None:
    """Make the data folder, for this user alone.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The data folder {home} cannot be made: {error.strerror}.",
            advice="set PLUMBLINE_HOME to a folder this user may write.",
        ) from error


def _point_at(description: dict[str, Any]) -> None:
    full = connections.configure_settings({_ALIAS: description})[_ALIAS]
    if connections.settings.get(_ALIAS) == full:
        return
    close()
    if connections.all(initialized_only=True):
        del connections[_ALIAS]
    connections.settings[_ALIAS] = full

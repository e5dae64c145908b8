"""Brings the tables of the database to the shape this program knows."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from plumbline.errors import ConfigurationError
from plumbline.ledger.locks import locked

if TYPE_CHECKING:
    from collections.abc import Generator
    from collections.abc import Set as AbstractSet

    from django.db.backends.base.base import BaseDatabaseWrapper

_LOCK = 0x706C756D62  # any number that no other program takes
Names = frozenset[tuple[str, str]]


def upgrade(home: Path, file: Path | None) -> bool:
    """Run the migrations that are missing; tells whether there were any.

    Raises:
        ConfigurationError: the database holds migrations this program does not know.
    """
    if not missing():
        return False
    with locked(home / "upgrade.lock"), _server_locked():
        if not missing():  # another process was faster
            return False
        _migrate(file)
    return True


def missing(database: BaseDatabaseWrapper | None = None) -> AbstractSet[tuple[str, str]]:
    """The migrations (app, name) that are shipped but not recorded in the database, or in another.

    Compares names only: cheap enough for every start.
    """
    known, recorded = _shipped(), _recorded(database or connection)
    ours = {app for app, _ in known}
    if unknown := {name for app, name in recorded - known if app in ours}:
        raise ConfigurationError(
            f"The database was made by a newer Plumbline (it knows {', '.join(sorted(unknown))}).",
            advice="update this installation, or point PLUMBLINE_DATABASE_URL at another database.",
            unchanged="the database was not touched.",
        )
    return known - recorded


@contextmanager
def _server_locked() -> Generator[None]:
    """Keep other machines away too, where the database is a server."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _migrate(file: Path | None) -> None:
    from django.core.management import call_command  # noqa: PLC0415 - slow, and rarely needed

    if file is not None:
        # Kept in the file itself: readers and a writer then work side by side.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
    call_command("migrate", interactive=False, verbosity=0)


def _shipped() -> Names:
    return frozenset(
        (app.label, file.stem)
        for app in apps.get_app_configs()
        for file in (Path(app.path) / "migrations").glob("[0-9]*.py")
    )


def _recorded(database: BaseDatabaseWrapper) -> Names:
    return frozenset(MigrationRecorder(database).applied_migrations())

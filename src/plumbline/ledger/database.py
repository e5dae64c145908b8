"""The database's address, turned into what Django wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import connection

from plumbline.errors import ConfigurationError
from plumbline.ledger.faults import storage_faults

if TYPE_CHECKING:
    from pathlib import Path
    from urllib.parse import SplitResult

    from plumbline.config.settings import Settings

DEFAULT_FILE = "ledger.sqlite3"
BUSY_SECONDS = 30

# Without these a server that vanishes from the network is waited for without end.
_PATIENCE: dict[str, str] = {
    "application_name": "plumbline",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",  # milliseconds
}
_FORMS = (
    "write sqlite:///file.db (four slashes for a path from the root) or "
    "postgresql://user:password@host:5432/name."
)


def describe(settings: Settings) -> dict[str, Any]:
    """Django's description of the configured database.

    Raises:
        ConfigurationError: the address is none, or its driver is not installed. The address is
            not repeated: it may hold a password.
    """
    if not settings.database_url:
        return sqlite(settings.home / DEFAULT_FILE)
    try:
        parts = urlsplit(settings.database_url)
        port = parts.port
    except ValueError as error:
        raise _wrong("it is not a valid address") from error
    match parts.scheme:
        case "sqlite":
            return sqlite(_path(parts, settings.home))
        case "postgresql" | "postgres":
            return _postgresql(parts, port)
        case _:
            raise _wrong("it names neither sqlite nor postgresql")


def file_of(description: dict[str, Any]) -> Path | None:
    """The SQLite file of a description; none for a server."""
    is_file = str(description["ENGINE"]).endswith("sqlite3")
    return description["NAME"] if is_file else None


def server() -> str:
    """The server the ledger is open on, in words: its version, where it is, and which database.

    Raises:
        StorageError: it does not answer.
    """
    with storage_faults():
        connection.ensure_connection()
        version, told = connection.get_database_version(), connection.settings_dict
    return (
        f"PostgreSQL {'.'.join(map(str, version))} "
        f"at {told['HOST'] or 'this machine'}, database {told['NAME']}"
    )


def _wrong(why: str) -> ConfigurationError:
    return ConfigurationError(f"The setting database_url is wrong: {why}.", advice=_FORMS)


def sqlite(path: Path) -> dict[str, Any]:
    """Django's description of a SQLite file."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # A write transaction that starts as a read cannot wait for its turn.
        "OPTIONS": {"timeout": BUSY_SECONDS, "transaction_mode": "IMMEDIATE"},
    }


def _path(parts: SplitResult, home: Path) -> Path:
    if parts.netloc or parts.query or parts.fragment:
        raise _wrong("a SQLite address is a path and nothing else")
    name = unquote(parts.path.removeprefix("/"))
    if not name or name.startswith(":"):
        raise _wrong("it names no file")
    return home / name


def _postgresql(parts: SplitResult, port: int | None) -> dict[str, Any]:
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise _wrong("it names no database after the host")
    if parts.fragment:
        raise _wrong("a # in user or password is written %23")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": _PATIENCE | _options(parts.query),
        # Kept open, and looked at before each transaction.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


def _options(query: str) -> dict[str, str]:
    """What follows the question mark goes to the driver as it is (`sslmode`, `sslrootcert`, …)."""
    try:
        return dict(parse_qsl(query, strict_parsing=True)) if query else {}
    except ValueError as error:
        raise _wrong("its options are not name=value pairs joined by &") from error

"""The one table of settings: each field is a setting with its type, default, limits and help.

To add a setting, add a field here; the file, the environment variable `PLUMBLINE_<NAME>` and
`docs/settings.md` follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

FILE_NAME = "plumbline.toml"


class LogLevel(StrEnum):
    """How much is told on stderr."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Origin(StrEnum):
    """Where a setting may be given."""

    ANYWHERE = "file or environment"
    ENVIRONMENT = "environment"


def default_home() -> Path:
    """The platform's folder for a user's data."""
    from platformdirs import user_data_path  # noqa: PLC0415 - only when nothing is set

    return user_data_path("plumbline", appauthor=False)


def _about(text: str, **more: object) -> dict[str, Any]:
    return {"help": text, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What this installation is told; every value checked."""

    home: Path = field(
        default_factory=default_home,
        metadata=_about(
            "Folder of everything Plumbline keeps.",
            origin=Origin.ENVIRONMENT,
            shown="the platform's user data folder",
        ),
    )
    database_url: str = field(
        default="",
        repr=False,
        metadata=_about(
            "Database of the ledger: `sqlite:///file.db` (a relative path lies in `home`) or "
            "`postgresql://user:password@host:5432/name?sslmode=require`.",
            shown="`ledger.sqlite3` in `home`",
            secret=True,
        ),
    )
    secret_key_file: Path = field(
        default=Path("secret.keys"),
        metadata=_about(
            "File with the keys that seal the consoles' API keys, mode 0600; made at first use. "
            "A relative path lies in `home`."
        ),
    )
    secret_keys: str = field(
        default="",
        repr=False,
        metadata=_about(
            "Sealing keys themselves, separated by commas, the newest first; used instead of the "
            "key file.",
            origin=Origin.ENVIRONMENT,
            secret=True,
        ),
    )
    engine_memory_mb: int = field(
        default=256,
        metadata=_about(
            "Memory the query engine may use before it spills to disk, in MB.",
            least=64,
            most=1_048_576,
        ),
    )
    engine_threads: int = field(
        default=0,
        metadata=_about(
            "Threads of the query engine; 0 takes as many as there are cores.", least=0, most=1024
        ),
    )
    log_level: LogLevel = field(
        default=LogLevel.WARNING, metadata=_about("How much is told on stderr.")
    )
    stale_after_hours: int = field(
        default=48,
        metadata=_about(
            "Age of a snapshot, in hours, from which answers are marked as stale.",
            least=1,
            most=87_600,
        ),
    )

    @property
    def file(self) -> Path:
        """The settings file."""
        return self.home / FILE_NAME

    @property
    def key_path(self) -> Path:
        """The sealing keys' file as a whole path."""
        return self.home / self.secret_key_file

    @property
    def lake(self) -> Path:
        """Folder of the lake's tables."""
        return self.home / "lake"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.home / "logs"

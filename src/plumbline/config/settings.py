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
_CENTURY = 36_500
"""Days: as good as for ever."""


class LogLevel(StrEnum):
    """How much is told on stderr."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SecondFactor(StrEnum):
    """Of whom a second factor is demanded to sign in."""

    NONE = "none"
    ADMINS = "admins"
    ALL = "all"


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
            "Age of a snapshot, in hours, from which answers are marked as stale; twice the time "
            "from one run to the next where a schedule plans more rarely.",
            least=1,
            most=87_600,
        ),
    )
    keep_all_days: int = field(
        default=7,
        metadata=_about(
            "Days for which every snapshot is kept, to be asked as of. Behind them one a day, one "
            "a week and one a month are kept; the newest of a connection always is.",
            least=1,
            most=_CENTURY,
        ),
    )
    keep_daily_days: int = field(
        default=31,
        metadata=_about(
            "Days for which the last snapshot of each day (UTC) is kept.", least=1, most=_CENTURY
        ),
    )
    keep_weekly_days: int = field(
        default=190,
        metadata=_about(
            "Days for which the last snapshot of each week (to Sunday) is kept.",
            least=1,
            most=_CENTURY,
        ),
    )
    keep_monthly_days: int = field(
        default=1100,
        metadata=_about(
            "Days for which the last snapshot of each month is kept.", least=1, most=_CENTURY
        ),
    )
    keep_events_days: int = field(
        default=1100,
        metadata=_about(
            "Days for which snapshots to come still tell the events of earlier runs; counts for "
            "trends stay for good.",
            least=31,
            most=_CENTURY,
        ),
    )
    vacuum_grace_hours: int = field(
        default=24,
        metadata=_about(
            "Hours for which the files of a snapshot stay after it was given up, for those who "
            "read it at that time; also the age from which what failed runs left behind is "
            "removed.",
            least=0,
            most=87_600,
        ),
    )

    overlap_hours: int = field(
        default=48,
        metadata=_about(
            "How far an incremental run reads back behind the last reading of a repository, in "
            "hours: longer than the longest scan and its import take.",
            least=1,
            most=8_760,
        ),
    )
    full_every_days: int = field(
        default=7,
        metadata=_about(
            "Age of the last full run, in days, from which a run reads everything anew.",
            least=1,
            most=365,
        ),
    )
    whole_below: int = field(
        default=2_000,
        metadata=_about(
            "A changed repository with fewer findings than this is read whole by incremental "
            "runs, too: that is less to ask than what changed in it.",
            least=0,
            most=10_000_000,
        ),
    )
    parallel_consoles: int = field(
        default=2,
        metadata=_about("Consoles that all workers together read at a time.", least=1, most=1_000),
    )
    timezone: str = field(
        default="UTC",
        metadata=_about(
            "Time zone in which cron lines and blackout hours are meant, as in `Europe/Berlin`."
        ),
    )
    retry_pause_seconds: int = field(
        default=60,
        metadata=_about(
            "Pause before a job is tried again whose console was out of reach; each later pause is "
            "twice as long.",
            least=1,
            most=86_400,
        ),
    )
    retry_longest_pause_seconds: int = field(
        default=1_800, metadata=_about("Longest such pause.", least=1, most=86_400)
    )
    retry_limit_seconds: int = field(
        default=21_600,
        metadata=_about(
            "After so long a time of failures a job is given up; six hours by default.",
            least=0,
            most=2_592_000,
        ),
    )
    retry_incomplete_seconds: int = field(
        default=900,
        metadata=_about(
            "Pause before a job is tried once more whose run could not be proven.",
            least=1,
            most=86_400,
        ),
    )

    sla_critical_days: int = field(
        default=15,
        metadata=_about(
            "Days from first seen in which a critical finding should be fixed.",
            least=1,
            most=3_650,
        ),
    )
    sla_high_days: int = field(
        default=30,
        metadata=_about(
            "Days from first seen in which a high finding should be fixed.",
            least=1,
            most=3_650,
        ),
    )
    sla_medium_days: int = field(
        default=90,
        metadata=_about(
            "Days from first seen in which a medium finding should be fixed.",
            least=1,
            most=3_650,
        ),
    )
    sla_low_days: int = field(
        default=180,
        metadata=_about(
            "Days from first seen in which a low finding should be fixed.",
            least=1,
            most=3_650,
        ),
    )

    web_hosts: str = field(
        default="",
        metadata=_about(
            "Names under which the web interface is reached, separated by commas, beside this "
            "machine's own; a request for any other is refused.",
            shown="none",
        ),
    )
    web_threads: int = field(
        default=16,
        metadata=_about("Requests the web interface serves at a time.", least=2, most=256),
    )
    session_idle_minutes: int = field(
        default=30,
        metadata=_about("A session ends after so long without a request.", least=1, most=1_440),
    )
    session_hours: int = field(
        default=12,
        metadata=_about("A session ends so long after signing in.", least=1, most=720),
    )
    sign_in_attempts: int = field(
        default=5,
        metadata=_about(
            "Wrong passwords for one name from one address before it is locked out.",
            least=1,
            most=100,
        ),
    )
    lock_out_minutes: int = field(
        default=15, metadata=_about("How long it stays locked out.", least=1, most=1_440)
    )
    second_factor: SecondFactor = field(
        default=SecondFactor.NONE,
        metadata=_about(
            "Of whom an authenticator app or passkey is demanded; who has none is led to add one, "
            "and sees nothing else until then."
        ),
    )
    oidc_url: str = field(
        default="",
        metadata=_about(
            "Issuer of an OpenID Connect provider people may sign in with, as in "
            "`https://login.example/realms/staff`; nothing outside is asked without it.",
            shown="none",
        ),
    )
    oidc_name: str = field(
        default="Single sign-on", metadata=_about("What the provider is called on the button.")
    )
    oidc_client_id: str = field(
        default="", metadata=_about("Our name at that provider.", shown="none")
    )
    oidc_client_secret: str = field(
        default="",
        repr=False,
        metadata=_about(
            "Our secret at that provider.", origin=Origin.ENVIRONMENT, secret=True, shown="none"
        ),
    )
    oidc_claim: str = field(
        default="preferred_username",
        metadata=_about("Claim that holds the name a person is known by here."),
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

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

from plumbline.config.settings import Settings
from plumbline.errors import ConfigurationError, StorageError
from plumbline.ledger import audit, runs
from plumbline.ledger.database import describe
from plumbline.ledger.opening import close, open_ledger, opened

if TYPE_CHECKING:
    from pathlib import Path

sqlite_only = pytest.mark.parametrize("unopened", ["sqlite"], indirect=True)

OPEN_AND_NOTE = """
import sys
from pathlib import Path
from plumbline.config.settings import Settings
from plumbline.ledger.opening import open_ledger
from plumbline.ledger import audit
open_ledger(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2]))
for number in range(20):
    audit.note("try", str(number))
"""


def test_the_models_and_the_migrations_agree(settings: Settings) -> None:
    assert settings.home.exists()
    told = StringIO()
    call_command("makemigrations", "--check", "--dry-run", "ledger", stdout=told)
    assert "No changes" in told.getvalue()


def test_the_data_folder_is_for_its_owner_alone(settings: Settings) -> None:
    assert settings.home.stat().st_mode & 0o077 == 0


@sqlite_only
def test_readers_and_a_writer_work_side_by_side(settings: Settings) -> None:
    with sqlite3.connect(settings.home / "ledger.sqlite3") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_opening_again_keeps_what_is_there(settings: Settings) -> None:
    audit.note("try", "first")
    close()
    open_ledger(settings)
    assert [act.subject for act in audit.listing()] == ["first"]


@sqlite_only
def test_another_home_is_another_ledger(settings: Settings, tmp_path: Path) -> None:
    audit.note("try", "first")
    other = replace(settings, home=tmp_path / "other")
    open_ledger(other)
    assert audit.listing() == ()
    assert opened() is other


def test_several_processes_may_begin_at_once_and_none_loses_a_word(unopened: Settings) -> None:
    # On a server each has a data folder of its own, as on machines of their own.
    shared = not unopened.database_url
    homes = [unopened.home / ("" if shared else str(number)) for number in range(4)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_NOTE, str(home), unopened.database_url],
            stderr=subprocess.PIPE,
            env=os.environ,
        )
        for home in homes
    ]
    told = [worker.communicate()[1].decode() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0], told
    assert not open_ledger(unopened)
    assert len(audit.listing(limit=1_000)) == 80


@sqlite_only
def test_a_database_of_a_newer_version_is_refused_untouched(settings: Settings) -> None:
    with sqlite3.connect(settings.home / "ledger.sqlite3") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('ledger', '9999_future', '2030-01-01')"
        )
    database.close()
    with pytest.raises(ConfigurationError, match=r"newer Plumbline.*9999_future"):
        open_ledger(settings)


def test_a_file_that_is_no_database_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"this is not a database at all, sorry" * 40)
    with pytest.raises(StorageError, match="not a database") as caught:
        open_ledger(Settings(home=tmp_path))
    assert "backup" in caught.value.advice
    close()


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(StorageError, match="cannot be made"):
        open_ledger(Settings(home=tmp_path / "home"))


@sqlite_only
def test_a_full_disk_is_told_and_nothing_is_half_written(settings: Settings) -> None:
    from django.db import connection  # noqa: PLC0415 - only this test turns the screw

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full") as caught:
        audit.note("try", "much", "x" * 100_000)
    assert "free some space" in caught.value.advice
    close()
    assert audit.listing() == ()
    assert settings.home.exists()


@sqlite_only
def test_a_ledger_that_cannot_be_written_says_so(settings: Settings) -> None:
    from django.db import connection  # noqa: PLC0415 - only this test turns the screw

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
    with pytest.raises(StorageError, match="readonly") as caught:
        audit.note("try", "anything")
    assert "writable" in caught.value.advice
    assert settings.home.exists()


@sqlite_only
def test_a_database_held_by_another_says_who_may_hold_it(settings: Settings) -> None:
    from django.db import connection  # noqa: PLC0415 - only this test turns the screw

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(settings.home / "ledger.sqlite3")
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StorageError, match="locked") as caught:
            audit.note("try", "anything")
    finally:
        other.close()
    assert "another process" in caught.value.advice
    assert runs.listing() == ()


def described(home: Path, url: str) -> dict[str, object]:
    return describe(Settings(home=home, database_url=url))


def test_a_relative_sqlite_path_lies_in_the_home(tmp_path: Path) -> None:
    assert described(tmp_path, "sqlite:///a%20b.db")["NAME"] == tmp_path / "a b.db"
    assert str(described(tmp_path, "sqlite:////var/x.db")["NAME"]) == "/var/x.db"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/name",
        "ledger.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/file.db",
        "sqlite:///file.db?mode=ro",
        "postgresql://user:hush@host",
        "postgresql://user:hush@host/",
        "postgresql://user:hush@host:port/name",
        "postgresql://user:hush@host:99999/name",
        "postgresql://user:hush@[host/name",
        "postgresql://user:hush@host/name#x",
    ],
)
def test_a_wrong_database_address_is_refused_without_repeating_it(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="database_url is wrong") as caught:
        described(tmp_path, url)
    assert "hush" not in " ".join(caught.value.lines())
    assert "postgresql://" in caught.value.advice

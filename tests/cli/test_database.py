"""The commands on a ledger that lies on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from commandline import Run

    from postgresql import Database

pytestmark = pytest.mark.network


@pytest.fixture
def url(home: object, postgresql: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database, in the environment."""
    assert home
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", postgresql.url)
    return postgresql.url


def sign(told: str, part: str) -> str:
    """What `doctor` says of a part."""
    return next(line for line in told.splitlines() if f" {part}: " in line)


def test_the_tables_are_made_once(plumbline: Run, url: str) -> None:
    assert url
    assert plumbline("db", "upgrade", "--json").data == {"changed": True}
    assert plumbline("db", "upgrade", "--json").data == {"changed": False}


def test_doctor_tells_where_the_database_is_without_its_password(plumbline: Run, url: str) -> None:
    assert "upgrades are due" in sign(plumbline("doctor").out, "database")
    plumbline("db", "upgrade")
    told = plumbline("doctor")
    assert "line-" not in told.out + told.err
    assert "PostgreSQL" in sign(told.out, "database")
    assert url.rpartition("/")[2] in sign(told.out, "database")


@pytest.mark.usefixtures("keys")
def test_connections_are_kept_there(plumbline: Run, url: str, postgresql: Database) -> None:
    assert url
    assert plumbline("connection", "add", "lab", "--url", "https://sc.example").code == 0
    postgresql.restart()
    assert [one["name"] for one in plumbline("connection", "list", "--json").data] == ["lab"]
    assert plumbline("status").code == 1


@pytest.mark.parametrize("command", [("db", "upgrade"), ("status",), ("runs",)])
def test_a_wrong_password_is_told_without_it(
    plumbline: Run, url: str, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PLUMBLINE_DATABASE_URL", url.replace("line-%2541", "hush"))
    told = plumbline(*command)
    assert told.code == 1
    assert "password authentication failed" in told.err
    assert "PLUMBLINE_DATABASE_URL" in told.err
    assert "hush" not in told.err + told.out
    assert "Traceback" not in told.err


def test_a_server_that_is_down_is_told(plumbline: Run, url: str, postgresql: Database) -> None:
    assert url
    postgresql.stop()
    told = plumbline("status")
    assert told.code == 1
    assert "server runs" in told.err
    doctor = plumbline("doctor")
    assert doctor.code == 3
    assert "FAIL" in sign(doctor.out, "database")

"""`plumbline schedule`, `plumbline jobs` and `plumbline worker`, with whatever people type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.domain.connection import Address, Connection, ConnectionKind
from plumbline.ledger import connections

if TYPE_CHECKING:
    from pathlib import Path

    from commandline import Run, Spawn

pytestmark = pytest.mark.usefixtures("settled")


def test_a_schedule_is_set_shown_listed_and_removed(plumbline: Run, lab: str) -> None:
    wish = ("--cron", "0 2 * * *", "--blackout", "08:00-18:00", "--jitter", "10m")
    told = plumbline("schedule", "set", lab, *wish, "--json")
    assert told.code == 0
    assert told.data["blackout"] == ["08:00-18:00"]
    assert told.data["jitter_minutes"] == 10
    assert plumbline("schedule", "show", lab, "--json").data == told.data
    assert plumbline("schedule", "list", "--json").data == [told.data]
    assert lab in plumbline("schedule", "list").out
    assert plumbline("schedule", "remove", lab).code == 0
    assert plumbline("schedule", "list", "--json").data == []
    assert "no schedule yet" in plumbline("schedule", "list").err


def test_whoever_has_no_worker_is_told(plumbline: Run, lab: str) -> None:
    assert "plumbline worker" in plumbline("schedule", "set", lab, "--every", "24h").err
    assert "plumbline worker" in plumbline("jobs", "start", lab).err


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ((), "--every or --cron"),
        (("--every", "1h", "--cron", "0 2 * * *"), "one of them only"),
        (("--every", "soon"), "no interval"),
        (("--every", "1m"), "no interval"),
        (("--cron", "0 2 * *"), "cron line"),
        (("--cron", "0 2 31 2 *"), "cron line"),
        (("--every", "1h", "--jitter", "10"), "10"),
        (("--every", "1h", "--blackout", "8-18"), "no blackout hours"),
        (("--every", "1h", "--blackout", "08:00-08:00"), "no blackout hours"),
        (("--every", "1h", "--blackout", "00:00-12:00", "--blackout", "12:00-24:00"), "no time"),
        (("--every", "1h", "--every-day"), "--every-day"),
    ],
)
def test_what_is_no_schedule_is_refused(
    plumbline: Run, lab: str, words: tuple[str, ...], about: str
) -> None:
    told = plumbline("schedule", "set", lab, *words)
    assert told.code == 2
    assert about in told.err
    assert told.out == ""
    assert plumbline("schedule", "show", lab).code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("schedule", "set", "other", "--every", "1h"),
        ("schedule", "show", "other"),
        ("schedule", "remove", "other"),
        ("schedule", "show", "lab"),
        ("schedule", "remove", "lab"),
        ("jobs", "start", "other"),
        ("jobs", "start", "lab", "other"),
        ("jobs", "cancel", "other"),
        ("jobs", "cancel", "lab"),
        ("jobs", "cancel", "1"),
        ("jobs", "cancel", "9" * 40),
        ("jobs", "cancel", ""),
        ("jobs", "cancel"),
        ("jobs", "retry", "1"),
        ("jobs", "retry", "9" * 40),
        ("jobs", "retry", "-1"),
        ("jobs", "retry", "lab"),
        ("jobs", "--limit", "0"),
        ("jobs", "begin"),
        ("worker", "--twice"),
        ("worker", "lab"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    plumbline: Run, lab: str, words: tuple[str, ...]
) -> None:
    assert lab == "lab"
    told = plumbline(*words)
    assert told.code == 2, told
    assert told.err
    assert "Traceback" not in told.err
    assert plumbline("jobs", "--json").data == []


def test_a_job_is_started_cancelled_and_tried_again(plumbline: Run, lab: str) -> None:
    [job] = plumbline("jobs", "start", lab, "--json").data
    assert (job["connection"], job["state"], job["full"]) == (lab, "queued", False)
    assert "was there already" in plumbline("jobs", "start", lab, "--full").out
    [hastened] = plumbline("jobs", "--json").data
    assert hastened == job | {"full": True}
    number = str(job["job"])
    assert plumbline("jobs", "cancel", number, "--json").data["state"] == "cancelled"
    assert plumbline("jobs", "cancel", number).code == 2
    assert plumbline("jobs", "retry", number, "--json").data["state"] == "queued"
    assert "is cancelled" in plumbline("jobs", "cancel", lab).err
    assert "It was cancelled by" in plumbline("jobs").out
    assert plumbline("jobs", "--connection", "other", "--json").data == []


def test_without_connections_nothing_is_started(plumbline: Run) -> None:
    told = plumbline("jobs", "start")
    assert told.code == 2
    assert "connection add" in told.err
    assert "no job yet" in plumbline("jobs").err


def test_only_consoles_are_read(plumbline: Run, lab: str) -> None:
    files = Connection(name="files", address=Address(url=""), kind=ConnectionKind.FILE)
    connections.add(files, None)
    connections.retire(lab)
    for name, words in {"files": "imported files", lab: "was retired"}.items():
        for command in (("schedule", "set", name, "--every", "1h"), ("jobs", "start", name)):
            told = plumbline(*command)
            assert told.code == 2
            assert words in told.err


def test_a_wrong_time_zone_is_a_wrong_setting(
    plumbline: Run, lab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_TIMEZONE", "Mars/Olympus")
    for words in (("schedule", "set", lab, "--every", "1h"), ("worker", "--once")):
        told = plumbline(*words)
        assert told.code == 3
        assert "Mars/Olympus" in told.err


def test_a_worker_with_nothing_to_do_ends(spawn: Spawn) -> None:
    told = spawn("worker", "--once")
    assert (told.code, told.out, told.err) == (0, "", "")


@pytest.mark.network
@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("postgresql://plumb:pass-word@127.0.0.1:9/none", 1),
        ("oracle://plumb:pass-word@127.0.0.1/none", 3),
    ],
)
def test_a_worker_without_its_database_says_so(spawn: Spawn, address: str, code: int) -> None:
    told = spawn("worker", "--once", PLUMBLINE_DATABASE_URL=address)
    assert told.code == code
    assert told.err
    assert "Traceback" not in told.err
    assert "pass-word" not in told.err


@pytest.mark.parametrize("spoil", ["folder", "rubbish"])
def test_a_worker_whose_queue_cannot_be_used_says_so(spawn: Spawn, home: Path, spoil: str) -> None:
    place = home / "jobs.sqlite3"
    if spoil == "folder":
        place.mkdir(parents=True)
    else:
        home.mkdir(exist_ok=True)
        place.write_bytes(b"no database at all" * 1_000)
    told = spawn("worker", "--once")
    assert told.code == 1
    assert "job queue" in told.err
    assert "Traceback" not in told.err

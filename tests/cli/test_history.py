from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from plumbline.cli import oddities
from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.request import RequestRecord
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.severity import Severity
from plumbline.ledger import connections, evidence, requests, runs
from plumbline.ledger.records import Oddity, Slice

if TYPE_CHECKING:
    from pathlib import Path

    from commandline import Run

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def number(lab: str) -> int:
    """A run that ended without agreeing."""
    run = runs.start(lab, RunMode.FULL).number
    with requests.Log(run) as log:
        log.record(
            RequestRecord(
                at=NOON,
                method="GET",
                path="/rest/system",
                summary="",
                status=200,
                received=12,
                seconds=0.25,
                attempt=1,
                outcome="ok",
            )
        )
    evidence.record_proofs(
        run,
        [
            Proof(
                repository_id=3,
                source=Source.CUMULATIVE,
                severity=Severity.HIGH,
                ours=3,
                repeated=1,
                console=5,
                published=2,
            )
        ],
    )
    evidence.record_slices(
        run, [Slice(name="r3/high", state="short", expected=5, distinct=4, passes=3, note="drift")]
    )
    evidence.record_oddities(run, [Oddity(kind="odd date", count=2, example="\x1b[31m-1")])
    runs.finish(
        run,
        RunState.INCOMPLETE,
        {"open": 4, "new": 4},
        error="One row is missing.",
        advice="Run it again.",
    )
    return run


def test_runs_are_listed_for_programs(plumbline: Run, number: int) -> None:
    [run] = plumbline("runs", "--json").data
    assert run["run"] == number
    assert (run["connection"], run["mode"], run["state"]) == ("lab", "full", "incomplete")
    assert run["counts"] == {"open": 4, "new": 4}
    assert run["started"].endswith("Z")
    assert run["ended"] >= run["started"]


def test_runs_are_listed_for_people(plumbline: Run, number: int) -> None:
    told = plumbline("runs")
    assert told.out.split()[:3] == ["run", "connection", "mode"]
    assert f"{number}" in told.out
    assert "incomplete" in told.out


def test_runs_of_one_connection_can_be_asked_for(plumbline: Run, number: int) -> None:
    assert number
    assert plumbline("runs", "--connection", "other", "--json").data == []
    assert len(plumbline("runs", "--connection", "lab", "--limit", "1", "--json").data) == 1


def test_without_runs_the_next_step_is_told_on_stderr(plumbline: Run) -> None:
    told = plumbline("runs")
    assert told.out == ""
    assert "plumbline sync" in told.err


def test_a_run_shows_its_proof_slices_oddities_and_traffic(plumbline: Run, number: int) -> None:
    data = plumbline("run", "show", str(number), "--json").data
    assert data["proof"] == [
        {
            "repository_id": 3,
            "source": "cumulative",
            "severity": "high",
            "ours": 3,
            "repeated": 1,
            "console": 5,
            "published": 2,
            "agrees": False,
        }
    ]
    assert data["slices"][0]["note"] == "drift"
    assert data["oddities"][0]["count"] == 2
    assert data["traffic"] == {"requests": 1, "received": 12, "seconds": 0.25, "failed": 0}
    assert (data["requests"], data["bytes"]) == (1, 12)
    assert data["error"] == "One row is missing."
    assert "request_list" not in data


def test_a_runs_requests_are_listed_when_asked_for(plumbline: Run, number: int) -> None:
    told = plumbline("run", "show", str(number), "--requests", "--json")
    assert told.data["request_list"][0]["path"] == "/rest/system"
    assert "/rest/system" in plumbline("run", "show", str(number), "--requests").out
    assert "/rest/system" not in plumbline("run", "show", str(number)).out


def test_a_run_is_shown_to_people_without_steering_their_terminal(
    plumbline: Run, number: int
) -> None:
    told = plumbline("run", "show", str(number))
    for words in ("One row is missing.", "Run it again.", "r3/high", "odd date", "cumulative"):
        assert words in told.out
    assert "\x1b" not in told.out


@pytest.mark.parametrize(("number", "code"), [("99", 2), ("0", 2), ("-1", 2), ("x", 2)])
def test_a_run_that_is_not_there_is_refused(plumbline: Run, number: str, code: int) -> None:
    told = plumbline("run", "show", number)
    assert told.code == code
    assert told.out == ""


def test_sealing_keys_are_rotated(plumbline: Run, lab: str, home: Path) -> None:
    before = (home / "secret.keys").read_text()
    told = plumbline("secrets", "rotate", "--json")
    assert told.data == {"sealed": 1}
    after = (home / "secret.keys").read_text()
    assert before != after
    assert after.strip() not in told.out + told.err
    assert connections.get_keys(lab).access


def test_rotating_keys_of_the_environment_tells_what_is_left_to_do(
    plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_SECRET_KEYS", "A" * 43 + "=")
    told = plumbline("secrets", "rotate")
    assert told.code == 0
    assert "take the others out" in told.err


def test_the_database_is_brought_up_to_date(plumbline: Run) -> None:
    assert plumbline("db", "upgrade", "--json").data == {"changed": True}
    assert plumbline("db", "upgrade", "--json").data == {"changed": False}
    assert "up to date" in plumbline("db", "upgrade").err


def test_a_healthy_installation_is_told_so(plumbline: Run, home: Path) -> None:
    told = plumbline("doctor", "--json")
    assert told.code == 0
    assert json.loads(told.out)["schema"] == "plumbline/doctor/1"
    assert {sign["health"] for sign in told.data} == {"ok"}
    assert not home.exists()


def test_each_ill_part_is_told_with_a_remedy(plumbline: Run, home: Path) -> None:
    home.mkdir()
    home.chmod(0o755)
    (home / "secret.keys").write_text("no key")
    (home / "ledger.sqlite3").write_text("no database" * 100)
    told = plumbline("doctor", "--json")
    assert told.code == 3
    health = {sign["part"]: sign["health"] for sign in told.data}
    assert health["data folder"] == "warn"
    assert health["sealing keys"] == "fail"
    assert health["database"] == "fail"
    assert all(sign["remedy"] for sign in told.data if sign["health"] != "ok")
    assert "✘ FAIL" in plumbline("doctor").out


def test_a_wrong_setting_is_told_by_the_doctor(
    plumbline: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_ENGINE_MEMORY_MB", "lots")
    told = plumbline("doctor", "--json")
    assert told.code == 3
    assert "PLUMBLINE_ENGINE_MEMORY_MB" in told.data[-1]["finding"]


def test_what_a_run_changed_is_told_in_a_line_a_kind(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    oddities.tell(number)
    [line] = capsys.readouterr().err.splitlines()
    assert line.strip().startswith("odd date: 2, such as ")
    assert "\x1b" not in line
    many = [Oddity(kind=f"kind {n:02}", count=1) for n in range(30)]
    evidence.record_oddities(number, many)
    oddities.tell(number)
    assert f"10 more kinds: plumbline run show {number}" in capsys.readouterr().err

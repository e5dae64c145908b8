from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from plumbline.cli.status import sparkline
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.run import RunMode, RunState
from plumbline.ledger import connections, runs, schedules, snapshots
from plumbline.ledger.records import Publication

if TYPE_CHECKING:
    from commandline import Run

pytestmark = pytest.mark.usefixtures("settled")

ACTIVE, ERROR, DEGRADED = 0, 1, 6


def read(name: str, age: timedelta = timedelta(minutes=5)) -> int:
    """A run that published."""
    run = runs.start(name, RunMode.FULL).number
    at = Publication(as_of=datetime.now(UTC) - age, tables={})
    snapshots.publish(run, RunState.COMPLETE, {"open": 7, "new": 3, "fixed": 1}, at)
    return run


def missed(name: str, code: int = 5) -> int:
    """A run that published nothing."""
    run = runs.start(name, RunMode.FULL).number
    error = "It\x1b[31m is gone."
    runs.finish(run, RunState.FAILED, error=error, advice="Mend it.", code=code)
    return run


def test_without_connections_all_is_well(plumbline: Run) -> None:
    told = plumbline("status")
    assert (told.code, told.out) == (ACTIVE, "")
    assert "connection add" in told.err
    assert plumbline("status", "--json").data == []
    assert plumbline("status", "--prometheus").out == ""


def test_people_see_a_line_a_connection(plumbline: Run, lab: str) -> None:
    number = read(lab)
    told = plumbline("status")
    assert told.code == ACTIVE
    headings, line = told.out.splitlines()
    assert headings.split()[:2] == ["connection", "state"]
    assert "Active" in line
    assert f"{number} complete" in line
    assert "5 minutes" in line


def test_people_see_what_is_wrong_and_what_to_do(plumbline: Run, lab: str) -> None:
    read(lab)
    number = missed(lab)
    told = plumbline("status")
    assert told.code == DEGRADED
    assert "Degraded" in told.out
    assert f"lab: Run {number} failed: It [31m is gone.\n  Try: Mend it.\n" in told.out


def test_the_worst_connection_decides_how_it_ends(plumbline: Run, lab: str) -> None:
    read(lab)
    connections.add(Connection(name="b", address=Address(url="https://b")), Keys("a", "b"))
    assert plumbline("status").code == ERROR
    assert plumbline("status", "lab").code == ACTIVE
    assert plumbline("status", "b", "--json").code == ERROR
    read("b", timedelta(days=3))
    assert plumbline("status").code == DEGRADED
    connections.pause("b", paused=True)
    assert plumbline("status").code == ACTIVE


def test_refused_keys_are_an_error(plumbline: Run, lab: str) -> None:
    read(lab)
    missed(lab, code=4)
    assert plumbline("status").code == ERROR


def test_programs_see_everything(plumbline: Run, lab: str) -> None:
    first, last = read(lab), missed(lab)
    schedules.put(lab, "every 24h", (), 0, changed=datetime.now(UTC))
    schedules.plan(lab, datetime(2999, 1, 1, tzinfo=UTC))
    told = plumbline("status", "--json")
    assert told.code == DEGRADED
    assert json.loads(told.out)["schema"] == "plumbline/status/1"
    [found] = told.data
    assert (found["connection"], found["kind"], found["state"]) == ("lab", "console", "degraded")
    [reason] = found["reasons"]
    assert (reason["cause"], reason["remedy"]) == ("failed", "Mend it.")
    assert (found["last_good"]["run"], found["last_try"]["run"]) == (first, last)
    assert found["running"] is None
    assert found["next_at"] == "2999-01-01T00:00:00Z"
    assert 299 <= found["age_seconds"] <= 400
    assert (found["stale"], found["failures"]) == (False, 1)
    assert found["rows"]["new"] == 3
    assert found["rows"]["changed"] is None
    assert found["proof"] == {"agreeing": 0, "totals": 0}
    assert len(found["trend"]["seconds"]) == 1
    assert found["trend"]["ratio"] is None


def test_prometheus_is_told_and_ends_well_even_so(plumbline: Run, lab: str) -> None:
    missed(lab)
    told = plumbline("status", "--prometheus")
    assert told.code == 0
    assert 'plumbline_state{connection="lab",state="error"} 1\n' in told.out
    assert 'plumbline_up{connection="lab"} 0\n' in told.out


def test_an_unknown_name_and_two_formats_are_refused(plumbline: Run, lab: str) -> None:
    assert plumbline("status", "nope").code == 2
    told = plumbline("status", lab, "--json", "--prometheus")
    assert told.code == 2
    assert "exclude each other" in told.err


def test_answers_and_status_call_the_same_data_stale(plumbline: Run, lab: str) -> None:
    read(lab, timedelta(days=3))
    assert "3.0 days old" in plumbline("status").out
    assert "the data is 3.0 days old" in plumbline("findings").err
    schedules.put(lab, "every 7d", (), 0, changed=datetime.now(UTC))
    schedules.plan(lab, datetime.now(UTC) + timedelta(days=4))
    assert plumbline("status").code == ACTIVE
    assert "days old" not in plumbline("findings").err


@pytest.mark.parametrize(
    ("values", "bars"),
    [([], ""), ([0.0], "▁"), ([5.0], "█"), ([0, 1, 2, 4, 8], "▁▂▃▅█"), ([3, 3], "██")],
)
def test_durations_are_drawn_as_bars(values: list[float], bars: str) -> None:
    assert sparkline(values) == bars

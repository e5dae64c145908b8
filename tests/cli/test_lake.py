"""`plumbline lake`, `plumbline runs diff` and `--as-of` from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from plumbline.config.settings import Settings
from plumbline.domain.run import RunMode, RunState
from plumbline.lake.store import Store
from plumbline.ledger import runs, snapshots
from plumbline.ledger.models import SnapshotRow
from plumbline.ledger.records import Publication
from plumbline.tables import EVENTS, FINDINGS, TABLES, Table

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import pyarrow as pa
    from commandline import Run

    from plumbline.domain.snapshot import Pin

pytestmark = pytest.mark.usefixtures("settled")

NOW = datetime.now(UTC)


def rows(table: Table, *given: dict[str, Any]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - most tests of the command line do without

    return pa.Table.from_pylist([{"console": "lab", **row} for row in given], table.schema)


def publish(home: Path, state: str, days_ago: int) -> int:
    """A run that found one finding in a state, published some days ago."""
    store, before = Store.of(Settings(home=home), "lab"), snapshots.latest("lab")
    number = runs.start("lab", RunMode.FULL).number
    at = NOW - timedelta(days=days_ago)
    finding = {"finding": "f1", "severity": 4, "state": state, "recast": False, "ip": "10.0.0.1"}
    event = {"run": number, "at": at, "finding": "f1", "event": "opened", "after": state}
    pins: dict[str, Pin] = {t.name: store.replace(t, t.empty()) for t in TABLES if t is not EVENTS}
    pins["findings"] = store.replace(FINDINGS, rows(FINDINGS, finding))
    after = before.tables["events"] if before else None
    pins["events"] = store.append(EVENTS, rows(EVENTS, event), after)
    snapshots.publish(number, RunState.COMPLETE, {"open": 1}, Publication(as_of=at, tables=pins))
    SnapshotRow.objects.filter(pk=number).update(published=at)
    return number


@pytest.fixture
def chain(lab: str, home: Path) -> list[int]:
    """Three runs: long ago, yesterday and today."""
    assert lab
    return [publish(home, *one) for one in (("open", 2000), ("open", 1), ("fixed", 0))]


def test_runs_are_listed_as_before(plumbline: Run, chain: list[int]) -> None:
    told = plumbline("runs", "--json")
    assert [run["run"] for run in told.data] == chain[::-1]
    assert json.loads(told.out)["schema"] == "plumbline/runs/1"
    assert plumbline("runs", "--limit", "1").out.count("lab") == 1


def test_a_difference_is_counted_and_listed(plumbline: Run, chain: list[int]) -> None:
    first, _, last = map(str, chain)
    told = plumbline("runs", "diff", first, last, "--json")
    assert told.code == 0, told.err
    counts = {row["change"]: row for row in told.data}
    assert (counts["fixed"]["critical"], counts["opened"]["findings"]) == (1, 0)
    assert counts["opened"]["events"] == 2
    [row] = plumbline("runs", "diff", first, last, "--list", "--format", "json").data
    assert (row["before"], row["after"], row["ip"]) == ("open", "fixed", "10.0.0.1")
    assert plumbline("runs", "diff", first, last, "--list", "change:opened", "--json").data == []
    told = plumbline("runs", "diff", first, last, "--by-repository", "--format", "csv")
    assert told.out.splitlines()[0].startswith("repository_id,repository,change,critical")
    assert "severity_before" in plumbline("runs", "diff", first, last, "--fields").out


def test_dates_are_taken_as_well(plumbline: Run, chain: list[int]) -> None:
    yesterday = (NOW - timedelta(days=1)).date().isoformat()
    told = plumbline("runs", "diff", yesterday, str(chain[-1]), "--json")
    assert {r["change"] for r in told.data if r["findings"]} == {"fixed"}
    assert plumbline("runs", "diff", yesterday, NOW.date().isoformat(), "--json").code == 0


def test_a_difference_that_means_nothing_is_refused(plumbline: Run, chain: list[int]) -> None:
    first, last = str(chain[0]), str(chain[-1])
    for arguments, words in (
        ((last, first), f"runs diff {first} {last}"),
        ((first, "99"), "no run 99"),
        ((first, "soon"), "neither the number of a run nor a date"),
        (("2001-01-01", last), "had been published as of 2001-01-01"),
        ((first, last, "change:fixed"), "--list"),
        ((first, last, "--list", "colour:red"), "colour"),
        ((first, last, "--connection", "nobody"), "nobody"),
    ):
        told = plumbline("runs", "diff", *arguments)
        assert told.code == 2, told.err
        assert words in told.err
        assert told.out == ""


def test_the_lake_is_shown_and_thinned(
    plumbline: Run, chain: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    [shown] = plumbline("lake", "show", "--json").data["connections"]
    assert (shown["snapshots"], shown["runs"], shown["unneeded_bytes"]) == (3, chain, 0)
    assert "every snapshot for 7 days" in plumbline("lake", "show").out
    told = plumbline("lake", "vacuum", "--dry-run", "--json").data
    assert [one["run"] for one in told["forgotten"]] == chain[:1]
    assert "would be given up: 1" in plumbline("lake", "vacuum", "--dry-run").out
    monkeypatch.setenv("PLUMBLINE_VACUUM_GRACE_HOURS", "0")
    assert "given up: 1" in plumbline("lake", "vacuum").out
    assert "nothing to remove" in plumbline("lake", "vacuum").err
    told = plumbline("findings", "--as-of", str(chain[0]))
    assert told.code == 2
    assert f"The snapshot of run {chain[0]}" in told.err or "no longer kept" in told.err
    assert f"run {chain[1]} " in told.err
    assert len(plumbline("findings", "--as-of", str(chain[1]), "--json").data) == 1


def test_small_files_are_joined(plumbline: Run, chain: list[int]) -> None:
    before = plumbline("findings", "--as-of", str(chain[-1]), "--json").out
    told = plumbline("lake", "compact", "--json").data
    assert [(one["table"], one["files_before"], one["files_after"]) for one in told] == [
        ("events", 2, 1)  # the oldest event was past its time
    ]
    assert "nothing to join" in plumbline("lake", "compact").err
    assert plumbline("findings", "--as-of", str(chain[-1]), "--json").out == before


def test_a_moment_that_cannot_be_meant_is_told_in_one_sentence(
    plumbline: Run, chain: list[int]
) -> None:
    for moment, code, words in (
        ("2999-01-01", 2, "lies ahead"),
        ("9" * 5000, 2, "There is no run"),
        ("9999-12-31T23:59-05:00", 2, "neither the number"),
        ("0001-01-01T00:00+14:00", 2, "neither the number"),
        ("2001-01-01", 1, f"--as-of {chain[0]}"),
    ):
        told = plumbline("findings", "--as-of", moment)
        assert told.code == code, told.err
        assert words in told.err
        assert "unexpected" not in told.err

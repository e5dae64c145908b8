"""Trends, flows and differences: gaps are gaps, and net changes are told by the rule of events."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.domain.finding import Event
from plumbline.errors import UsageError
from plumbline.posture import changes, explore
from plumbline.posture.questions import ask
from plumbline.tables import FINDINGS
from small import engine_over

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate

Row = dict[str, Any]
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


def at(day: int, hour: int = 6) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour)


def fact(run: int, when: datetime, findings: int, **more: Any) -> Row:
    row = {"console": "north", "repository_id": 1, "severity": 4, "state": "open"}
    return {**row, "run": run, "at": when, "findings": findings, **more}


def event(run: int, when: datetime, what: str, **more: Any) -> Row:
    return {"console": "north", "run": run, "at": when, "event": what, "finding": "f", **more}


FACTS = [
    fact(1, at(0), 5),
    fact(1, at(0), 2, severity=1, state="reopened"),
    fact(1, at(0), 3, repository_id=2),
    fact(1, at(0), 9, state="fixed"),
    fact(1, at(0), 4, repository_id=None, list_id=7),
    # The last run of a day counts.
    fact(2, at(0, 20), 6),
    fact(4, at(3), 0, state="fixed"),
    fact(4, at(3), 1, repository_id=2),
    fact(6, at(15), 8),
    fact(3, at(2), 11, console="south"),
]
EVENTS = [
    *[event(1, at(0), "opened")] * 10,
    event(2, at(0, 20), "fixed"),
    *[event(4, at(3), "vanished")] * 2,
    *[event(6, at(15), "opened")] * 3,
]


def rows(estate: Estate, name: str, *arguments: str) -> list[Row]:
    return list(ask(estate, name, arguments).fetch().to_pylist())


@pytest.fixture(scope="module")
def estate() -> Estate:
    names = [{"console": "north", "repository_id": n, "name": f"Repo {n}"} for n in (1, 2)]
    lists = [{"console": "north", "list_id": 7, "name": "Servers"}]
    made = {"facts": FACTS, "events": EVENTS, "repositories": names, "asset_lists": lists}
    return engine_over(made, {"north": at(15), "south": at(2)})


def test_what_a_run_did_not_count_is_not_known_and_not_zero() -> None:
    told = [
        fact(1, at(0), 5),
        fact(2, at(1), 5, exploitable=2),
        fact(2, at(1), 3, exploitable=1, repository_id=2),
        fact(2, at(1), 7, exploitable=4, state="fixed"),
        # All were fixed, so that none of them is open.
        fact(3, at(2), 8, exploitable=6, state="fixed"),
    ]
    found = rows(engine_over({"facts": told}, {"north": at(2)}), "trend")
    assert [(row["open"], row["exploitable"]) for row in found] == [(5, None), (8, 3), (0, 0)]


def test_a_day_without_a_run_is_a_gap_and_not_zero(estate: Estate) -> None:
    told = [row for row in rows(estate, "trend") if row["console"] == "north"]
    assert [row["day"] for row in told] == [f"2026-11-{day:02}" for day in range(2, 18)]
    by_day = {row["day"]: row for row in told}
    assert (by_day["2026-11-02"]["run"], by_day["2026-11-02"]["open"]) == (2, 6)
    missed = by_day["2026-11-03"]
    assert {missed[name] for name in ("run", "at", "critical", "info", "open")} == {None}
    assert by_day["2026-11-05"]["open"] == 1
    assert by_day["2026-11-17"]["critical"] == 8
    assert sum(row["run"] is not None for row in told) == 3


def test_each_console_has_its_own_line(estate: Estate) -> None:
    [row] = [row for row in rows(estate, "trend") if row["console"] == "south"]
    assert (row["day"], row["run"], row["open"]) == ("2026-11-04", 3, 11)


def test_a_repository_or_a_list_is_followed_by_name_or_number(estate: Estate) -> None:
    second = rows(estate, "trend", "repository:repo 2")
    assert second == rows(estate, "trend", "repository:2")
    # A run that counted nothing there counted none.
    assert [row["open"] for row in second if row["run"]] == [0, 1, 0]
    listed = rows(estate, "trend", "list:Servers")
    assert [row["open"] for row in listed if row["run"]] == [0, 0, 0]


def test_a_part_that_is_not_there_is_refused(estate: Estate) -> None:
    for scope, words in (
        ("repository:9", "no repository '9'"),
        ("list:Clients", "no asset list 'Clients'"),
        ("list:", "neither the whole estate"),
        ("nonsense", "neither the whole estate"),
        (f"repository:{'9' * 400}", "no repository"),
    ):
        with pytest.raises(UsageError, match=words):
            rows(estate, "trend", scope)


def test_weeks_without_a_run_are_gaps_and_the_first_run_is_no_news(estate: Estate) -> None:
    told = [row for row in rows(estate, "flow") if row["console"] == "north"]
    assert [(row["week"], row["runs"]) for row in told] == [
        ("2026-11-02", 3),
        ("2026-11-09", 0),
        ("2026-11-16", 1),
    ]
    assert [row["opened"] for row in told] == [0, None, 3]
    assert [row["fixed"] for row in told] == [1, None, 0]
    assert [row["vanished"] for row in told] == [2, None, 0]


def test_weeks_whose_events_are_no_longer_kept_are_gaps() -> None:
    left = [one for one in EVENTS if one["run"] > 2]
    told = rows(engine_over({"facts": FACTS, "events": left}, {"north": at(15)}), "flow")
    assert [row["opened"] for row in told if row["console"] == "north"] == [None, None, 3]


STATES = (None, "open", "reopened", "fixed", "accepted", "vanished", "out_of_sight")


def expected(before: Row | None, after: Row) -> str | None:
    """As docs/lifecycle.md names events."""
    if before is None:
        return "fixed" if after["state"] == "fixed" else "opened"
    if before["state"] == after["state"]:
        same = all(before[name] == after[name] for name in ("severity", "recast"))
        return None if same else "recast"
    if after["state"] not in {"open", "reopened"}:
        return str(after["state"])
    if before["state"] in {"vanished", "out_of_sight"}:
        return "returned"
    if before["state"] == "accepted":
        return "unaccepted"
    again = before["state"] == "fixed" or after["state"] == "reopened"
    return "reopened" if again else "recast"


def pairs() -> list[tuple[Row | None, Row]]:
    """Every state before with every state after, with and without another severity or mark."""
    found: list[tuple[Row | None, Row]] = []
    for was in STATES:
        for now in STATES[1:]:
            for severity, recast in ((4, False), (2, True), (2, False), (4, None)):
                key: Row = {"console": "north", "finding": f"{len(found):032x}", "alias": "a"}
                key |= {"repository_id": 1 + len(found) % 2, "plugin_id": len(found)}
                after = {**key, "state": now, "severity": severity, "recast": recast}
                before = {**key, "state": was, "severity": 4, "recast": False}
                found.append((before if was else None, after))
    return found


@pytest.fixture(scope="module")
def compared() -> Estate:
    made = {
        "findings": [after for _, after in pairs()],
        "events": [event(n, at(n), "fixed") for n in (1, 2, 3, 4)],
        "repositories": [{"console": "north", "repository_id": 1, "name": "Repo 1"}],
    }
    later = engine_over(made, {"north": at(9)})
    earlier = engine_over({"findings": [before for before, _ in pairs() if before]}, {})
    held = earlier.table("findings").to_pyarrow().cast(FINDINGS.schema)
    later.backend.con.register("earlier", held)
    later.backend.con.execute(f"CREATE TABLE {changes.EARLIER} AS FROM earlier")
    tables = {**later.tables, changes.EARLIER: later.backend.table(changes.EARLIER)}
    return type(later)(tables=tables, as_of=later.as_of)


def test_every_change_is_named_as_its_event_would_be(compared: Estate) -> None:
    asked = explore.Request(columns=("finding", "change", "before", "after", "severity_before"))
    told = {
        r["finding"]: r for r in explore.rows(changes.CHANGES, compared, asked).fetch().to_pylist()
    }
    for before, after in pairs():
        want = expected(before, after)
        row = told.get(after["finding"])
        assert (row["change"] if row else None) == want
        if row:
            assert row["before"] == (before["state"] if before else None)
            assert row["after"] == after["state"]


def test_changes_are_counted_by_severity_and_repository(compared: Estate) -> None:
    wanted = Counter(
        (expected(before, after), after["severity"], after["repository_id"])
        for before, after in pairs()
        if expected(before, after)
    )
    totals = changes.totals(compared, 1, 3).fetch().to_pylist()
    assert [row["change"] for row in totals] == [one.value for one in Event]
    for row in totals:
        for word, severity in (("critical", 4), ("medium", 2)):
            number = sum(
                n for (c, s, _), n in wanted.items() if (c, s) == (row["change"], severity)
            )
            assert row[word] == number
        assert row["findings"] == row["critical"] + row["medium"]
        assert row["events"] == (2 if row["change"] == "fixed" else 0)
    for row in changes.by_repository(compared).fetch().to_pylist():
        key = (row["change"], 4, row["repository_id"])
        assert row["critical"] == wanted[key]
        assert row["repository"] == ("Repo 1" if row["repository_id"] == 1 else None)

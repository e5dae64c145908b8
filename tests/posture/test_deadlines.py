"""Deadlines, times to fix, actions and signals, against numbers counted by plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.domain.deadlines import Deadlines
from plumbline.domain.severity import Severity
from plumbline.posture import explore
from plumbline.posture.filters import parse
from plumbline.posture.questions import ask
from plumbline.posture.relations import RELATIONS
from small import AS_OF, engine_over

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from small import Made

Row = dict[str, Any]
DEADLINES = Deadlines()
OPEN = {"open", "reopened"}


def told(estate: Estate, name: str, *arguments: str) -> list[Row]:
    return list(ask(estate, name, arguments).fetch().to_pylist())


def standing(finding: Row) -> str | None:
    days = DEADLINES.days(Severity(finding["severity"]))
    if days is None or finding["first_seen"] is None:
        return None
    end = finding["first_seen"] + timedelta(days=days)
    if finding["state"] in OPEN:
        return "overdue" if end < AS_OF[finding["console"]] else "within"
    if finding["state"] == "fixed" and finding["fixed_at"] is not None:
        return "met" if finding["fixed_at"] <= end else "missed"
    return None


def is_due(finding: Row) -> bool:
    days = DEADLINES.days(Severity(finding["severity"]))
    now = AS_OF[finding["console"]]
    end = finding["first_seen"] + timedelta(days=days or 0)
    return bool(now - timedelta(days=30) <= end <= now)


def test_findings_stand_to_their_deadlines_as_counted_by_hand(made: Made, estate: Estate) -> None:
    expected = Counter(
        (Severity(f["severity"]).word, standing(f)) for f in made.of("findings") if standing(f)
    )
    for row in told(estate, "sla"):
        word = row["severity"]
        assert row["overdue"] == expected[word, "overdue"]
        assert row["within"] == expected[word, "within"]
        recent = [f for f in made.of("findings") if Severity(f["severity"]).word == word]
        recent = [f for f in recent if standing(f) and is_due(f)]
        kinds = Counter(map(standing, recent))
        assert row["due"] == len(recent)
        assert (row["met"], row["missed"], row["late"]) == (
            kinds["met"], kinds["missed"], kinds["overdue"],
        )  # fmt: skip
    assert sum(expected.values()) > 50


@pytest.mark.parametrize("word", ["overdue", "within", "met", "missed"])
def test_a_filter_finds_what_the_question_counts(word: str, made: Made, estate: Estate) -> None:
    found = explore.total(RELATIONS["findings"], estate, parse(f"sla:{word}"))
    assert found == sum(standing(f) == word for f in made.of("findings"))
    due = explore.total(RELATIONS["findings"], estate, parse(f"due_at:0d..30d sla:{word}"))
    assert due == sum(standing(f) == word and is_due(f) for f in made.of("findings"))


def test_informational_findings_have_no_deadline() -> None:
    assert DEADLINES.days(Severity.INFO) is None
    assert [DEADLINES.days(s) for s in sorted(Severity, reverse=True)] == [15, 30, 90, 180, None]


def test_the_median_time_to_fix_is_that_of_recent_fixes(made: Made, estate: Estate) -> None:
    def days(one: Row, end: str) -> int:
        stop = one[end] or AS_OF[one["console"]]
        return max(0, int((stop - one["first_seen"]).days))

    for row in told(estate, "time-to-fix"):
        mine = [f for f in made.of("findings") if Severity(f["severity"]).word == row["severity"]]
        fixed = [
            f["first_seen"] and days(f, "fixed_at")
            for f in mine
            if f["state"] == "fixed"
            and f["fixed_at"] is not None
            and f["fixed_at"] >= AS_OF[f["console"]] - timedelta(days=90)
        ]
        assert row["fixed"] == len(fixed)
        known = [one for one in fixed if one is not None]
        assert row["median"] == (median(known) if known else None)
        still = [
            max(0, (AS_OF[f["console"]] - f["first_seen"]).days)
            for f in mine
            if f["state"] in OPEN and f["first_seen"] is not None
        ]
        assert row["open_median"] == (median(still) if still else None)


def test_signals_count_every_open_finding_above_info_once(made: Made, estate: Estate) -> None:
    rows = told(estate, "vpr-by-epss")
    above = [f for f in made.open() if f["severity"] > Severity.INFO]
    assert sum(row["findings"] for row in rows) == len(above)
    missing = sum(made.plugin(f)["vpr"] is None for f in above)
    assert sum(row["findings"] for row in rows if row["vpr"] == "not supplied") == missing


def test_actions_never_remove_more_than_there_is(estate: Estate) -> None:
    rows = told(estate, "top-actions", "1000")
    shares = [row["share"] for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=0.01)
    relation = RELATIONS["findings"]
    for row in rows[:5]:
        query = parse(f'state:open,reopened solution:"{row["solution"]}"')
        assert explore.total(relation, estate, query) == row["findings"]


def test_week_0_of_the_paces_is_what_stands_now(estate: Estate) -> None:
    told_now = {r["severity"]: r for r in told(estate, "deadlines-by-week") if not r["weeks_ago"]}
    fixes = {row["severity"]: row for row in told(estate, "time-to-fix")}
    for row in told(estate, "sla"):
        found = told_now.get(row["severity"], {"due": 0, "met": 0, "fixed": 0, "median": None})
        assert (found["due"], found["met"]) == (row["due"], row["met"])
        assert found["fixed"] == fixes[row["severity"]]["fixed"]
        assert found["median"] == fixes[row["severity"]]["median"]
    assert sum(row["due"] for row in told_now.values())
    assert sum(row["fixed"] for row in told_now.values())


def test_earlier_weeks_are_as_counted_by_hand(made: Made) -> None:
    first = {console: at - timedelta(weeks=8, hours=1) for console, at in AS_OF.items()}
    old = [{**f, "at": first[f["console"]]} for f in made.of("facts")]
    needed = {name: made.of(name) for name in ("findings", "plugins")}
    estate = engine_over({**needed, "facts": old})
    expected: Counter[tuple[str, int, str]] = Counter()
    for finding in made.of("findings"):
        now, severity = AS_OF[finding["console"]], Severity(finding["severity"])
        days = DEADLINES.days(severity)
        if days is None or standing(finding) in {None, "within"}:
            continue
        end = finding["first_seen"] + timedelta(days=days)
        for week in range(26):
            until = now - timedelta(weeks=week)
            if until >= first[finding["console"]] and until - timedelta(days=30) <= end <= until:
                expected[severity.word, week, "due"] += 1
                expected[severity.word, week, "met"] += standing(finding) == "met"
    rows = told(estate, "deadlines-by-week")
    found = {(r["severity"], r["weeks_ago"], n): r[n] for r in rows for n in ("due", "met")}
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in expected.items() if v}
    assert {week for _, week, _ in found} >= {0, 2, 8}

"""Active is what open means: the default of findings, a word of filters, one choice in facets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import small
from plumbline.posture import coded, explore, refining
from plumbline.posture.filters import parse
from plumbline.posture.findings import FINDINGS
from plumbline.posture.hosts import HOSTS
from plumbline.report.reports.part import divided

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from small import Made


@pytest.fixture(scope="module")
def numbered() -> Estate:
    estate = replace(small.make().estate)
    assert coded.prepare(estate)
    return estate


@pytest.mark.parametrize(
    "written",
    [
        "state:fixed", "-state:fixed", "state:*", "state:any", "fixed_at:<7d", "sla:met,missed",
        "accepted:yes", "-accepted:no", "finding:0a", "changed_run:3", "last_event:fixed",
        "kev:yes state:open",
    ],
)  # fmt: skip
def test_a_query_that_speaks_of_the_state_is_taken_as_it_stands(written: str) -> None:
    query = parse(written)
    assert refining.defaulted(query, FINDINGS) is query


@pytest.mark.parametrize(
    "written", ["", "apache", "severity:critical", "accepted:no", "-accepted:yes", "nofield:1"]
)
def test_without_that_active_findings_are_meant(written: str) -> None:
    whole = refining.defaulted(parse(written), FINDINGS)
    assert whole.written == f"{written} state:active".strip()
    assert refining.defaulted(whole, FINDINGS) is whole


def test_other_lists_have_no_default() -> None:
    query = parse("critical:>0")
    assert refining.defaulted(query, HOSTS) is query


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("state:active", "state:open,reopened"),
        ("-state:active kev:yes", "-state:open,reopened kev:yes"),
        ("state:active,fixed", "state:open,reopened,fixed"),
        ("state:any", "state:*"),
        ("state:ACTIVE", "state:open,reopened"),
    ],
)
def test_words_for_several_states_find_what_these_find(
    estate: Estate, numbered: Estate, short: str, long: str
) -> None:
    counts = {
        explore.total(FINDINGS, one, parse(query))
        for one in (estate, numbered)
        for query in (short, long)
    }
    assert len(counts) == 1
    assert counts != {0}


def test_a_condition_that_is_taken_away_does_not_come_back() -> None:
    query = parse("severity:high state:active")
    assert str(refining.loosened(query, FINDINGS, 1)) == "severity:high state:*"
    assert str(refining.loosened(query, FINDINGS, 0)) == "state:active"
    assert str(refining.loosened(parse("state:*"), FINDINGS, 0)) == ""
    assert str(refining.loosened(parse("state:fixed kev:yes"), FINDINGS, 0)) == "kev:yes state:*"


def test_facets_choose_states_by_themselves_and_together() -> None:
    query = parse("kev:yes state:active")
    assert refining.chosen(query, FINDINGS, "state") == ("open", "reopened")
    without = refining.toggled(query, FINDINGS, "state", "reopened")
    assert str(without) == "kev:yes state:open"
    assert str(refining.toggled(without, FINDINGS, "state", "reopened")) == str(query)
    assert str(refining.toggled(query, FINDINGS, "state", "fixed")) == "kev:yes state:active,fixed"


def test_the_last_event_of_findings_can_be_asked_for(made: Made) -> None:
    [one, other, *_] = [row for row in made.of("findings") if row["console"] == "north"]
    events = [
        {"console": "north", "run": row["changed_run"], "finding": row["finding"], "event": event}
        for row, event in ((one, "fixed"), (other, "opened"))
    ]
    # Of a run before: that is not what happened to it last.
    events.append({**events[1], "run": -1, "event": "fixed"})
    estate = small.engine_over({**made.rows, "events": events})
    request = explore.Request(query=parse("last_event:fixed"), columns=("finding", "last_event"))
    rows = explore.rows(FINDINGS, estate, request).fetch().to_pylist()
    assert rows == [{"finding": one["finding"], "last_event": "fixed"}]
    told = explore.Request(query=parse(f"finding:{other['finding']}"), columns=("last_event",))
    assert explore.rows(FINDINGS, estate, told).fetch().to_pylist() == [{"last_event": "opened"}]


def test_a_report_is_not_held_to_what_it_varies_itself() -> None:
    written = "state:open age:>30d severity:critical -accepted:yes fixed:<7d apache"
    query, left_out = divided(written)
    assert str(query) == "severity:critical apache"
    assert left_out == ("state:open", "age:>30d", "-accepted:yes", "fixed:<7d")

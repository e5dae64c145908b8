"""Deadlines that are set in the interface hold everywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.domain.deadlines import Deadlines
from plumbline.errors import UsageError
from plumbline.ledger import audit, snapshots
from plumbline.ledger import deadlines as policy
from plumbline.posture import questions
from plumbline.posture.opening import estate_of

if TYPE_CHECKING:
    from town import Town

SHORT = {"critical": "1", "high": "2", "medium": "3", "low": "4"}


def overdue(town: Town) -> int:
    return int(town.browser("viewer").get("/findings?q=sla:overdue").context["total"])


def test_what_is_set_counts_at_once_and_everywhere(town: Town) -> None:
    before = overdue(town)
    answer = town.browser("manager").post("/settings/deadlines/set", SHORT)
    assert answer.status_code == 302
    after = overdue(town)
    assert after > before
    # What the command line and reports open knows the same policy.
    estate = estate_of(town.settings, snapshots.latest_all())
    rows = questions.ask(estate, "sla", ()).fetch().to_pylist()
    assert [row["days"] for row in rows] == [1, 2, 3, 4]
    assert sum(row["overdue"] for row in rows) == after
    town.browser("manager").post("/settings/deadlines/reset")
    assert overdue(town) == before
    assert policy.current(town.settings) == Deadlines()


def test_who_changed_it_when_is_shown_and_noted(town: Town) -> None:
    town.browser("manager").post("/settings/deadlines/set", SHORT)
    page = town.browser("viewer").get("/settings/deadlines").content.decode()
    assert "Set by manager on" in page
    assert "Set the deadlines" not in page
    (note,) = [act for act in audit.listing(20) if act.action == "set deadlines"]
    assert note.who == "manager"
    assert "critical 1 days" in note.detail
    assert "before: critical 15 days" in note.detail
    # The same again is no change.
    town.browser("admin").post("/settings/deadlines/set", SHORT)
    assert len(policy.history()) == 1


def test_setting_them_takes_a_right(town: Town) -> None:
    for role in ("viewer", "analyst"):
        assert town.browser(role).post("/settings/deadlines/set", SHORT).status_code == 403
        assert town.browser(role).post("/settings/deadlines/reset").status_code == 403
    assert policy.history() == ()


@pytest.mark.parametrize(
    "told",
    [{"critical": "0"}, {"low": "3651"}, {"high": "x"}, {"critical": "9"}, {"low": ""}],
)
def test_what_cannot_be_a_deadline_is_told_at_the_form(town: Town, told: dict[str, str]) -> None:
    answer = town.browser("manager").post("/settings/deadlines/set", {**SHORT, **told})
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert policy.history() == ()


def test_days_beyond_any_sense_are_refused(town: Town) -> None:
    with pytest.raises(UsageError, match="1 to 3,650"):
        policy.put(town.settings, Deadlines(low=4_000))


def test_deadlines_by_the_api(town: Town) -> None:
    town.browser("manager").post("/settings/deadlines/set", SHORT)
    answer = town.browser().get("/api/v1/deadlines", headers=town.token("viewer"))
    told: Any = json.loads(answer.content)["data"]
    assert told["days"] == {"critical": 1, "high": 2, "medium": 3, "low": 4}
    assert told["settings"]["critical"] == 15
    assert told["history"][0]["who"] == "manager"

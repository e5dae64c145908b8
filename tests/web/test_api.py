"""The API: tokens, scopes, pages, problems, and its description."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.domain.person import Purview, Right, Role
from plumbline.errors import UsageError
from plumbline.ledger import audit

if TYPE_CHECKING:
    from town import Town


def asked(town: Town, path: str, header: dict[str, str] | None = None, **query: Any) -> Any:
    answer = town.browser().get(
        f"/api/v1/{path}", query, headers=header or town.token("viewer"), secure=True
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = json.loads(answer.content)
    assert told["status"] == status
    assert told["detail"]
    return told


def test_pages_hold_every_row_once(town: Town) -> None:
    header = town.token("viewer")
    found, after = [], ""
    while True:
        page = asked(
            town, "findings", header, q="state:*", limit=150, after=after, columns="finding"
        )
        found += page["data"]
        after = page["next"]
        if not after:
            break
    assert len(found) == page["total"] == len(town.made.of("findings"))
    assert len({row["finding"] for row in found}) == len(found)


def test_the_filter_is_that_of_the_command_line(town: Town) -> None:
    page = asked(town, "findings", q="severity:critical", columns="severity")
    assert page["query"] == "severity:critical state:active"
    wanted = [f for f in town.made.open() if f["severity"] == 4]
    assert page["total"] == len(wanted)
    assert page["data"] == [{"severity": "critical"}] * len(wanted)
    assert page["complete"] is True


def test_another_method_is_told_as_a_problem(town: Town) -> None:
    header = town.token("admin", Role.ADMIN)
    answer = town.browser().delete("/api/v1/summary", headers=header, secure=True)
    told = refused(answer, 405)
    assert told["detail"] == "DELETE cannot be asked of this address."
    assert answer.headers["Allow"] == "GET"
    # Pages say so, too.
    page = town.browser("admin").get("/connections/north/pause")
    assert page.status_code == 405
    assert "GET cannot be asked" in page.content.decode()


def test_what_the_report_says_and_where_a_run_stands(town: Town) -> None:
    report = asked(town, "report", q="severity:critical", title="Ours")
    assert (report["schema"], report["data"]["title"]) == ("plumbline/report-executive/1", "Ours")
    wanted = [f for f in town.made.open() if f["severity"] == 4]
    assert report["data"]["summary"]["critical"] == len(wanted)
    number = town.runs["north"]
    now = asked(town, f"runs/{number}/progress")["data"]
    assert (now["run"], now["connection"], now["over"]) == (number, "north", True)
    partly = town.person("partly", purview=Purview(connections=("south",)))
    header = town.token(partly)
    path = f"/api/v1/runs/{number}/progress"
    hidden = refused(town.browser().get(path, headers=header, secure=True), 404)
    none = refused(town.browser().get("/api/v1/runs/99999/progress", headers=header), 404)
    assert hidden["detail"].replace(str(number), "N") == none["detail"].replace("99999", "N")
    mine = asked(town, "report", header)["data"]
    assert [one["connection"] for one in mine["connections"]] == ["south"]


@pytest.mark.parametrize(
    "query",
    [
        "q=nofield:1",
        "columns=nothing",
        "sort=-nothing",
        "limit=0",
        "limit=x",
        "after=!",
        "q=kev:maybe",
    ],
)
def test_what_cannot_be_asked_is_told_in_a_problem(town: Town, query: str) -> None:
    answer = town.browser().get(f"/api/v1/findings?{query}", headers=town.token("viewer"))
    refused(answer, 400)


def test_a_place_of_other_snapshots_is_refused(town: Town) -> None:
    from plumbline.web.cursor import encode  # noqa: PLC0415

    text = encode((98, 99), {"at__0": 1})
    answer = town.browser().get(f"/api/v1/hosts?after={text}", headers=town.token("viewer"))
    assert "renewed" in refused(answer, 400)["detail"]


def test_without_a_token_nothing_is_told(town: Town) -> None:
    for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        answer = town.browser("admin" if header else "").get("/api/v1/me", headers=header)
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_reads_the_api_as_well(town: Town) -> None:
    answer = town.browser("analyst").get("/api/v1/me")
    assert answer.json()["data"]["name"] == "analyst"


def test_a_token_that_is_over_or_revoked_is_refused(town: Town) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from plumbline.ledger.people import tokens  # noqa: PLC0415
    from plumbline.ledger.people.models import TokenRow  # noqa: PLC0415

    over, revoked = town.token("viewer"), town.token("viewer")
    newest, oldest = TokenRow.objects.order_by("-pk")[:2]
    TokenRow.objects.filter(pk=oldest.pk).update(expires=timezone.now() - timedelta(seconds=1))
    tokens.revoke(newest.pk)
    for header in (over, revoked):
        refused(town.browser().get("/api/v1/me", headers=header), 401)


def test_a_token_never_may_more_than_its_person(town: Town) -> None:
    from plumbline.ledger.people import register  # noqa: PLC0415

    header = town.token("admin", Role.ADMIN)
    town.person("other", Role.ADMIN)
    assert town.browser().get("/api/v1/audit", headers=header).status_code == 200
    register.entitle("admin", Role.VIEWER)
    told = refused(town.browser().get("/api/v1/audit", headers=header), 403)
    assert Right.AUDIT.doc in told["detail"]
    assert "other" in told["advice"]
    with pytest.raises(UsageError):
        town.token("viewer", Role.ANALYST)


def test_what_a_token_does_is_noted_in_its_name(town: Town) -> None:
    from plumbline.ledger import connections  # noqa: PLC0415
    from plumbline.web import visitor  # noqa: PLC0415

    assert town.runs
    found = visitor.Visitor(name="admin", rights=frozenset(), token="a program")
    with audit.acting(found.who):
        connections.pause("north", paused=True)
    assert audit.listing(1)[0].who == "admin (token a program)"


def test_a_token_is_shown_once_and_revoked_on_its_page(town: Town) -> None:
    browser = town.browser("viewer")
    data = {"name": "monitor", "role": "viewer", "days": "7", "scope": "north/repository/1"}
    page = browser.post("/settings/tokens", data)
    text = page.context["made"]
    assert text.startswith("plumb_")
    header = {"Authorization": f"Bearer {text}"}
    assert asked(town, "me", header)["data"]["sees"] == [["north/repository/1"]]
    again = browser.get("/settings/tokens").content.decode()
    assert text not in again
    (token,) = browser.get("/settings/tokens").context["tokens"]
    # Not by somebody else.
    answer = town.browser("analyst").post(f"/settings/tokens/{token.id}/revoke")
    assert answer.status_code == 404
    assert asked(town, "me", header)
    browser.post(f"/settings/tokens/{token.id}/revoke")
    refused(town.browser().get("/api/v1/me", headers=header), 401)


def in_north_1(town: Town) -> list[dict[str, Any]]:
    findings = town.made.of("findings")
    return [f for f in findings if (f["console"], f["repository_id"]) == ("north", 1)]


SCOPED = Purview.parse(["north/repository/1"])
HIDDEN = ("south", "Repo 2", "Repo 3", "Retail", "Far away", "172.16")


def test_nothing_of_what_may_not_be_seen_is_told_anywhere(town: Town) -> None:
    town.person("limited", Role.MANAGER, SCOPED)
    header, browser = town.token("limited", Role.MANAGER), town.browser("limited")
    paths = ["summary", "findings?limit=1000", "hosts", "plugins", "lists", "runs", "connections"]
    from plumbline.posture.questions import QUESTIONS  # noqa: PLC0415

    names = [n for n, q in QUESTIONS.items() if all(p.default for p in q.parameters)]
    paths += [f"questions/{name}" for name in names]
    pages = ["/", "/findings", "/settings/account"]
    answers = [browser.get(f"/api/v1/{path}", headers=header) for path in paths]
    answers += [browser.get(page) for page in pages]
    for answer in answers:
        assert answer.status_code == 200, answer.content
        for word in HIDDEN:
            assert word not in answer.content.decode(), (answer.request["PATH_INFO"], word)
    assert asked(town, "findings", header, q="state:*")["total"] == len(in_north_1(town))
    assert asked(town, "runs", header)["data"] == []
    number = town.runs["north"]
    refused(browser.get(f"/api/v1/runs/{number}", headers=header), 404)
    refused(
        browser.get("/api/v1/questions/host?argument=Srv-7.south.example.test", headers=header), 400
    )


def test_a_token_within_a_purview_sees_what_both_hold(town: Town) -> None:
    town.person("limited", Role.VIEWER, Purview.parse(["north"]))
    header = town.token("limited", purview=Purview.parse(["north/repository/1", "south"]))
    assert asked(town, "findings", header, q="state:*")["total"] == len(in_north_1(town))


def test_whoever_administers_sees_everything(town: Town) -> None:
    with pytest.raises(UsageError, match="administrator sees everything"):
        town.person("half", Role.ADMIN, SCOPED)


def test_somebody_always_administers(town: Town) -> None:
    from plumbline.ledger.people import register  # noqa: PLC0415

    assert town.runs
    with pytest.raises(UsageError, match="only administrator"):
        register.disable("admin")
    with pytest.raises(UsageError, match="only administrator"):
        register.entitle("admin", Role.VIEWER)


def test_keys_need_a_right_of_their_own(town: Town) -> None:
    from plumbline.ledger.people import register  # noqa: PLC0415

    assert "has_keys" not in asked(town, "connections")["data"][0]
    register.entitle("viewer", Role.VIEWER, rights=[Right.KEYS_SEE])
    person = register.get("viewer")
    assert Right.KEYS_SEE in person.rights
    assert Right.KEYS_SET not in person.rights
    with pytest.raises(UsageError):
        register.entitle("viewer", Role.VIEWER, rights=[Right.PEOPLE])


def test_people_are_added_and_changed_on_their_page(town: Town) -> None:
    browser = town.browser("admin")
    data = {
        "name": "nina",
        "role": "analyst",
        "rights": ["keys:set"],
        "scope": "north\nsouth/list/2",
    }
    page = browser.post("/settings/people", data)
    assert "/password/" in page.context["link"]
    told = asked(town, "me", town.token("nina", Role.ANALYST))["data"]
    assert told["sees"] == [["north", "south/list/2"]]
    assert browser.post("/settings/people", data).context["form"].errors
    wrong = browser.post("/settings/people/nina", {"role": "viewer", "scope": "a/b"})
    assert wrong.context["form"].errors
    browser.post("/settings/people/nina", {"role": "viewer", "scope": ""})
    from plumbline.ledger.people import register  # noqa: PLC0415

    assert register.get("nina").role is Role.VIEWER
    assert register.get("nina").purview.whole
    acts = [(act.who, act.action, act.subject) for act in audit.listing(3)]
    assert ("admin", "set role", "nina") in acts


def test_the_audit_is_exported_whole_and_without_formulas(town: Town) -> None:
    audit.note("=cmd()", "subject", "+detail")
    answer = town.browser("admin").get("/settings/audit.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text.startswith("id,at,who,action,subject,detail")
    assert ",'=cmd(),subject,'+detail" in text


def test_what_the_audit_tells_stays(town: Town) -> None:
    from plumbline.errors import StorageError  # noqa: PLC0415
    from plumbline.ledger.models import AuditRow  # noqa: PLC0415

    assert town.runs
    audit.note("did", "something")
    row = AuditRow.objects.latest("pk")
    row.who = "somebody else"
    for change in (row.save, row.delete, AuditRow.objects.all().delete):
        with pytest.raises(StorageError, match="cannot be changed"):
            change()
    with pytest.raises(StorageError, match="cannot be changed"):
        AuditRow.objects.update(who="somebody else")


def test_the_description_names_every_address(town: Town) -> None:
    browser = town.browser("viewer")
    schema = browser.get("/api/openapi.json").json()
    ids = [one["operationId"] for path in schema["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids))
    assert {"summary", "findings", "hosts", "plugins", "lists", "question", "me"} <= set(ids)
    page = browser.get("/api/docs").content.decode()
    for path in schema["paths"]:
        assert path in page
    assert "http" not in page.replace("http-equiv", "").partition("<main")[2].partition("</main")[0]

"""Views and layouts: kept for each person, shared on purpose, never wider than their reader."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plumbline.domain.person import Purview, Role
from plumbline.errors import UsageError
from plumbline.ledger import audit

if TYPE_CHECKING:
    from django.test import Client
    from town import Town

CRITICAL = "severity:critical"


def saved(browser: Client, **told: str) -> str:
    answer = browser.post("/views", {"kind": "findings", "name": "Worst", "q": CRITICAL, **told})
    assert answer.status_code == 302, answer.content
    return answer.headers["Location"]


def led(browser: Client, path: str) -> dict[str, list[str]]:
    answer = browser.get(path)
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["Location"]).query, keep_blank_values=True)


def total(browser: Client, path: str) -> int:
    return int(browser.get(path, follow=True).context["total"])


def notes(action: str) -> list[tuple[str, str]]:
    return [(act.who, act.subject) for act in audit.listing(50) if act.action == action]


def test_a_view_leads_to_its_list(town: Town) -> None:
    browser = town.browser("viewer")
    path = saved(browser, sort="-risk", columns="plugin_name,severity")
    assert led(browser, path) == {
        "q": [CRITICAL], "sort": ["-risk"], "columns": ["plugin_name,severity"]
    }  # fmt: skip
    page = browser.get(path, follow=True)
    assert page.context["view"].name == "Worst"
    assert [head.name for head in page.context["heads"]] == ["plugin_name", "severity"]
    assert f'href="{path}" aria-current="true"' in page.content.decode()
    assert "Worst" in browser.get("/views").content.decode()
    assert notes("share view") == []


def test_what_is_not_shared_is_found_by_nobody_else(town: Town) -> None:
    path = saved(town.browser("analyst"))
    for other in ("viewer", "manager", "admin"):
        browser = town.browser(other)
        assert browser.get(path).status_code == 404
        assert browser.post(f"{path}/remove").status_code == 404
        assert "Worst" not in browser.get("/views").content.decode()
        assert browser.get("/findings").context["views"] == []


def test_sharing_takes_a_right_and_is_noted(town: Town) -> None:
    refused = town.browser("viewer").post(
        "/views", {"kind": "findings", "name": "Mine", "q": "", "shared": "yes"}
    )
    assert "takes the role analyst" in refused.content.decode()
    path = saved(town.browser("analyst"), shared="yes")
    assert notes("share view") == [("analyst", "Worst")]
    reader = town.browser("viewer")
    assert led(reader, path)["q"] == [CRITICAL]
    told = reader.post(f"{path}/change", {"name": "Other", "shared": "yes"})
    assert "analyst&#x27;s" in told.content.decode()
    assert reader.post(f"{path}/remove").status_code == 400
    # Whoever administers people clears up.
    assert town.browser("admin").post(f"{path}/remove").status_code == 302
    assert notes("delete view") == [("admin", "Worst")]


def test_a_shared_view_shows_each_what_they_may_see(town: Town) -> None:
    path = saved(town.browser("analyst"), shared="yes", q="", name="All")
    partly = town.person("partly", purview=Purview(connections=("north",)))
    everything, some = total(town.browser("admin"), path), total(town.browser(partly), path)
    assert 0 < some < everything
    assert some == total(town.browser(partly), "/findings?q=")


def test_a_view_is_renamed_and_kept_to_oneself_again(town: Town) -> None:
    browser = town.browser("analyst")
    path = saved(browser, shared="yes")
    browser.post(f"{path}/change", {"name": "The worst", "shared": "yes"})
    assert notes("rename view") == [("analyst", "The worst")]
    browser.post(f"{path}/change", {"name": "The worst"})
    assert notes("unshare view") == [("analyst", "The worst")]
    assert town.browser("viewer").get(path).status_code == 404
    saved(browser)
    taken = browser.post(f"{path}/change", {"name": "Worst"})
    assert "There is a view called Worst already." in taken.content.decode()


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"q": "nothing:here"}, "nothing"),
        ({"q": "age:>much"}, "much"),
        ({"sort": "nothing"}, "nothing"),
        ({"columns": "nothing"}, "nothing"),
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"kind": "people"}, "kind"),
    ],
)
def test_what_cannot_be_a_view_is_told(town: Town, told: dict[str, str], complaint: str) -> None:
    given = {"kind": "findings", "name": "Worst", "q": "", **told}
    answer = town.browser("viewer").post("/views", given)
    assert answer.status_code == 400
    assert complaint in answer.content.decode()
    assert answer.content.count(b"Traceback") == 0


def test_a_list_begins_with_the_view_of_ones_choice(town: Town) -> None:
    browser = town.browser("analyst")
    path = saved(browser, begins="yes", shared="yes")
    assert browser.get("/findings").headers["Location"] == path
    assert browser.get("/findings?q=").status_code == 200
    assert town.browser("viewer").get("/findings").status_code == 200
    other = town.browser("viewer")
    other.post(f"{path}/begin", {"begins": "yes"})
    assert other.get("/findings").headers["Location"] == path
    # Shared no more, it is begun with by its owner alone.
    browser.post(f"{path}/change", {"name": "Worst"})
    assert other.get("/findings").status_code == 200
    assert browser.get("/findings").headers["Location"] == path
    browser.post(f"{path}/remove")
    assert browser.get("/findings").status_code == 200


def test_columns_order_and_density_are_kept_for_the_person(town: Town) -> None:
    first = town.browser("viewer")
    given = {"column": ["plugin_name", "risk"], "dense": "yes", "order": "-risk"}
    answer = first.post("/findings/columns?q=&sort=-risk", given)
    assert answer.status_code == 302
    page = town.browser("viewer").get("/findings")
    assert [head.name for head in page.context["heads"]][:2] == ["plugin_name", "risk"]
    assert page.context["asked"].order == ("-risk",)
    assert "wide rows dense" in page.content.decode()
    assert town.browser("analyst").get("/findings").context["asked"].order == ()
    # An address says otherwise, on every page of the list.
    told: Any = first.get("/findings?q=&sort=&columns=").context["asked"]
    assert (told.order, told.columns) == ((), told.kind.columns)
    assert "sort=&columns=" in told.address()
    first.post("/findings/columns", {"reset": "1"})
    assert first.get("/findings").context["asked"].columns == told.kind.columns


def test_views_by_the_api(town: Town) -> None:
    path = saved(town.browser("analyst"), shared="yes")
    header = town.token("viewer", Role.VIEWER)
    browser = town.browser()
    found = json.loads(browser.get("/api/v1/views", headers=header).content)
    assert found["schema"] == "plumbline/views/1"
    (one,) = found["data"]
    assert (one["name"], one["list"], one["q"], one["person"]) == (
        "Worst", "findings", CRITICAL, "analyst"
    )  # fmt: skip
    assert one["slug"] == path.removeprefix("/views/")
    assert browser.get(f"/api/v1/views/{one['slug']}", headers=header).status_code == 200
    assert browser.get("/api/v1/views/none", headers=header).status_code == 404


def test_a_person_has_so_many_views(town: Town) -> None:
    from plumbline.ledger.people import views  # noqa: PLC0415
    from plumbline.ledger.people.models import PersonRow, ViewRow  # noqa: PLC0415

    assert town.runs
    person = PersonRow.objects.get(name="viewer")
    ViewRow.objects.bulk_create(
        ViewRow(slug=f"v-{n}", person=person, kind="findings", name=f"v {n}")
        for n in range(views.MOST)
    )
    with pytest.raises(UsageError, match="at most 200 views"):
        views.add("viewer", "findings", "One more", "")

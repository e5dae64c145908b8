"""What is there is found, what is not is said to be not: addresses, defaults, help, history."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pytest

from plumbline.domain.person import Purview

if TYPE_CHECKING:
    from town import Town


NOBODY = (
    "/hosts/0123", "/findings/0123", "/vulnerabilities/99999999", "/cves/CVE-1999-99999",
    "/cves/nothing", "/lists/north/99999", "/lists/nowhere/1", "/repositories/north/99999",
    "/runs/99999", "/runs/99999/live", "/runs?connection=nowhere", "/connections/nowhere",
    "/views/nothing", "/api/v1/runs/99999", "/api/v1/questions/nothing", "/api/v1/views/nothing",
    "/api/v1/findings/facets/nothing", "/api/v1/runs?connection=nowhere",
)  # fmt: skip


@pytest.mark.parametrize("path", NOBODY)
def test_an_address_that_names_nothing_is_not_found(town: Town, path: str) -> None:
    answer = town.browser("admin").get(path)
    assert answer.status_code == 404, answer.content[-300:]


def test_what_lies_outside_of_a_scope_is_not_found(town: Town) -> None:
    seen, hidden = town.person("scoped", purview=Purview.parse(["north/repository/1"])), []
    for row in town.made.of("hosts"):
        if row["console"] == "south":
            hidden = [f"/hosts/{row['host']}", "/lists/south/1", f"/runs/{town.runs['north']}"]
    hidden += ["/repositories/south/1", "/connections/north", f"/runs/{town.runs['south']}/live"]
    browser = town.browser(seen)
    for path in hidden:
        assert browser.get(path).status_code == 404, path


def test_help_and_placeholder_of_a_filter_name_fields_of_that_list(town: Town) -> None:
    from plumbline.posture import filters  # noqa: PLC0415 - takes the site
    from plumbline.web.explorer.kinds import KINDS  # noqa: PLC0415

    browser = town.browser("viewer")
    for kind in KINDS.values():
        for term in filters.parse(kind.hint).terms:
            assert kind.relation.field(term.name).doc
        page = browser.get(f"/{kind.page}").content.decode()
        assert f'placeholder="{escape(kind.hint)} text' in page
        wrong = browser.get(f"/{kind.page}", {"q": "nofield:1"}).content.decode()
        assert f"<code>{escape(kind.hint)}</code>" in wrong


def test_whoever_sees_lists_is_not_told_that_history_has_yet_to_begin(town: Town) -> None:
    name = town.person("lists", purview=Purview.parse(["north/list/1", "north/list/2"]))
    page = town.browser(name).get("/").content.decode()
    assert "It begins with the first run" not in page
    assert "History is kept for connections" in page


def test_the_default_of_findings_is_a_condition_that_can_be_removed(town: Town) -> None:
    browser = town.browser("viewer")
    page = browser.get("/findings", {"q": "severity:critical"}).content.decode()
    wanted = len([f for f in town.made.open() if f["severity"] == 4])
    assert f'data-total="{wanted}"' in page
    assert "<code>state:active</code>" in page
    assert 'href="/findings?q=severity%3Acritical+state%3A%2A"' in page
    everything = browser.get("/findings", {"q": "severity:critical state:*"}).content.decode()
    held = len([f for f in town.made.of("findings") if f["severity"] == 4])
    assert held > wanted
    assert f'data-total="{held}"' in everything
    facet = browser.get("/findings/facets", {"q": ""}).content.decode()
    assert "open, never fixed before" in facet

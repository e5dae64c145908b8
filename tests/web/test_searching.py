"""What is typed into a filter: found in all identifiers, or refused with the right form."""

from __future__ import annotations

import csv
import io
import json
from html import unescape
from typing import TYPE_CHECKING

import pytest

from plumbline.domain.person import Purview, Role
from small import NAMELESS

if TYPE_CHECKING:
    from django.test import Client
    from town import Town

LISTS = ("findings", "hosts", "vulnerabilities", "lists")
REFUSED = {"findings>=3": "findings:&gt;=3", "a OR b": "a,b", "(a)": "write a;", "a|b": "a,b"}


def total(browser: Client, page: str, query: str) -> int:
    answer = browser.get(f"/{page}", {"q": query})
    assert answer.status_code == 200, answer.content
    return int(answer.context["total"])


def rows(browser: Client, page: str, query: str) -> list[dict[str, str]]:
    answer = browser.get(f"/{page}/export", {"q": query, "format": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("page", LISTS[1:])
@pytest.mark.parametrize("query", REFUSED)
def test_a_page_refuses_what_is_no_condition_with_the_right_form(
    town: Town, page: str, query: str
) -> None:
    browser = town.browser("viewer")
    answer = browser.get(f"/{page}", {"q": query})
    assert answer.status_code == 400
    assert REFUSED[query] in answer.content.decode()
    assert b"in quotes" in answer.content
    assert browser.get(f"/{page}/export", {"q": query}).status_code == 400
    assert browser.get(f"/{page}", {"q": f'"{query}"'}).status_code == 200


def test_the_api_and_the_report_refuse_it_too(town: Town) -> None:
    header = town.token("viewer")
    for path in ("findings", "findings/facets/severity", "hosts", "compare"):
        answer = town.browser().get(f"/api/v1/{path}", {"q": "a OR b"}, headers=header)
        assert answer.status_code == 400, path
        assert "a,b" in json.dumps(answer.json())
    assert town.browser("viewer").get("/report/executive", {"q": "a OR b"}).status_code == 400


def test_identifiers_that_are_typed_are_found(town: Town) -> None:
    browser = town.browser("viewer")
    for query in ("CVE-2026-1", "1003", "Windows Server", "Servers", "Repo 1", "10.1.0.0/16"):
        assert total(browser, "findings", query), query
        assert total(browser, "hosts", query), query
    for query in ("CVE-2026-1", "1003", "IAVA", "Debian"):
        assert total(browser, "vulnerabilities", query), query
    assert total(browser, "lists", "retail") == 2
    assert total(browser, "findings", "os:windows") == total(
        browser, "findings", 'os:="Windows Server 2022"'
    )
    assert not total(browser, "findings", "os:=windows")


def test_what_is_out_of_scope_is_not_found_by_any_word(town: Town) -> None:
    some = town.browser(town.person("some", Role.VIEWER, Purview.parse(["north/list/1"])))
    whole = town.browser("viewer")
    for query in ("retail", '"Far away"', "south", '"repo 1 south"'):
        assert total(whole, "lists", query) + total(whole, "findings", query), query
        for page in LISTS:
            assert not total(some, page, query), (page, query)
    assert total(some, "findings", "servers")


def test_an_empty_list_tells_what_was_looked_for_and_what_to_try(town: Town) -> None:
    text = unescape(
        town.browser("viewer").get("/findings", {"q": "nosuch os:windows"}).content.decode()
    )
    assert "Nothing is found" in text
    assert "read completely" not in text
    for label in ("CVEs", "Operating system", "Asset lists", "Plugin", "Address"):
        assert label in text.split("looked for in")[1].split("</p>")[0]
    assert "Alone it finds" in text
    assert "Without it" in text
    context = town.browser("viewer").get("/findings", {"q": "nosuch os:windows"}).context
    word, field = context["tried"][:2]
    assert (word.alone.total, field.without.total) == (0, 0)
    assert (
        word.without.total
        == field.alone.total
        == total(town.browser("viewer"), "findings", "os:windows")
    )


def test_a_word_that_stands_for_a_condition_is_told(town: Town) -> None:
    context = town.browser("viewer").get("/findings", {"q": "critical nosuch"}).context
    assert context["tried"][0].meant is not None
    assert "severity%3Acritical" in context["tried"][0].meant.href


def test_an_export_names_the_host_of_every_row(town: Town) -> None:
    browser = town.browser("viewer")
    made = rows(browser, "findings", "state:*")
    assert len(made) == len(town.made.of("findings"))
    names = list(made[0])
    assert [name for name in names if name in browser_columns(browser)] == browser_columns(browser)
    assert {"host_name", "ip", "cves", "solution"} <= {*names}
    assert not [row for row in made if not row["host_name"]]
    nameless = {h["ip"] for h in town.made.of("hosts") if not (h["dns_name"] or h["netbios_name"])}
    assert [row for row in made if row["host_name"] in nameless]
    assert all(row["host_name"] == row["ip"] for row in made if row["ip"] in nameless)


def browser_columns(browser: Client) -> list[str]:
    return [head.name for head in browser.get("/findings").context["heads"]]


def test_pages_show_a_host_without_a_name_by_its_address(town: Town) -> None:
    browser = town.browser("viewer")
    host = town.made.of("hosts")[NAMELESS]
    assert not rows(browser, "hosts", "host_name:none")
    for path in (f"/hosts/{host['host']}", "/hosts?q=", "/compare"):
        text = browser.get(path).content.decode()
        assert host["ip"] in text, path
        assert ">None<" not in text, path
    finding = next(f for f in town.made.of("findings") if f["host"] == host["host"])
    peek = browser.get(f"/findings/{finding['finding']}", headers={"HX-Request": "true"})
    assert host["ip"] in peek.content.decode()

"""Every number that leads somewhere is the total of the list it leads to."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.terms.person import Purview, Role

if TYPE_CHECKING:
    from django.test import Client
    from town import Town

_COUNTED = re.compile(r'<a [^>]*href="([^"]+)"[^>]*data-count="(\d+)"')
_TOTAL = re.compile(r'data-total="(\d+)"')
_FACET = re.compile(r'data-facet-count="(\d+)" data-alone="([^"]+)"')
_LINK = re.compile(r'<a [^>]*href="(/(?:hosts|vulnerabilities|cves|lists|repositories|runs|connections|findings)/[^"?]+)"')
PAGES = (
    "/", "/findings", "/findings?q=severity:critical&sort=-vpr", "/hosts", "/vulnerabilities",
    "/lists", "/repositories", "/compare", "/runs", "/connections",
)  # fmt: skip
FACETS = (
    "/findings/facets", "/findings/facets?q=severity:critical,high+state:fixed",
    "/hosts/facets?q=", "/vulnerabilities/facets?q=", "/lists/facets",
)  # fmt: skip


def text_of(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.content.decode()[-600:])
    return answer.content.decode()


def counted(text: str) -> set[tuple[str, int]]:
    attributes = re.findall(r"<a ([^>]*data-count=[^>]*)>", text)
    found = set()
    for one in attributes:
        href = re.search(r'href="([^"]+)"', one)
        number = re.search(r'data-count="(\d+)"', one)
        assert href, one
        assert number, one
        found.add((unescape(href[1]), int(number[1])))
    return found


def total(browser: Client, address: str) -> int:
    found = _TOTAL.search(text_of(browser, address))
    assert found, address
    return int(found[1])


def compare(browser: Client, pages: Any) -> int:
    """Follow every number of some pages; how many there were."""
    links: dict[tuple[str, int], str] = {}
    for page in pages:
        links |= dict.fromkeys(counted(text_of(browser, page)), page)
    for (address, number), page in links.items():
        assert total(browser, address) == number, (page, address)
    return len(links)


def test_every_number_of_the_main_pages_is_the_total_of_its_list(town: Town) -> None:
    assert compare(town.browser("viewer"), PAGES) > 200


def test_every_number_of_every_detail_page_is_the_total_of_its_list(town: Town) -> None:
    browser = town.browser("viewer")
    texts = [text_of(browser, page) for page in PAGES]
    details = sorted({unescape(link) for text in texts for link in _LINK.findall(text)})
    kinds = {link.split("/")[1] for link in details}
    assert {"hosts", "vulnerabilities", "lists", "repositories", "runs", "connections"} <= kinds
    some = [link for kind in kinds for link in details if link.split("/")[1] == kind][::3]
    assert compare(browser, some) > 50


@pytest.mark.parametrize("page", FACETS)
def test_every_facet_counts_what_choosing_it_alone_would_find(town: Town, page: str) -> None:
    browser = town.browser("viewer")
    found = _FACET.findall(text_of(browser, page))
    assert len(found) > 3
    for number, address in found:
        assert total(browser, unescape(address)) == int(number), address


def test_numbers_agree_for_somebody_who_sees_a_part(town: Town) -> None:
    name = town.person("half", Role.VIEWER, Purview.parse(["north/repository/1"]))
    assert compare(town.browser(name), PAGES[:7]) > 50

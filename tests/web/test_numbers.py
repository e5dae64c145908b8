"""Every number that leads somewhere is the total of the list it leads to."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plumbline.domain.person import Purview, Role
from plumbline.ledger import snapshots
from plumbline.posture import coded
from plumbline.web import estates
from plumbline.web.explorer.kinds import KINDS
from plumbline.web.visitor import Visitor
from rounds import rounds

if TYPE_CHECKING:
    from django.test import Client
    from town import Town

    from plumbline.web.estates import Seen

_TOTAL = re.compile(r'data-total="(\d+)"')
_FACET = re.compile(r'data-facet-count="(\d+)" data-alone="([^"]+)"')
_KINDS = "hosts|vulnerabilities|cves|lists|repositories|runs|connections|findings"
_LINK = re.compile(rf'<a [^>]*href="(/(?:{_KINDS})/[^"?]+)"')
EVERY = rounds(10, soak=25)
PAGES = (
    "/", "/findings", "/findings?q=severity:critical&sort=-vpr", "/hosts", "/vulnerabilities",
    "/lists", "/repositories", "/compare", "/runs", "/connections",
)  # fmt: skip
FACETS = (
    "/findings/facets", "/findings/facets?q=severity:critical,high+state:fixed",
    "/hosts/facets?q=", "/vulnerabilities/facets?q=", "/lists/facets",
)  # fmt: skip


@pytest.fixture(autouse=True)
def numbered(town: Town) -> None:
    """Findings are answered from their numbers, as they are in a site that is served."""
    del town
    assert coded.prepare(part_of("viewer").estate)


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


def compare(browser: Client, pages: Any, name: str = "viewer") -> int:
    """Follow every number of some pages; how many there were.

    The list itself is opened for some; for the others its total is asked as the list asks for it.
    `make test` follows every third number.
    """
    links: dict[tuple[str, int], str] = {}
    for page in pages:
        links |= dict.fromkeys(counted(text_of(browser, page)), page)
    seen = part_of(name)
    followed = list(links.items())[:: rounds(3, soak=1)]
    for place, ((address, number), page) in enumerate(followed):
        at = urlsplit(address)
        kind = KINDS[at.path.strip("/")]
        told = seen.total(kind.relation.name, parse_qs(at.query)["q"][0])
        assert told == number, (page, address)
        if place % EVERY == 0:
            assert total(browser, address) == number, (page, address)
    return len(links)


def part_of(name: str) -> Seen:
    """What somebody sees."""
    from plumbline.ledger.people.models import PersonRow  # noqa: PLC0415 - takes the site

    row = PersonRow.objects.get(name=name)
    purviews = () if row.sees.whole else (row.sees,)
    asker = Visitor(name=name, rights=row.may, purviews=purviews)
    return estates.seen_by(asker, snapshots.latest_all())


def test_every_number_of_the_main_pages_is_the_total_of_its_list(town: Town) -> None:
    assert compare(town.browser("viewer"), PAGES) > 200


def test_every_number_of_every_detail_page_is_the_total_of_its_list(town: Town) -> None:
    browser = town.browser("viewer")
    texts = [text_of(browser, page) for page in PAGES]
    details = sorted({unescape(link) for text in texts for link in _LINK.findall(text)})
    kinds = {link.split("/")[1] for link in details}
    assert {"hosts", "vulnerabilities", "lists", "repositories", "runs", "connections"} <= kinds
    some = [next(link for link in details if link.split("/")[1] == kind) for kind in sorted(kinds)]
    assert compare(browser, some) > 20


@pytest.mark.parametrize("page", FACETS)
def test_every_facet_counts_what_choosing_it_alone_would_find(town: Town, page: str) -> None:
    browser = town.browser("viewer")
    found = _FACET.findall(text_of(browser, page))
    assert len(found) > 3
    seen = part_of("viewer")
    for number, address in found:
        at = urlsplit(unescape(address))
        kind = KINDS[at.path.strip("/")]
        assert seen.total(kind.relation.name, parse_qs(at.query)["q"][0]) == int(number), address


def test_numbers_agree_for_somebody_who_sees_a_part(town: Town) -> None:
    name = town.person("half", Role.VIEWER, Purview.parse(["north/repository/1"]))
    assert compare(town.browser(name), PAGES[:2], name) > 20

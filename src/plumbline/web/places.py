"""Addresses of lists with a query, for whatever leads to the rows behind a number."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse

from plumbline.domain.finding import ACTIVE
from plumbline.posture.refining import term, written

if TYPE_CHECKING:
    from plumbline.posture.filters import Query, Term

OPEN = f"state:{ACTIVE}"
ACTIVE_TERM = term("state", ACTIVE)
HERE = "present:yes"
RELATION_PAGES = {
    "findings": "findings",
    "hosts": "hosts",
    "plugins": "vulnerabilities",
    "lists": "lists",
}


def to(page: str, *query: Term | Query | str, **more: object) -> str:
    """The address of a list, narrowed by a query of these parts."""
    given = {"q": written(*map(str, query)), **more}
    return f"{reverse(page)}?{urlencode({k: v for k, v in given.items() if v or k == 'q'})}"


def open_findings(*query: Term | str, **more: object) -> str:
    """The address of open findings."""
    return to("findings", OPEN, *query, **more)


def report(*query: Term | str, title: str = "") -> str:
    """The address of the report about findings of any state."""
    return to("report", *query, title=title)


def named(console: str, name: str, *, several: bool) -> str:
    """A list's or repository's name as a filter tells it apart from another console's."""
    return f"{console}/{name}" if several else name


def of_list(console: str, name: str, *, several: bool) -> Term:
    """The condition of being in an asset list."""
    return term("asset_list", named(console, name, several=several))


def of_repository(console: str, name: str, *, several: bool) -> Term:
    """The condition of being in a repository."""
    return term("repository", named(console, name, several=several))


def host(key: str) -> str:
    """The page of a host."""
    return reverse("host", args=[key])


def plugin(number: int) -> str:
    """The page of a vulnerability."""
    return reverse("vulnerability", args=[number])

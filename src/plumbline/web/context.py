"""What every template can use: who is signed in, the menu, and how fresh the data is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from plumbline import __version__
from plumbline.domain.person import Right
from plumbline.web import estates
from plumbline.web.blocks import connections
from plumbline.web.expiry import OVER
from plumbline.web.rules import Door, rule

if TYPE_CHECKING:
    from django.http import HttpRequest

    from plumbline.web.freshness import Freshness
    from plumbline.web.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a menu."""

    name: str
    """The page's name in `urls`."""
    label: str
    key: str = ""
    """Second key of its shortcut, after g."""


MENU = (
    Item("overview", "Overview", "o"),
    Item("findings", "Findings", "f"),
    Item("vulnerabilities", "Vulnerabilities", "v"),
    Item("hosts", "Hosts", "h"),
    Item("lists", "Asset lists", "l"),
    Item("repositories", "Repositories"),
    Item("matrix", "Comparison", "m"),
    Item("reports", "Reports", "r"),
    Item("sources", "Connections", "c"),
    Item("runs", "Runs"),
)
SETTINGS = (
    Item("account", "Your account"),
    Item("tokens", "API tokens"),
    Item("deadlines", "Deadlines"),
    Item("people", "People"),
    Item("audit", "Audit log"),
    Item("api-docs", "API"),
    Item("about", "About"),
)


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    found: Visitor | None = getattr(request, "visitor", None)
    here = request.resolver_match.view_name if request.resolver_match else None
    return {
        "visitor": found,
        "menu": _shown(MENU, found, here),
        "settings_menu": _shown(SETTINGS, found, here),
        "freshness": SimpleLazyObject(lambda: _freshness(request, found)),
        # Asked for by the page that has nothing to show.
        "wizard": SimpleLazyObject(lambda: _wizard(found)),
        "awaited": SimpleLazyObject(lambda: connections.names(found) if found else ()),
        "session_over": SimpleLazyObject(lambda: _over(request)),
        "version": __version__,
    }


def _freshness(request: HttpRequest, found: Visitor | None) -> Freshness | None:
    return None if found is None or found.unproven else estates.freshness(request)


def _shown(
    items: tuple[Item, ...], found: Visitor | None, here: str | None
) -> list[dict[str, Any]]:
    """The entries that lead to a page which the visitor may open."""
    if found is None:
        return []
    if found.unproven:
        return []
    return [
        {"item": item, "url": url, "here": item.name == here}
        for item in items
        if _open(item, found) and (url := _url(item.name))
    ]


def _open(item: Item, found: Visitor) -> bool:
    needs = rule(item.name)
    return needs is Door.SIGNED_IN or (isinstance(needs, Right) and found.may(needs))


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _wizard(found: Visitor | None) -> str:
    """Where a connection is added, for whoever may."""
    may = found is not None and found.may(Right.CONNECT) and not found.purviews
    return _url("connect") if may else ""


def _over(request: HttpRequest) -> bool:
    return bool(request.session.pop(OVER, False))

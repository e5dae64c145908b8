"""A connection whose keys go, or that leads elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from consoles import console, text, with_keys

from plumbline.domain.person import Right, Role
from plumbline.ledger import audit, connections, schedules

if TYPE_CHECKING:
    from town import Town

pytestmark = pytest.mark.network


def test_keys_alone_are_deleted_by_whoever_may(town: Town) -> None:
    assert town.browser("manager").post("/connections/north/keys/delete").status_code == 403
    browser: Any = town.browser("admin")
    assert "Delete the keys" in text(browser.get("/connections/north/keys/delete"))
    assert browser.post("/connections/north/keys/delete").url == "/connections/north"
    entry = connections.entry("north")
    assert (entry.has_keys, entry.paused) == (False, True)
    page = text(browser.get("/connections/north"))
    assert "It has no API keys." in page
    assert "Delete keys" not in page
    acts = [(act.who, act.subject) for act in audit.listing(9) if act.action == "delete-keys"]
    assert acts == [("admin", "north")]
    assert browser.post("/connections/north/keys/delete").status_code == 400


def test_another_address_forgets_the_keys(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found, console() as other:
        with_keys(browser, found)
        browser.post("/connect/scope", {"plan": "every 24h"})
        # Nothing but the way there: the keys stay.
        same = {"url": found.url, "no_proxy": ".corp.example, 10.0.0.0/8"}
        assert browser.post("/connections/lab/address", same).url == "/connections/lab"
        assert connections.get("lab").address.no_proxy == (".corp.example", "10.0.0.0/8")
        assert connections.entry("lab").has_keys
        moved = browser.post("/connections/lab/address", {"url": other.url})
    assert moved.url == "/connections/lab/keys"
    entry = connections.entry("lab")
    assert (entry.connection.address.url, entry.has_keys, entry.paused) == (other.url, False, True)
    assert schedules.get("lab").rule == "every 24h"


def test_who_may_not_set_keys_moves_no_connection(town: Town) -> None:
    """A connection that leads elsewhere takes its keys there."""
    told = {"url": "http://127.0.0.1:9"}
    assert town.browser("manager").post("/connections/north/address", told).status_code == 403
    assert town.browser("manager").post("/connections/north/trust").status_code == 403
    from plumbline.ledger.people import register  # noqa: PLC0415

    name = town.person("keeper", Role.ANALYST)
    register.entitle(name, Role.ANALYST, rights=[Right.KEYS_SET])
    refused = town.browser(name).post("/connections/north/address", told)
    assert refused.status_code == 403
    assert connections.get("north").address.url == "https://north.example"


def test_a_new_certificate_is_believed_anew(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console(http=False) as found:
        browser.post("/connect", {"name": "lab", "url": found.url})
        seen = re.search(
            r'name="shown" value="([0-9a-f:A-F]+)"', text(browser.get("/connect/trust"))
        )
        assert seen is not None
        pin = {"trust": "fingerprint", "shown": seen[1], "compared": "on"}
        browser.post("/connect/trust", pin)
        keys = {"access": found.access_key, "secret": found.secret_key}
        browser.post("/connect/keys", keys)
        browser.post("/connect/scope", {})
        before = connections.get("lab")
        assert browser.get("/connections/lab/trust").url == "/connections/lab/address"
        led = browser.post("/connections/lab/address", {"url": found.url})
        assert led.url == "/connections/lab/trust"
        unseen = browser.post(led.url, {**pin, "shown": "00" * 32})
        assert "does not vouch" in text(unseen)
        assert "compare it first" in text(browser.post(led.url, {**pin, "compared": ""})).lower()
        assert browser.post(led.url, pin).url == "/connections/lab"
    assert connections.get("lab") == before
    assert connections.entry("lab").has_keys

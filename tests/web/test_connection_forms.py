"""What a connection reads, and its client certificate, in the wizard and on the edit pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from consoles import begun, console, text, with_keys
from django.core.files.uploadedfile import SimpleUploadedFile

from certificates import PASSWORD, Authority
from plumbline.domain.connection import ListFilter, ListRequest, PluginType, TrustKind
from plumbline.ledger import connections

if TYPE_CHECKING:
    from town import Town

pytestmark = pytest.mark.network

EXCLUDED = {
    "exclude_repositories": ["2"],
    "exclude_families": ["24", "30"],
    "exclude_plugin_types": ["compliance"],
    "exclude_addresses": "10.0.0.0-10.0.255.255\n2001:db8::/32, 10.9.9.9",
    "list_filters": ["manageable"],
    "list_fields": "canuse, canManage",
}


def test_the_wizard_adds_a_connection_that_leaves_something_out(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        with_keys(browser, found)
        page = text(browser.get("/connect/scope"))
        assert re.search(r'<details class="fold"><summary>What is read', page)
        assert browser.post("/connect/scope", EXCLUDED).status_code == 302
    added = connections.get("lab")
    scope = added.scope
    assert scope.exclude_repositories == (2,)
    assert scope.exclude_families == (24, 30)
    assert scope.exclude_plugin_types == (PluginType.COMPLIANCE,)
    assert scope.exclude_addresses == ("10.0.0.0/16", "2001:db8::/32", "10.9.9.9")
    assert added.lists == ListRequest(
        filters=(ListFilter.MANAGEABLE,), fields=("canUse", "canManage")
    )
    page = text(browser.get("/connections/lab"))
    for shown in ("Not addresses", "10.0.0.0/16", "Further fields of lists", "canUse"):
        assert shown in page


def test_the_edit_page_shows_and_keeps_what_was_chosen(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        with_keys(browser, found)
        browser.post("/connect/scope", EXCLUDED)
        before = connections.get("lab")
        answer = browser.get("/connections/lab/scope")
        assert re.search(r'<details class="fold" open><summary>What is read', text(answer))
        initial = answer.context["form"].initial
        told = {name: value for name, value in initial.items() if value not in (None, "")}
        assert browser.post("/connections/lab/scope", told).url == "/connections/lab"
        assert connections.get("lab") == before
        assert browser.post("/connections/lab/scope", {}).url == "/connections/lab"
    assert connections.get("lab").lists == ListRequest()
    assert connections.get("lab").scope.exclude_addresses == ()


def test_without_the_console_exclusions_by_number_stay(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        with_keys(browser, found)
        browser.post("/connect/scope", EXCLUDED)
    assert browser.post("/connections/lab/scope", {}).url == "/connections/lab"
    assert connections.get("lab").scope.exclude_families == (24, 30)
    assert connections.get("lab").scope.exclude_addresses == ()


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "exclude_repositories": ({"exclude_repositories": ["77"]}, "not one of the available"),
    "exclude_families": ({"exclude_families": ["x"]}, "not one of the available"),
    "exclude_plugin_types": ({"exclude_plugin_types": ["pasive"]}, "not one of the available"),
    "exclude_addresses": ({"exclude_addresses": "10.0.0.300"}, "neither an address"),
    "list_filters": ({"list_filters": ["usabel"]}, "not one of the available"),
    "list_fields": ({"list_fields": "viewabel"}, "Did you mean viewableIPs?"),
}
EMPTYING: dict[str, dict[str, Any]] = {
    "exclude_repositories": {"repositories": ["1"], "exclude_repositories": ["1"]},
    "exclude_families": {"families": ["24"], "exclude_families": ["24"]},
    "exclude_plugin_types": {"exclude_plugin_types": [one.value for one in PluginType]},
    "exclude_addresses": {"exclude_addresses": "0.0.0.0/0, ::/0"},
}


def test_wrong_values_are_told_at_their_field_and_nothing_is_kept(town: Town) -> None:
    browser: Any = town.browser("admin")
    cases = [*((f, *BAD[f]) for f in BAD)]
    cases += [(f, EMPTYING[f], "nothing is left to read") for f in EMPTYING]
    with console() as found:
        with_keys(browser, found)
        for field, told, said in cases:
            answer = browser.post("/connect/scope", told)
            assert answer.status_code == 200, field
            assert list(answer.context["form"].errors) == [field]
            assert said in str(answer.context["form"].errors[field])
            assert re.search(r'<details class="fold" open><summary>What is read', text(answer))
            assert not connections.exists("lab")


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_the_wizard_shows_a_client_certificate_to_a_console_that_demands_one(town: Town) -> None:
    browser: Any = town.browser("admin")
    authority = Authority.made()
    mine = authority.client()
    with console(clients=authority.pem) as found:
        assert begun(browser, found).url == "/connect/trust"
        assert "demands a client certificate" in text(browser.get("/connect/trust"))
        told: dict[str, Any] = {
            "client_certificate": upload("mine.pem", mine.certificate),
            "client_key": upload("mine.key", mine.locked),
            "client_key_password": PASSWORD,
        }
        assert begun(browser, found, **told).url == "/connect/trust"
        shown = text(browser.get("/connect/trust"))
        digits = re.findall(r'name="shown" value="([0-9A-F:]+)"', shown)[0]
        good = {"trust": "fingerprint", "shown": digits, "compared": "on"}
        assert browser.post("/connect/trust", good).url == "/connect/guide"
        back = text(browser.get("/connect"))
        assert "Shown now: CN=plumbline" in back
        assert PASSWORD not in back
        keys = {"access": found.access_key, "secret": found.secret_key}
        browser.post("/connect/keys", keys)
        assert "It can be read" in text(browser.post("/connect/check"))
        assert browser.post("/connect/scope", {}).status_code == 302
        client = connections.get("lab").address.client
        assert client is not None
        assert client.key.encode() == mine.key
        page = text(browser.get("/connections/lab"))
        assert "CN=plumbline" in page
        assert "PRIVATE KEY" not in page
        # A look at the address alone keeps it; a tick takes it away.
        same = {"url": found.url}
        assert browser.post("/connections/lab/address", same).url == "/connections/lab/trust"
        assert browser.post("/connections/lab/trust", good).url == "/connections/lab"
        assert connections.get("lab").address.client == client
        browser.post("/connections/lab/address", {**same, "client_none": "on"})
        refused = browser.post("/connections/lab/trust", good)
        assert "demands a client certificate" in text(refused)
    kept = connections.get("lab").address
    assert kept.client == client
    assert kept.trust.kind is TrustKind.FINGERPRINT


def test_a_client_certificate_that_cannot_be_used_is_told_at_its_field(town: Town) -> None:
    browser: Any = town.browser("admin")
    authority = Authority.made()
    mine, other = authority.client(), authority.client()
    cases: list[tuple[dict[str, Any], str]] = [
        ({"client_certificate": upload("a", b"no")}, "no certificate in PEM form"),
        ({"client_certificate": upload("a", mine.certificate)}, "no private key"),
        ({"client_key": upload("a", mine.key)}, "Choose the certificate"),
        (
            {
                "client_certificate": upload("a", mine.certificate),
                "client_key": upload("b", other.key),
            },
            "does not belong",
        ),
        (
            {
                "client_certificate": upload("a", mine.certificate + mine.locked),
                "client_key_password": "wrong",
            },
            "cannot be opened with this password",
        ),
    ]
    for files, said in cases:
        told = {"name": "lab", "url": "https://sc.example", **files}
        answer = browser.post("/connect", told)
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == ["client_certificate"], said
        assert said in str(answer.context["form"].errors)
        assert "wrong" not in text(answer)
    plain = {
        "name": "lab",
        "url": "http://127.0.0.1:9",
        "client_certificate": upload("a", mine.certificate + mine.key),
    }
    assert "no TLS to show it in" in text(browser.post("/connect", plain))
    assert browser.get("/connect/trust").url == "/connect"

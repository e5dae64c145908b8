"""Signing in by OpenID Connect: people who were added here, and nobody else."""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.test import override_settings
from provider import CLIENT, SECRET, Provider, provider

from plumbline.errors import ConfigurationError
from plumbline.ledger import audit
from plumbline.web import frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client
    from town import Town

pytestmark = pytest.mark.network


@contextmanager
def joined(town: Town, found: Provider, **more: Any) -> Iterator[None]:
    """The site, told of a provider."""
    told = replace(
        town.settings,
        oidc_url=found.url,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        **more,
    )
    with override_settings(PLUMBLINE=told, **frame._provider(told)):
        yield


def led(browser: Client) -> Any:
    """Press the button, be signed in over there, and come back."""
    away = browser.post("/oidc/oidc/login/?process=login", secure=True)
    assert away.status_code == 302, away.content
    parts = urlsplit(away.headers["Location"])
    line = http.client.HTTPConnection(parts.netloc, timeout=10)
    line.request("GET", f"{parts.path}?{parts.query}")
    back = urlsplit(line.getresponse().headers["Location"])
    line.close()
    return browser.get(f"{back.path}?{back.query}", secure=True)


def is_in(browser: Client) -> bool:
    return browser.get("/settings/account", secure=True).status_code == 200


def test_a_person_who_was_added_signs_in(town: Town) -> None:
    browser = town.browser()
    with provider() as found, joined(town, found, oidc_name="Staff login"):
        assert "Staff login" in browser.get("/login/", secure=True).content.decode()
        found.claims = {"sub": "123", "preferred_username": "Viewer"}
        answer = led(browser)
        assert answer.status_code == 302, answer.content
        assert answer.headers["Location"] == "/"
        assert is_in(browser)
        assert [act.who for act in audit.listing(1)] == ["viewer"]
        # From now on the provider's own number counts, whatever it calls the person.
        again = town.browser()
        found.claims = {"sub": "123", "preferred_username": "somebody"}
        assert led(again).status_code == 302
        assert is_in(again)
    assert "/token" in found.asked


def test_an_unknown_person_is_refused(town: Town) -> None:
    from plumbline.ledger.people import register  # noqa: PLC0415

    browser = town.browser()
    with provider() as found, joined(town, found):
        found.claims = {"sub": "9", "preferred_username": "mallory"}
        answer = led(browser)
    assert answer.status_code == 403
    assert "mallory was not added here" in answer.content.decode()
    assert not is_in(browser)
    assert "mallory" not in [person.name for person in register.everybody()]


def test_who_is_kept_out_stays_out(town: Town) -> None:
    from plumbline.ledger.people import register  # noqa: PLC0415

    browser = town.browser()
    with provider() as found, joined(town, found):
        found.claims = {"sub": "5", "preferred_username": "analyst"}
        register.disable("analyst")
        assert led(browser).status_code == 403
        register.disable("analyst", active=True)
        assert led(browser).status_code == 302
        register.disable("analyst")
        assert not is_in(browser)
        led(other := town.browser())
        assert not is_in(other)


def test_another_claim_may_hold_the_name(town: Town) -> None:
    browser = town.browser()
    with provider() as found, joined(town, found, oidc_claim="upn"):
        found.claims = {"sub": "7", "preferred_username": "admin", "upn": "viewer"}
        assert led(browser).status_code == 302
        page = browser.get("/settings/account", secure=True).content.decode()
    assert "You are viewer" in page


@pytest.mark.parametrize(
    "wrong",
    [{"iss": "https://evil.example"}, {"aud": "another"}, {"exp": 1}, {"sub": "another"}],
    ids=str,
)
def test_a_token_that_does_not_fit_opens_nothing(town: Town, wrong: dict[str, Any]) -> None:
    browser = town.browser()
    with provider() as found, joined(town, found):
        found.claims, found.token = {"sub": "1", "preferred_username": "viewer"}, wrong
        answer = led(browser)
    assert answer.status_code < 500
    assert not is_in(browser)


def test_a_provider_that_is_away_is_told(town: Town) -> None:
    browser = town.browser()
    with provider() as found, joined(town, found):
        found.url += "/nowhere"
    with joined(town, found):
        answer = browser.post("/oidc/oidc/login/?process=login", secure=True)
    assert answer.status_code == 503
    assert "does not answer as it should" in answer.content.decode()


def test_a_provider_is_believed_by_tls_alone(town: Town) -> None:
    far = replace(town.settings, oidc_url="http://login.example", oidc_client_id=CLIENT)
    with pytest.raises(ConfigurationError, match="not encrypted"):
        frame._provider(far)

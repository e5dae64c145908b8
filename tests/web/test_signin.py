"""Signing in, second factors, lock-out, sessions and one-time links."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import override_settings
from town import PASSWORD

from plumbline.config.settings import SecondFactor
from plumbline.domain.person import Role
from plumbline.errors import UsageError
from plumbline.ledger import audit

if TYPE_CHECKING:
    from django.test import Client
    from town import Town


def sign_in(browser: Client, name: str, password: str = PASSWORD) -> Any:
    return browser.post("/login/", {"login": name, "password": password}, secure=True)


def totp(secret: str) -> str:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value  # noqa: PLC0415

    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def is_in(browser: Client) -> bool:
    return browser.get("/settings/account", secure=True).status_code == 200


def test_a_person_signs_in_and_out(town: Town) -> None:
    browser = town.browser()
    assert not is_in(browser)
    answer = sign_in(browser, "viewer")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    assert is_in(browser)
    assert audit.listing(1)[0].action == "sign in"
    browser.post("/logout/", secure=True)
    assert not is_in(browser)


def test_a_wrong_password_and_a_wrong_name_are_told_alike(town: Town) -> None:
    one = sign_in(town.browser(), "viewer", "wrong").content.decode()
    other = sign_in(town.browser(), "nobody", "wrong").content.decode()
    told = "The username and/or password you specified are not correct."
    assert told in one
    assert told in other


def test_a_name_is_locked_out_after_wrong_passwords(town: Town) -> None:
    browser = town.browser()
    for _ in range(town.settings.sign_in_attempts - 1):
        assert sign_in(browser, "viewer", "wrong").status_code == 200
    answer = sign_in(browser, "viewer", "wrong")
    assert answer.status_code == 429
    assert b"Too many sign-ins failed" in answer.content
    assert sign_in(browser, "viewer").status_code == 429
    # Another address is not kept out by it, and neither is another person.
    far = browser.post(
        "/login/", {"login": "viewer", "password": PASSWORD}, REMOTE_ADDR="10.1.1.1", secure=True
    )
    assert far.status_code == 302


def test_nobody_signs_up(town: Town) -> None:
    data = {"username": "mallory", "password1": PASSWORD}
    assert town.browser().post("/signup/", data, secure=True).status_code == 404


def test_the_next_address_stays_within_the_site(town: Town) -> None:
    data = {"login": "viewer", "password": PASSWORD, "next": "https://evil.example/"}
    answer = town.browser().post("/login/", data, secure=True)
    assert answer.headers["Location"] == "/"


def confirm(browser: Client) -> None:
    """Give the password once more, as what changes the way in asks for."""
    browser.post("/reauthenticate/", {"password": PASSWORD}, secure=True)


def enrol(town: Town, name: str) -> tuple[str, list[str]]:
    """Add an authenticator app; its secret, and the recovery codes."""
    browser = town.browser()
    sign_in(browser, name)
    confirm(browser)
    page = browser.get("/settings/factors/totp/activate/", secure=True)
    secret = page.context["form"].secret
    browser.post("/settings/factors/totp/activate/", {"code": totp(secret)}, secure=True)
    codes = browser.get("/settings/factors/recovery-codes/", secure=True)
    return secret, list(codes.context["unused_codes"])


def test_an_authenticator_app_is_asked_for(town: Town) -> None:
    secret, _ = enrol(town, "viewer")
    town.browser()
    browser = town.browser()
    answer = sign_in(browser, "viewer")
    assert "authenticate" in answer.headers["Location"]
    assert not is_in(browser)
    wrong = browser.post("/settings/factors/authenticate/", {"code": "000000"}, secure=True)
    assert wrong.status_code == 200
    assert not is_in(browser)
    # A code is good once, and this one let the app be added.
    from django.core.cache import cache  # noqa: PLC0415

    cache.clear()
    browser.post("/settings/factors/authenticate/", {"code": totp(secret)}, secure=True)
    assert is_in(browser)


def test_a_recovery_code_is_good_once(town: Town) -> None:
    _, codes = enrol(town, "viewer")
    assert len(codes) == 10
    for expected in (True, False):
        browser = town.browser()
        sign_in(browser, "viewer")
        browser.post("/settings/factors/authenticate/", {"code": codes[0]}, secure=True)
        assert is_in(browser) is expected


def test_the_passkey_page_offers_a_challenge(town: Town) -> None:
    browser = town.browser()
    sign_in(browser, "viewer")
    assert browser.get("/settings/factors/webauthn/add/", secure=True).status_code == 302
    confirm(browser)
    answer = browser.get("/settings/factors/webauthn/add/", secure=True)
    told = answer.context["js_data"]["creation_options"]["publicKey"]
    assert told["rp"]["id"] == "localhost"
    assert told["challenge"]


def aged(browser: Client, **seconds: float) -> None:
    session = browser.session
    for name, age in seconds.items():
        session[name] = time.time() - age
    session.save()


def test_an_idle_session_ends(town: Town) -> None:
    browser = town.browser()
    sign_in(browser, "viewer")
    assert is_in(browser)
    idle = town.settings.session_idle_minutes * 60
    aged(browser, seen=idle - 5)
    assert is_in(browser)
    aged(browser, seen=idle + 1)
    assert not is_in(browser)
    assert b"Your session is over" in browser.get("/login/", secure=True).content


def test_a_session_ends_however_busy(town: Town) -> None:
    browser = town.browser()
    sign_in(browser, "viewer")
    assert is_in(browser)
    aged(browser, began=town.settings.session_hours * 3600 + 1)
    assert not is_in(browser)


def test_what_a_page_asks_by_itself_keeps_no_session_alive(town: Town) -> None:
    browser = town.browser()
    sign_in(browser, "viewer")
    assert is_in(browser)
    aged(browser, seen=600)
    browser.get("/", headers={"X-Background": "1"}, secure=True)
    assert time.time() - browser.session["seen"] > 500
    browser.get("/", secure=True)
    assert time.time() - browser.session["seen"] < 60


def test_a_person_ends_another_session_of_theirs(town: Town) -> None:
    from allauth.usersessions.models import UserSession  # noqa: PLC0415

    one, other, stranger = town.browser(), town.browser(), town.browser()
    sign_in(one, "viewer")
    sign_in(other, "viewer")
    sign_in(stranger, "analyst")
    found = UserSession.objects.get(session_key=other.session.session_key)
    stranger.post(f"/settings/account/sessions/{found.pk}/end", secure=True)
    assert is_in(other)
    one.post(f"/settings/account/sessions/{found.pk}/end", secure=True)
    assert not is_in(other)
    assert is_in(one)


def test_a_disabled_person_is_out_at_once(town: Town) -> None:
    from plumbline.ledger.people import register  # noqa: PLC0415

    browser, header = town.browser(), town.token("viewer")
    sign_in(browser, "viewer")
    register.disable("viewer")
    assert not is_in(browser)
    assert town.browser().get("/api/v1/me", headers=header).status_code == 401
    assert sign_in(town.browser(), "viewer").headers.get("Location") != "/"


def test_a_new_password_ends_every_session(town: Town) -> None:
    from plumbline.ledger.people import register  # noqa: PLC0415

    browser = town.browser()
    sign_in(browser, "viewer")
    register.set_password("viewer", "quite another long password")
    assert not is_in(browser)


@pytest.mark.parametrize("password", ["short", "password1234", "1234567890123", "viewerviewe"])
def test_a_password_that_is_easily_guessed_is_refused(town: Town, password: str) -> None:
    from plumbline.ledger.people import register  # noqa: PLC0415

    assert town.runs
    with pytest.raises(UsageError):
        register.set_password("viewer", password)


def link_for(town: Town, name: str) -> str:
    browser = town.browser("admin")
    page = browser.post(f"/settings/people/{name}/link", secure=True).content.decode()
    return "/password/" + page.partition("/password/")[2].partition("<")[0]


def test_a_link_sets_a_password_once(town: Town) -> None:
    link = link_for(town, "viewer")
    browser = town.browser()
    assert browser.get(link, secure=True).status_code == 200
    new = "a brand new passphrase"
    short = browser.post(link, {"password": "x", "again": "x"}, secure=True)
    assert b"too short" in short.content
    differ = browser.post(link, {"password": new, "again": new + "x"}, secure=True)
    assert b"differ" in differ.content
    assert browser.post(link, {"password": new, "again": new}, secure=True).status_code == 302
    assert sign_in(browser, "viewer", new).headers["Location"] == "/"
    again = town.browser().post(link, {"password": PASSWORD, "again": PASSWORD}, secure=True)
    assert again.status_code == 404


def test_a_link_is_over_after_a_day(town: Town) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from plumbline.ledger.people.models import LinkRow  # noqa: PLC0415

    link = link_for(town, "viewer")
    LinkRow.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert town.browser().get(link, secure=True).status_code == 404


def test_a_newer_link_ends_the_one_before(town: Town) -> None:
    first, second = link_for(town, "viewer"), link_for(town, "viewer")
    assert town.browser().get(first, secure=True).status_code == 404
    assert town.browser().get(second, secure=True).status_code == 200


def test_the_first_administrator_is_made_once(town: Town) -> None:
    from plumbline.ledger.people import links  # noqa: PLC0415
    from plumbline.ledger.people.models import PersonRow  # noqa: PLC0415
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415

    secret = links.make(LinkKind.FIRST, lasts=timedelta(hours=1))
    link = f"/welcome/{secret}"
    # There is an administrator: the link is for nothing.
    assert town.browser().get(link, secure=True).status_code == 404
    PersonRow.objects.filter(role=Role.ADMIN.value).update(is_active=False)
    data = {"name": "root", "password": PASSWORD, "again": PASSWORD}
    weak = town.browser().post(link, {**data, "password": "x", "again": "x"}, secure=True)
    assert weak.status_code == 200
    assert not PersonRow.objects.filter(name="root").exists()
    assert town.browser().post(link, data, secure=True).status_code == 302
    browser = town.browser()
    sign_in(browser, "root")
    assert browser.get("/settings/people", secure=True).status_code == 200
    data["name"] = "second"
    assert town.browser().post(link, data, secure=True).status_code == 404
    assert not PersonRow.objects.filter(name="second").exists()


def test_an_entry_link_signs_in_once_and_nobody_who_may_not(town: Town) -> None:
    from plumbline.ledger.people import links  # noqa: PLC0415
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415

    lasts = timedelta(hours=1)
    link = f"/enter/{links.make(LinkKind.ENTRY, lasts=lasts, person='viewer')}"
    assert town.browser().get(link, secure=True).status_code == 404
    with override_settings(PLUMBLINE_DEMO=True):
        _only_in_a_demo(town, link, lasts)


def _only_in_a_demo(town: Town, link: str, lasts: timedelta) -> None:
    from plumbline.ledger.people import links, register  # noqa: PLC0415
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415

    browser = town.browser()
    assert browser.post(link, secure=True).status_code == 405
    assert browser.get(link, secure=True).headers["Location"] == "/"
    assert browser.get("/findings", secure=True).status_code == 200
    assert town.browser().get(link, secure=True).status_code == 404
    other = links.make(LinkKind.PASSWORD, lasts=lasts, person="viewer")
    assert town.browser().get(f"/enter/{other}", secure=True).status_code == 404
    late = links.make(LinkKind.ENTRY, lasts=-lasts, person="viewer")
    assert town.browser().get(f"/enter/{late}", secure=True).status_code == 404
    gone = links.make(LinkKind.ENTRY, lasts=lasts, person="viewer")
    register.disable("viewer")
    browser = town.browser()
    assert browser.get(f"/enter/{gone}", secure=True).status_code == 404
    assert browser.get("/findings", secure=True).status_code == 302


def test_secrets_are_kept_as_hashes_alone(town: Town) -> None:
    from plumbline.ledger.people.models import LinkRow, PersonRow, TokenRow  # noqa: PLC0415

    link = link_for(town, "viewer").rpartition("/")[2]
    token = town.token("viewer")["Authorization"].partition(" ")[2]
    rows = [*LinkRow.objects.values_list(), *TokenRow.objects.values_list()]
    rows += PersonRow.objects.values_list()
    told = repr(rows) + repr(audit.listing(1_000))
    assert link not in told
    assert token not in told
    assert PASSWORD not in told


def demanding(town: Town, whom: SecondFactor) -> Any:
    return override_settings(PLUMBLINE=replace(town.settings, second_factor=whom))


def test_who_lacks_a_demanded_factor_is_led_to_one_and_sees_nothing_else(town: Town) -> None:
    with demanding(town, SecondFactor.ALL):
        browser = town.browser()
        sign_in(browser, "viewer")
        for path in ("/", "/findings", "/settings/account", "/settings/tokens", "/views"):
            assert browser.get(path).headers["Location"] == "/settings/second-factor", path
        page = browser.get("/settings/second-factor").content.decode()
        assert "Add a second factor" in page
        for hidden in ("north", "/findings", "Overview"):
            assert hidden not in page.split("<main")[0].replace('href="/"', ""), hidden
        told = browser.get("/api/v1/summary")
        assert told.status_code == 403
        assert "second factor" in json.loads(told.content)["detail"]
        part = browser.get("/findings/facets", headers={"HX-Request": "true"})
        assert part.headers["HX-Redirect"] == "/settings/second-factor"
        # The way there is open, and behind it everything else; the password was just given.
        form = browser.get("/settings/factors/totp/activate/", secure=True)
        code = totp(form.context["form"].secret)
        browser.post("/settings/factors/totp/activate/", {"code": code}, secure=True)
        codes = browser.get("/settings/factors/recovery-codes/", secure=True)
        assert codes.context["unused_codes"]
        assert browser.get("/findings").status_code == 200
        assert browser.get("/settings/second-factor").headers["Location"] == "/settings/account"


def test_a_factor_may_be_demanded_of_administrators_alone(town: Town) -> None:
    with demanding(town, SecondFactor.ADMINS):
        assert town.browser("viewer").get("/findings").status_code == 200
        enrol(town, "manager")
        town.person("chief", Role.ADMIN)
        led = town.browser("admin").get("/findings")
        assert led.headers["Location"] == "/settings/second-factor"
        # What only an administrator may do is behind it, too.
        made = town.browser("admin").post("/settings/people", {"name": "eve", "role": "admin"})
        assert made.headers["Location"] == "/settings/second-factor"


def test_recovery_codes_alone_are_no_factor(town: Town) -> None:
    from allauth.mfa.models import Authenticator  # noqa: PLC0415

    from plumbline.ledger.people import register  # noqa: PLC0415

    codes = Authenticator.Type.RECOVERY_CODES
    Authenticator.objects.create(user_id=register.get("viewer").id, type=codes, data={})
    with demanding(town, SecondFactor.ALL):
        assert town.browser("viewer").get("/findings").status_code == 302

"""Ways in: a password and a code, a passkey, and the keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from authenticator import code
from places import CODE, PASSKEY, WALKED
from playwright.sync_api import expect
from served import PASSWORD

if TYPE_CHECKING:
    from sites import Site
    from walk import Walk, Walking

pytestmark = pytest.mark.network


def test_a_code_is_asked_for_beside_the_password(town: Site, walk: Walking) -> None:
    window = walk(town)
    _sign_in(window, "totp")
    page = window.page
    window.open("/settings/account")
    page.get_by_role("link", name="Authenticator app").click()
    window.look("mfa_index")
    window.open("/settings/factors/totp/activate/")
    _reauthenticate(window)
    window.look("mfa_activate_totp")
    secret = page.locator("#authenticator_secret").input_value()
    page.get_by_label("Authenticator code").fill(code(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/recovery-codes/**")
    window.look("mfa_view_recovery_codes")
    window.open("/settings/factors/recovery-codes/generate/")
    window.look("mfa_generate_recovery_codes")
    window.open("/settings/factors/totp/deactivate/")
    window.look("mfa_deactivate_totp")
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_label("Name:").fill("totp")
    page.get_by_label("Password:").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/factors/authenticate/**")
    window.look("mfa_authenticate")
    # A code is good once: the next one is taken within what clocks may differ.
    page.get_by_label("Code").fill(code(secret, ahead=1))
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url(f"{town.url}/")
    assert window.looked == WALKED[CODE]


def test_a_passkey_is_enrolled_and_used(town: Site, walk: Walking) -> None:
    window = walk(town)
    debugger = window.context.new_cdp_session(window.page)
    debugger.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    _sign_in(window, "passkey")
    page = window.page
    window.open("/settings/factors/webauthn/add/")
    _reauthenticate(window)
    window.look("mfa_add_webauthn")
    page.get_by_label("Name").fill("laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/recovery-codes/**")
    window.open("/settings/factors/webauthn/")
    window.look("mfa_list_webauthn")
    expect(page.locator("main")).to_contain_text("laptop")
    window.open(_first(window, "edit"))
    window.look("mfa_edit_webauthn")
    window.open("/settings/factors/webauthn/")
    window.open(_first(window, "remove"))
    window.look("mfa_remove_webauthn")
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{town.url}/")
    expect(page.locator("form.sign-out")).to_contain_text("passkey")
    assert window.looked == WALKED[PASSKEY]


def _first(window: Walk, verb: str) -> str:
    link = window.page.locator(f"a[href*='/{verb}/']").first.get_attribute("href")
    assert link
    return link


def _sign_in(window: Walk, person: str) -> None:
    window.open("/login/")
    window.page.get_by_label("Name:").fill(person)
    window.page.get_by_label("Password:").fill(PASSWORD)
    window.page.get_by_role("button", name="Sign in", exact=True).click()
    window.page.wait_for_url(f"{window.site.url}/")


def _reauthenticate(window: Walk) -> None:
    """The site asks again who it is before a factor changes, unless that was a moment ago."""
    if "reauthenticate" in window.page.url:
        window.page.get_by_label("Password").fill(PASSWORD)
        window.page.get_by_role("button", name="Confirm").click()

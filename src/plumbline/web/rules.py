"""Who may open which address. What has no rule here is refused to everybody."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.urls import path

from plumbline.domain.person import Right

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.urls import URLPattern


class Door(StrEnum):
    """Rules that are no right."""

    PUBLIC = "public"
    """Open to everybody."""
    SIGNED_IN = "signed in"
    """Open to whoever has signed in in person, whatever the role; not to tokens."""
    CLOSED = "closed"
    """Part of a library, not of this site."""
    ITSELF = "itself"
    """Looks for itself: a loopback address or a token."""


Rule = Right | Door
RULES: dict[str, Rule] = {
    # What allauth brings; the names are its own.
    "account_login": Door.PUBLIC,
    "account_inactive": Door.PUBLIC,
    "account_logout": Door.SIGNED_IN,
    "account_reauthenticate": Door.SIGNED_IN,
    "account_change_password": Door.SIGNED_IN,
    "account_set_password": Door.SIGNED_IN,
    "account_signup": Door.CLOSED,
    "account_email": Door.CLOSED,
    "account_email_verification_sent": Door.CLOSED,
    "account_confirm_email": Door.CLOSED,
    "account_reset_password": Door.CLOSED,
    "account_reset_password_done": Door.CLOSED,
    "account_reset_password_from_key": Door.CLOSED,
    "account_reset_password_from_key_done": Door.CLOSED,
    "account_confirm_login_code": Door.CLOSED,
    "mfa_authenticate": Door.PUBLIC,
    "mfa_trust": Door.CLOSED,
    "mfa_login_webauthn": Door.PUBLIC,
    "mfa_index": Door.SIGNED_IN,
    "mfa_reauthenticate": Door.SIGNED_IN,
    "mfa_activate_totp": Door.SIGNED_IN,
    "mfa_deactivate_totp": Door.SIGNED_IN,
    "mfa_view_recovery_codes": Door.SIGNED_IN,
    "mfa_generate_recovery_codes": Door.SIGNED_IN,
    "mfa_download_recovery_codes": Door.SIGNED_IN,
    "mfa_list_webauthn": Door.SIGNED_IN,
    "mfa_add_webauthn": Door.SIGNED_IN,
    "mfa_reauthenticate_webauthn": Door.SIGNED_IN,
    "mfa_remove_webauthn": Door.SIGNED_IN,
    "mfa_edit_webauthn": Door.SIGNED_IN,
    "usersessions_list": Door.SIGNED_IN,
    "openid_connect_login": Door.PUBLIC,
    "openid_connect_callback": Door.PUBLIC,
    "socialaccount_login_cancelled": Door.PUBLIC,
    "socialaccount_login_error": Door.PUBLIC,
    "socialaccount_signup": Door.CLOSED,
    "socialaccount_connections": Door.CLOSED,
}


ENROLMENT = frozenset(
    {
        "second-factor",
        "account_logout",
        "account_reauthenticate",
        "mfa_index",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
    }
)
"""What is open to somebody who has to add a second factor first."""


def page(route: str, view: Callable[..., Any], name: str, needs: Rule) -> URLPattern:
    """An address, its view, the name links use, and what it takes to open it."""
    RULES[name] = needs
    return path(route, view, name=name)


def rule(name: str) -> Rule | None:
    """The rule of an address by its name; none means that nobody may."""
    return RULES.get(name)

"""The pages of the site, by the names of their addresses: where each is looked at, or why not."""

from __future__ import annotations

from dataclasses import dataclass

CLOSED = "closed"
"""The rule of addresses that a library brings and nobody may open."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page that can be opened by its address alone."""

    name: str
    path: str
    person: str = "admin"
    status: int = 200


_PLACES = (
    Place("overview", "/"),
    Place("findings", "/findings"),
    Place("finding", "/findings/{finding}"),
    Place("hosts", "/hosts"),
    Place("host", "/hosts/{host}"),
    Place("vulnerabilities", "/vulnerabilities"),
    Place("vulnerability", "/vulnerabilities/{plugin}"),
    Place("cve", "/cves/{cve}"),
    Place("lists", "/lists"),
    Place("list", "/lists/north/1"),
    Place("repositories", "/repositories"),
    Place("repository", "/repositories/north/1"),
    Place("matrix", "/compare"),
    Place("runs", "/runs"),
    Place("run", "/runs/{run}"),
    Place("run-live", "/runs/{run}/live"),
    Place("sources", "/connections"),
    Place("source", "/connections/north"),
    Place("source-live", "/connections/north/live"),
    Place("source-test", "/connections/lab/test"),
    Place("source-scope", "/connections/lab/scope"),
    Place("source-remove", "/connections/lab/remove"),
    Place("source-keys", "/connections/lab/keys"),
    Place("source-handover", "/connections/lab/hand-over"),
    Place("connect", "/connect"),
    Place("account", "/settings/account"),
    Place("about", "/settings/about"),
    Place("tokens", "/settings/tokens"),
    Place("account_change_password", "/password/change/"),
    Place("account_reauthenticate", "/reauthenticate/"),
    Place("account_inactive", "/inactive/", person=""),
    Place("usersessions_list", "/settings/sessions/"),
    Place("socialaccount_login_cancelled", "/provider/login/cancelled/", person=""),
    Place("socialaccount_login_error", "/provider/login/error/", person="", status=401),
    Place("deadlines", "/settings/deadlines"),
    Place("views", "/views"),
    Place("people", "/settings/people"),
    Place("person", "/settings/people/viewer"),
    Place("audit", "/settings/audit"),
    Place("password-link", "/password/{password}", person=""),
    Place("account_login", "/login/", person=""),
    Place("account_logout", "/logout/"),
    Place("api-docs", "/api/docs"),
)
"""Looked at as they are, over an estate that was read."""

PLACES = {one.name: one for one in _PLACES}

FIRST_RUN, MOVING, HAND_OVER = "first run", "moving", "hand-over"
CODE, PASSKEY, DEMANDED = "code", "passkey", "demanded second factor"
_STEPS = {
    FIRST_RUN: (
        "first-link",
        "connect",
        "connect-trust",
        "connect-guide",
        "connect-keys",
        "connect-check",
        "connect-scope",
        "source-live",
    ),
    MOVING: ("source-address", "source-trust"),
    HAND_OVER: ("hand-over",),
    CODE: (
        "mfa_index",
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_deactivate_totp",
        "mfa_authenticate",
    ),
    PASSKEY: (
        "mfa_add_webauthn",
        "mfa_list_webauthn",
        "mfa_edit_webauthn",
        "mfa_remove_webauthn",
    ),
    DEMANDED: ("second-factor",),
}
WALKED = {walk: frozenset(names) for walk, names in _STEPS.items()}
"""Looked at on the way, since something has to come first; each walk shows that it does."""

_LISTS = ("findings", "hosts", "vulnerabilities", "lists")
_REASONS = {
    "a part of a page, which is looked at with it": (*(f"{name}-facets" for name in _LISTS),),
    "answers with data or a file": (
        *(f"{name}-complete" for name in _LISTS),
        *(f"{name}-export" for name in _LISTS),
        "report",
        "audit-export",
        "api-schema",
        "mfa_login_webauthn",
        "mfa_download_recovery_codes",
    ),
    "does something and leads to a page": (
        *(f"{name}-columns" for name in _LISTS),
        "source-start",
        "source-cancel",
        "source-pause",
        "source-drop",
        "session-end",
        "token-revoke",
        "person-link",
        "person-active",
        "person-factors",
        "deadlines-set",
        "deadlines-reset",
        "view",
        "view-change",
        "view-remove",
        "view-begin",
        "entry-link",
        "account_set_password",
        "openid_connect_login",
        "openid_connect_callback",
    ),
    "for machines": ("healthz", "readyz", "metrics"),
    "the same form as account_reauthenticate, for who has a second factor": (
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    ),
}
UNSEEN = {name: reason for reason, names in _REASONS.items() for name in names}
"""Not looked at by themselves, and why."""

EMPTY = (
    "/",
    "/findings",
    "/lists",
    "/repositories",
    "/compare",
    "/runs",
    "/connections",
    "/connect",
    "/settings/tokens",
    "/views",
)
"""Pages that look otherwise where nothing was read yet."""
MISTAKES = (
    ("/findings?q=severity%3Aterrible", 400),
    ("/findings?q=nowhere-to-be-found", 200),
    ("/hosts/unknown", 404),
    ("/nowhere", 404),
    ("/connect", 403),
)
"""What cannot be shown, and the status that tells so."""

"""Every address of the site, each with the rule of who may open it."""

from __future__ import annotations

from django.urls import include, path

from plumbline.terms.person import Right
from plumbline.web.pages import account, audit, findings, health, links, overview, people, tokens
from plumbline.web.rules import Door, page

urlpatterns = [
    page("", overview.show, "overview", Right.SEE),
    page("findings", findings.show, "findings", Right.SEE),
    # Oneself.
    page("settings/account", account.show, "account", Door.SIGNED_IN),
    page("settings/account/sessions/<int:number>/end", account.end, "session-end", Door.SIGNED_IN),
    page("settings/about", account.about, "about", Door.SIGNED_IN),
    page("settings/tokens", tokens.show, "tokens", Door.SIGNED_IN),
    page("settings/tokens/<int:number>/revoke", tokens.revoke, "token-revoke", Door.SIGNED_IN),
    # Others.
    page("settings/people", people.show, "people", Right.PEOPLE),
    page("settings/people/<str:name>", people.one, "person", Right.PEOPLE),
    page("settings/people/<str:name>/link", people.link, "person-link", Right.PEOPLE),
    page("settings/people/<str:name>/active", people.active, "person-active", Right.PEOPLE),
    page("settings/people/<str:name>/factors", people.factors, "person-factors", Right.PEOPLE),
    page("settings/audit", audit.show, "audit", Right.AUDIT),
    page("settings/audit.csv", audit.export, "audit-export", Right.AUDIT),
    # One-time links.
    page("welcome/<str:secret>", links.first, "first-link", Door.PUBLIC),
    page("password/<str:secret>", links.password, "password-link", Door.PUBLIC),
    # Machines.
    page("healthz", health.alive, "healthz", Door.PUBLIC),
    page("readyz", health.ready, "readyz", Door.PUBLIC),
    page("metrics", health.metrics, "metrics", Door.ITSELF),
    path("api/", include("plumbline.web.api.urls")),
    path("", include("plumbline.web.entrance")),
]

_ERRORS = "plumbline.web.pages.errors"
handler400 = f"{_ERRORS}.bad_request"
handler403 = f"{_ERRORS}.not_allowed"
handler404 = f"{_ERRORS}.not_found"
handler500 = f"{_ERRORS}.failed"

"""Every address of the site, each with the rule of who may open it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.urls import include, path

from plumbline.domain.person import Right
from plumbline.web.explorer.kinds import KINDS
from plumbline.web.pages import (
    account,
    audit,
    changes,
    deadlines,
    explorer,
    handover,
    health,
    host,
    links,
    lists,
    live,
    matrix,
    moving,
    overview,
    people,
    report,
    runs,
    sources,
    tokens,
    views,
    vulnerability,
    wizard,
)
from plumbline.web.rules import Door, page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.urls import URLPattern


def _explorers() -> Iterator[URLPattern]:
    """The addresses of each list."""
    parts = {
        "": explorer.show,
        "-facets": explorer.beside,
        "-complete": explorer.complete,
        "-export": explorer.export,
        "-columns": explorer.columns,
    }
    for name in KINDS:
        for part, view in parts.items():
            route = f"{name}/{part[1:]}" if part else name
            yield page(route, partial(view, page=name), f"{name}{part}", Right.SEE)


urlpatterns = [
    page("", overview.show, "overview", Right.SEE),
    *_explorers(),
    page("views", views.show, "views", Right.SEE),
    page("views/<slug:slug>", views.one, "view", Right.SEE),
    page("views/<slug:slug>/change", views.change, "view-change", Right.SEE),
    page("views/<slug:slug>/remove", views.remove, "view-remove", Right.SEE),
    page("views/<slug:slug>/begin", views.begin, "view-begin", Right.SEE),
    page("findings/<str:key>", host.finding, "finding", Right.SEE),
    page("hosts/<str:key>", host.show, "host", Right.SEE),
    page("vulnerabilities/<int:number>", vulnerability.show, "vulnerability", Right.SEE),
    page("cves/<str:name>", vulnerability.cve, "cve", Right.SEE),
    page("lists/<str:console>/<int:number>", lists.show, "list", Right.SEE),
    page("repositories", lists.repositories, "repositories", Right.SEE),
    page("repositories/<str:console>/<int:number>", lists.repository, "repository", Right.SEE),
    page("report/executive", report.executive, "report", Right.SEE),
    page("compare", matrix.show, "matrix", Right.SEE),
    page("runs", runs.show, "runs", Right.SEE),
    page("runs/<int:number>", runs.one, "run", Right.SEE),
    page("runs/<int:number>/live", live.of_run, "run-live", Right.SEE),
    page("connections", sources.show, "sources", Right.SEE),
    page("connections/<str:name>", sources.one, "source", Right.SEE),
    page("connections/<str:name>/live", live.of_connection, "source-live", Right.SEE),
    page("connections/<str:name>/start", live.start, "source-start", Right.RUN),
    page("connections/<str:name>/cancel", live.cancel, "source-cancel", Right.RUN),
    page("connections/<str:name>/pause", changes.pause, "source-pause", Right.CONNECT),
    page("connections/<str:name>/test", changes.test, "source-test", Right.CONNECT),
    page("connections/<str:name>/scope", changes.scope, "source-scope", Right.CONNECT),
    page("connections/<str:name>/address", moving.address, "source-address", Right.KEYS_SET),
    page("connections/<str:name>/trust", moving.certificate, "source-trust", Right.KEYS_SET),
    page("connections/<str:name>/remove", changes.remove, "source-remove", Right.CONNECT),
    page("connections/<str:name>/keys", changes.keys, "source-keys", Right.KEYS_SET),
    page("connections/<str:name>/keys/delete", changes.drop, "source-drop", Right.KEYS_DELETE),
    page("connections/<str:name>/hand-over", changes.hand_over, "source-handover", Right.KEYS_SET),
    # Setting one up, step by step.
    page("connect", wizard.address, "connect", Right.CONNECT),
    page("connect/trust", wizard.certificate, "connect-trust", Right.CONNECT),
    page("connect/guide", wizard.guide, "connect-guide", Right.CONNECT),
    page("connect/keys", wizard.keys, "connect-keys", Right.CONNECT),
    page("connect/check", wizard.check, "connect-check", Right.CONNECT),
    page("connect/scope", wizard.scope, "connect-scope", Right.CONNECT),
    # Oneself.
    page("settings/account", account.show, "account", Door.SIGNED_IN),
    page("settings/account/sessions/<int:number>/end", account.end, "session-end", Door.SIGNED_IN),
    page("settings/second-factor", account.factor, "second-factor", Door.SIGNED_IN),
    page("settings/about", account.about, "about", Door.SIGNED_IN),
    page("settings/tokens", tokens.show, "tokens", Door.SIGNED_IN),
    page("settings/tokens/<int:number>/revoke", tokens.revoke, "token-revoke", Door.SIGNED_IN),
    # How everybody counts.
    page("settings/deadlines", deadlines.show, "deadlines", Right.SEE),
    page("settings/deadlines/set", deadlines.put, "deadlines-set", Right.GOVERN),
    page("settings/deadlines/reset", deadlines.reset, "deadlines-reset", Right.GOVERN),
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
    page("enter/<str:secret>", links.enter, "entry-link", Door.PUBLIC),
    page("hand-over/<str:secret>", handover.show, "hand-over", Door.PUBLIC),
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

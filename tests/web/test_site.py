"""Pages, their rules and their headers."""

from __future__ import annotations

import hashlib
import json
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from plumbline.domain.person import Right, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.urls import URLPattern
    from town import Town

STATIC = Path(__file__).parents[2] / "src/plumbline/web/static"
# What fills the gaps of addresses.
FILLED = {"number": "1", "name": "viewer", "secret": "x", "pk": "1", "provider_id": "oidc"}
# Questions have names of their own.
NAMES = {"api:question": "summary"}
INLINE = re.compile(
    r"<script(?![^>]*(?:\bsrc=|application/json))|<style|\sstyle=|\son[a-z]+=|javascript:"
)


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """Every address of the site by its name."""
    from django.urls import get_resolver  # noqa: PLC0415

    yield from _under(get_resolver(), "")


def _under(resolver: Any, namespace: str) -> Iterator[tuple[str, Any]]:
    for found in resolver.url_patterns:
        if hasattr(found, "url_patterns"):
            inner = f"{found.namespace}:" if found.namespace else ""
            yield from _under(found, namespace + inner)
        else:
            yield f"{namespace}{found.name}", found


def opened() -> dict[str, str]:
    """An address for each name, its gaps filled."""
    from django.urls import NoReverseMatch, reverse  # noqa: PLC0415

    found = {}
    for name, pattern in addresses():
        gaps = dict.fromkeys(pattern.pattern.converters)
        told = {gap: FILLED.get(gap, "x") for gap in gaps}
        if name in NAMES:
            told["name"] = NAMES[name]
        try:
            found[name] = reverse(name, kwargs=told)
        except NoReverseMatch:  # allauth's own, with patterns as expressions
            continue
    return found


def test_no_address_lacks_a_rule(town: Town) -> None:
    from plumbline.web.rules import RULES  # noqa: PLC0415

    assert town.runs
    names = {name for name, _ in addresses()}
    assert names - set(RULES) == set()
    assert len(names) > 40


def test_an_address_without_a_rule_is_refused_to_everybody(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plumbline.web import rules  # noqa: PLC0415

    monkeypatch.delitem(rules.RULES, "overview")
    assert town.browser("admin").get("/").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_its_rights_open(town: Town, role: Role) -> None:
    from plumbline.web.rules import RULES, Door  # noqa: PLC0415

    browser = town.browser(role.value)
    for name, path in opened().items():
        needs, answer = RULES[name], browser.get(path)
        if needs is Door.CLOSED:
            assert answer.status_code == 404, name
        elif isinstance(needs, Right) and needs not in role.rights:
            assert answer.status_code == 403, name
            assert needs.doc in unescape(answer.content.decode()), name
        else:
            assert answer.status_code != 403, name
            assert answer.status_code < 500, name
        # Not close(), which would end the test's own transaction.
        for close in cast("Any", answer)._resource_closers:
            close()


def test_nobody_sees_anything_without_signing_in(town: Town) -> None:
    from plumbline.web.rules import RULES, Door  # noqa: PLC0415

    browser = town.browser()
    for name, path in opened().items():
        answer = browser.get(path, headers={"X-Forwarded-For": "10.0.0.9"})
        if RULES[name] is Door.PUBLIC:
            continue
        expected = {302, 401, 403, 404}
        assert answer.status_code in expected, name
        assert b"north" not in answer.content, name


def test_a_token_opens_the_api_alone(town: Town) -> None:
    from plumbline.web.rules import RULES, Door  # noqa: PLC0415

    browser, header = town.browser(), town.token("admin", Role.ADMIN)
    for name, path in opened().items():
        answer = browser.get(path, headers=header)
        if RULES[name] in {Door.PUBLIC, Door.CLOSED} or name == "metrics":
            continue
        if path.startswith("/api/"):
            assert answer.status_code in {200, 400, 404}, (name, answer.content)
            assert b"leads nowhere" not in answer.content, name
        else:
            assert answer.status_code == 302, name


def checked(answer: Any, name: str) -> None:
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy, name
    assert "unsafe" not in policy, name
    assert "script-src 'self'" in policy, name
    assert answer.headers["X-Frame-Options"] == "DENY", name
    assert answer.headers["X-Content-Type-Options"] == "nosniff", name
    assert answer.headers["Referrer-Policy"] == "same-origin", name
    assert "camera=()" in answer.headers["Permissions-Policy"], name
    assert "no-store" in answer.headers["Cache-Control"], name
    assert "max-age" in answer.headers["Strict-Transport-Security"], name
    if "html" in answer.headers.get("Content-Type", ""):
        assert not INLINE.search(answer.content.decode()), name


def test_every_answer_tells_the_browser_to_be_strict(town: Town) -> None:
    browser = town.browser("admin")
    for name, path in opened().items():
        answer = browser.get(path, secure=True)
        if not answer.streaming:
            checked(answer, name)
        # Not close(), which would end the test's own transaction.
        for close in cast("Any", answer)._resource_closers:
            close()
    checked(browser.get("/nowhere", secure=True), "nowhere")
    checked(browser.get("/findings?q=nofield:1", secure=True), "problem")


def test_cookies_are_bound_to_this_site(town: Town) -> None:
    from django.conf import settings  # noqa: PLC0415

    answer = town.browser().get("/login/", secure=True)
    cookie = answer.cookies[settings.CSRF_COOKIE_NAME]
    assert settings.CSRF_COOKIE_NAME.startswith("__Host-")
    assert settings.SESSION_COOKIE_NAME.startswith("__Host-")
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert cookie["samesite"] == "Strict"


def test_a_form_without_its_token_is_refused(town: Town) -> None:
    from django.test import Client  # noqa: PLC0415

    browser = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    browser.cookies = town.browser("admin").cookies
    for path in ("/settings/people", "/settings/people/viewer/link", "/settings/tokens"):
        answer = browser.post(path, {}, secure=True)
        assert answer.status_code == 403, path
        assert b"did not come from this site" in answer.content


def test_another_host_name_is_refused(town: Town) -> None:
    answer = town.browser().get("/login/", SERVER_NAME="evil.example")
    assert answer.status_code == 400
    assert b"web_hosts" in answer.content


def test_nothing_is_told_twice_of_an_address_that_leads_nowhere(town: Town) -> None:
    answer = town.browser("viewer").get("/nowhere/at/all")
    assert answer.status_code == 404
    assert b"leads nowhere" in answer.content
    assert b"Traceback" not in answer.content


def test_a_wrong_filter_is_told_in_one_sentence(town: Town) -> None:
    answer = town.browser("viewer").get("/findings", {"q": "nofield:1"})
    assert answer.status_code == 400
    assert b"nofield" in answer.content


def test_health_is_told_without_secrets(town: Town) -> None:
    browser = town.browser()
    assert browser.get("/healthz").json() == {"status": "ok"}
    assert browser.get("/readyz").json() == {"status": "ok"}


def test_metrics_are_for_this_machine_or_a_token_that_sees_everything(town: Town) -> None:
    browser = town.browser()
    here = browser.get("/metrics")
    assert b'connection="north"' in here.content
    far: dict[str, Any] = {"REMOTE_ADDR": "10.0.0.9"}
    assert browser.get("/metrics", **far).status_code == 403
    assert browser.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 403
    header = town.token("viewer")
    assert browser.get("/metrics", headers=header, **far).status_code == 200


def test_what_others_wrote_is_named_and_unchanged() -> None:
    vendor = STATIC / "vendor"
    told = json.loads((vendor / "manifest.json").read_text())["files"]
    for one in told:
        assert hashlib.sha256((vendor / one["file"]).read_bytes()).hexdigest() == one["sha256"]
        assert one["version"]
        assert one["licence"]
        assert (vendor / one["licence_file"]).is_file()
    named = {one["file"] for one in told} | {one["licence_file"] for one in told}
    assert {file.name for file in vendor.iterdir()} == named | {"manifest.json"}

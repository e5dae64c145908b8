"""From an address to a connection with a schedule and a first run, and every wrong turn."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from consoles import begun, console, text, with_keys

from plumbline.domain.connection import Manners, Scope, TrustKind, WasMode
from plumbline.domain.person import Purview, Role
from plumbline.domain.severity import Severity
from plumbline.errors import UsageError
from plumbline.ledger import audit, connections, jobs, schedules

if TYPE_CHECKING:
    from town import Town


pytestmark = pytest.mark.network
SECRETS = ("accesskeyaccesskey", "secretkeysecretkey")


def test_from_an_address_to_the_first_run(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        assert begun(browser, found).url == "/connect/guide"
        guide = text(browser.get("/connect/guide"))
        assert "Allow API Keys" in guide
        assert "shown this once" in guide
        with_keys(browser, found)
        assert not connections.exists("lab")
        shown = text(browser.get("/connect/scope"))
        numbers = re.findall(r'name="repositories" value="(\d+)"', shown)
        told = {
            "repositories": numbers[:1],
            "severities": ["critical", "high"],
            "look_back": "90",
            "plan": "every 24h",
            "blackout": "08:00-18:00, 20:00-21:00",
            "begin": "yes",
        }
        answer = browser.post("/connect/scope", told)
    assert answer.url == "/connections/lab/live"
    entry = connections.entry("lab")
    assert entry.connection.scope.repositories == (int(numbers[0]),)
    assert entry.connection.scope.severities == (Severity.CRITICAL, Severity.HIGH)
    assert entry.connection.scope.look_back_days == 90
    assert connections.get_keys("lab").secret == found.secret_key
    assert schedules.get("lab").rule == "every 24h"
    assert schedules.get("lab").blackout == ("08:00-18:00", "20:00-21:00")
    job = jobs.find("lab")
    assert job is not None
    assert job.by == "admin"
    assert "No worker is running" in text(browser.get("/connections/lab/live"))
    assert browser.get("/connect/scope").url == "/connect"


def test_ticks_come_one_by_one_to_a_page_that_listens(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        with_keys(browser, found)
        page = text(browser.get("/connect/check"))
        assert 'hx-sse:connect="/connect/check"' in page
        answer = browser.get("/connect/check", headers={"Accept": "text/event-stream"})
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        events = list(map(bytes.decode, answer.streaming_content))
        assert len(events) > 12
        assert events[-1].startswith("event: done")
        assert "It can be read" in events[-2]
        at_once = text(browser.post("/connect/check"))
        assert "It can be read" in at_once
    whole = page + at_once + "".join(events)
    assert found.secret_key not in whole
    assert found.access_key not in whole


def test_a_failed_tick_tells_cause_and_remedy(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        begun(browser, found)
        browser.post("/connect/keys", dict(zip(("access", "secret"), SECRETS, strict=True)))
        told = text(browser.post("/connect/check"))
    assert "cannot be read yet" in told
    assert "Generate a new pair" in told
    for secret in SECRETS:
        assert secret not in told


def test_a_console_that_is_away_is_told_without_a_crash(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        with_keys(browser, found)
    assert "cannot be read yet" in text(browser.post("/connect/check"))
    told = text(browser.get("/connect/scope"))
    assert "cannot be listed" in told


def test_a_certificate_is_shown_and_pinned_after_it_was_compared(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console(http=False) as found:
        assert begun(browser, found).url == "/connect/trust"
        assert browser.get("/connect/keys").url == "/connect"
        shown = text(browser.get("/connect/trust"))
        digits = re.findall(r'name="shown" value="([0-9A-F:]+)"', shown)[0]
        assert 'value="system"' not in shown
        blind = browser.post("/connect/trust", {"trust": "fingerprint", "shown": digits})
        assert "Compare it first" in text(blind)
        wrong = {"trust": "fingerprint", "shown": "AB:" * 31 + "AB", "compared": "on"}
        assert "does not vouch" in text(browser.post("/connect/trust", wrong))
        assert "does not vouch" in text(browser.post("/connect/trust", {"trust": "system"}))
        blindly = browser.post("/connect/trust", {"trust": "insecure"})
        assert list(blindly.context["form"].errors) == ["trust"]
        good = {"trust": "fingerprint", "shown": digits, "compared": "on"}
        assert browser.post("/connect/trust", good).url == "/connect/guide"
        keys = {"access": found.access_key, "secret": found.secret_key}
        browser.post("/connect/keys", keys)
        assert "It can be read" in text(browser.post("/connect/check"))
        assert browser.post("/connect/scope", {}).status_code == 302
    trust = connections.entry("lab").connection.address.trust
    assert trust.kind is TrustKind.FINGERPRINT
    assert trust.value == digits.replace(":", "").lower()


def test_an_authority_is_uploaded_without_anything_beside_its_certificate(town: Town) -> None:
    import ssl  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415

    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415

    browser: Any = town.browser("admin")
    with console(http=False) as found:
        begun(browser, found)
        parts = urlsplit(found.url)
        pem = ssl.get_server_certificate((parts.hostname or "", parts.port or 0))

        def sent(content: bytes) -> Any:
            file = SimpleUploadedFile("../../ca.pem", content)
            return browser.post("/connect/trust", {"trust": "ca-file", "authority": file})

        assert "no certificate" in text(sent(b"nothing"))
        assert "private key" in text(sent(b"-----BEGIN PRIVATE KEY-----"))
        assert "larger than" in text(sent(b"x" * 200_000))
        missing = browser.post("/connect/trust", {"trust": "ca-file"})
        assert "Choose the file" in text(missing)
        assert sent(f"notes\n{pem}".encode()).url == "/connect/guide"
        browser.post("/connect/keys", {"access": found.access_key, "secret": found.secret_key})
        browser.post("/connect/scope", {})
    trust = connections.entry("lab").connection.address.trust
    assert trust.kind is TrustKind.CA_FILE
    folder = town.settings.home / "authorities"
    assert trust.value.startswith(str(folder))
    (kept,) = folder.iterdir()
    assert "notes" not in kept.read_text()


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "../x", "cannot be the name"),
        ("name", "north", "already"),
        ("url", "http://sc.example.com", "plain http"),
        ("url", "https://me:pass@sc.example.com", "user name"),
        ("url", "sc.example.com", "does not begin with"),
        ("proxy", "socks://x", "proxy"),
    ],
)
def test_a_wrong_address_is_told_at_its_field(
    town: Town, field: str, value: str, told: str
) -> None:
    browser: Any = town.browser("admin")
    given = {"name": "lab", "url": "https://sc.example.com", "proxy": "", field: value}
    answer = browser.post("/connect", given)
    form = answer.context["form"]
    assert list(form.errors) == [field]
    assert told in form.errors[field][0]
    assert "connecting" not in browser.session


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"access": "a b", "secret": SECRETS[1]}, "access"),
        ({"access": SECRETS[0], "secret": ""}, "secret"),
        ({"access": SECRETS[0], "secret": SECRETS[0]}, "secret"),
    ],
)
def test_wrong_keys_are_told_and_not_repeated(
    town: Town, given: dict[str, str], field: str
) -> None:
    browser: Any = town.browser("admin")
    browser.post("/connect", {"name": "lab", "url": "http://127.0.0.1:9"})
    answer = browser.post("/connect/keys", given)
    assert list(answer.context["form"].errors) == [field]
    assert SECRETS[0] not in text(answer)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"plan": "every now and then"}, "plan"),
        ({"plan": "61 * * * *"}, "plan"),
        ({"plan": "every 24h", "blackout": "25:00-26:00"}, "blackout"),
        ({"plan": "every 24h", "blackout": "00:00-24:00"}, "blackout"),
        ({"blackout": "08:00-18:00"}, "blackout"),
        ({"look_back": "0"}, "look_back"),
        ({"severities": ["terrible"]}, "severities"),
        ({"repositories": ["99999"]}, "repositories"),
    ],
)
def test_a_wrong_scope_adds_nothing(town: Town, given: dict[str, Any], field: str) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        with_keys(browser, found)
        answer = browser.post("/connect/scope", given)
    assert list(answer.context["form"].errors) == [field]
    assert not connections.exists("lab")


def test_keys_lie_sealed_and_go_to_no_other_console(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        with_keys(browser, found)
        kept = str(dict(browser.session))
        assert found.secret_key not in kept
        assert found.access_key not in kept
        browser.post("/connect", {"name": "lab", "url": "http://127.0.0.1:9"})
        assert browser.get("/connect/check").url == "/connect/keys"


def test_the_password_of_a_proxy_is_not_shown_and_not_lost(town: Town) -> None:
    browser: Any = town.browser("admin")
    given = {"name": "lab", "url": "http://127.0.0.1:9", "proxy": "http://me:hush@proxy:3128"}
    browser.post("/connect", given)
    shown = text(browser.get("/connect"))
    assert "hush" not in shown + str(dict(browser.session))
    browser.post("/connect", {**given, "proxy": "http://proxy:3128"})
    browser.post("/connect/keys", {"later": "yes"})
    assert connections.get("lab").address.proxy == "http://me:hush@proxy:3128"


def test_a_manager_saves_without_keys(town: Town) -> None:
    browser: Any = town.browser("manager")
    browser.post("/connect", {"name": "lab", "url": "http://127.0.0.1:9"})
    assert "may not set keys" in text(browser.get("/connect/keys"))
    keys = {"access": SECRETS[0], "secret": SECRETS[1]}
    assert browser.post("/connect/keys", keys).status_code == 403
    assert browser.post("/connect/keys", {"later": "yes"}).url == "/connections/lab"
    assert not connections.entry("lab").has_keys
    assert "New keys" not in text(browser.get("/connections/lab"))


def test_who_sees_a_part_adds_nothing(town: Town) -> None:
    name = town.person("partly", Role.MANAGER, Purview(connections=("north",)))
    browser: Any = town.browser(name)
    told = browser.post("/connect", {"name": "lab", "url": "http://127.0.0.1:9"})
    assert told.status_code == 400
    assert "part of the data" in text(told)


def test_each_step_leads_to_what_is_missing_before_it(town: Town) -> None:
    browser: Any = town.browser("admin")
    for step in ("trust", "guide", "keys", "check", "scope"):
        assert browser.get(f"/connect/{step}").url == "/connect"


def edited(browser: Any) -> None:
    """All that the command line can set."""
    page = text(browser.get("/connections/lab/scope"))
    lists = re.findall(r'<option value="(\d+)">[^<]*\(\d+\)', page)
    assert len(lists) > 10
    first = re.search(r'name="asset_lists".*?<option value="(\d+)"', page, re.DOTALL)
    family = re.search(r'name="families".*?<option value="(\d+)"', page, re.DOTALL)
    assert first is not None
    assert family is not None
    told = {
        "asset_lists": [first[1]],
        "families": [family[1]],
        "was": "includeWas",
        "plan": "every 24h",
        "jitter": "10m",
        "requests_per_hour": "500",
        "page_size": "200",
        "connect_timeout": "3.5",
        "read_timeout": "60",
        "retries": "0",
    }
    assert browser.post("/connections/lab/scope", told).url == "/connections/lab"
    found = connections.entry("lab").connection
    scope = Scope(asset_lists=(int(first[1]),), families=(int(family[1]),), was=WasMode.INCLUDE)
    assert found.scope == scope
    assert found.manners == Manners(
        page_size=200, connect_timeout=3.5, read_timeout=60.0, retries=0, requests_per_hour=500
    )
    assert schedules.get("lab").jitter_minutes == 10
    # Sent back as it is shown, nothing changes.
    changed = connections.entry("lab").changed
    form = browser.get("/connections/lab/scope").context["form"]
    same = {name: value for name, value in form.initial.items() if value is not None}
    assert browser.post("/connections/lab/scope", same).url == "/connections/lab"
    assert connections.entry("lab").changed == changed
    bad = {"plan": "", "jitter": "10m", "retries": "101", "page_size": "0"}
    assert text(browser.post("/connections/lab/scope", bad)).count("errorlist") == 3
    assert connections.entry("lab").changed == changed


def test_a_connection_is_paused_changed_and_tested(town: Town) -> None:
    browser: Any = town.browser("admin")
    with console() as found:
        with_keys(browser, found)
        browser.post("/connect/scope", {"plan": "every 24h"})
        browser.post("/connections/lab/pause", {"paused": "yes"})
        assert connections.entry("lab").paused
        assert browser.post("/connections/lab/start").status_code == 400
        browser.post("/connections/lab/pause", {"paused": "no"})
        before = schedules.get("lab").changed
        assert "every 24h" in text(browser.get("/connections/lab/scope"))
        same = {"plan": "every 24h", "severities": ["high"]}
        assert browser.post("/connections/lab/scope", same).url == "/connections/lab"
        assert schedules.get("lab").changed == before
        assert connections.entry("lab").connection.scope.severities == (Severity.HIGH,)
        edited(browser)
        browser.post("/connections/lab/scope", {})
        assert schedules.find("lab") is None
        assert "It can be read" in text(browser.post("/connections/lab/test"))
        new = {"access": SECRETS[0], "secret": SECRETS[1]}
        assert browser.post("/connections/lab/keys", new).url == "/connections/lab/test"
    assert connections.get_keys("lab").access == SECRETS[0]
    assert any(act.action == "rotate-keys" and act.who == "admin" for act in audit.listing())


def test_removal_asks_for_the_name_and_what_becomes_of_the_data(town: Town) -> None:
    browser: Any = town.browser("admin")
    told = text(browser.post("/connections/north/remove", {"fate": "delete", "again": "nor"}))
    assert "exactly" in told
    assert connections.exists("north")
    browser.post("/connections/north/remove", {"fate": "keep", "again": "north"})
    assert connections.entry("north").retired is not None
    with pytest.raises(UsageError):
        connections.get_keys("north")


def test_data_is_deleted_on_demand(town: Town) -> None:
    browser: Any = town.browser("admin")
    browser.post("/connect", {"name": "lab", "url": "http://127.0.0.1:9"})
    browser.post("/connect/keys", {"later": "yes"})
    browser.post("/connections/lab/remove", {"fate": "delete", "again": "lab"})
    assert not connections.exists("lab")

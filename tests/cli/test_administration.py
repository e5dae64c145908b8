"""`plumbline audit`, `token`, `deadlines`, and what `doctor` sees of the site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from plumbline.cli import site
from plumbline.cli.sign import Health
from plumbline.config.settings import Settings
from plumbline.ledger import audit
from plumbline.web import certificate

if TYPE_CHECKING:
    from pathlib import Path

    from commandline import Run, Spawn

pytestmark = pytest.mark.usefixtures("settled")


def test_the_audit_is_narrowed_and_exported(plumbline: Run, lab: str) -> None:
    plumbline("connection", "edit", lab, "--pause")
    (one,) = plumbline("audit", "--action", "PAUSE", "--json").data
    assert (one["action"], one["subject"]) == ("pause", lab)
    assert plumbline("audit", "--subject", "nothing", "--json").data == []
    assert plumbline("audit", "--until", "2001-01-01", "--json").data == []
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    told = plumbline("audit", "--since", today, "--until", today, "--format", "csv", "--all")
    first, *rest = told.out.splitlines()
    assert first == "id,at,who,action,subject,detail"
    assert [line.split(",")[3] for line in rest] == ["add", "pause"]
    assert audit.listing(1)[0].action == "export audit"
    lines = plumbline("audit", "--limit", "1", "--format", "jsonl").out.splitlines()
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("audit", "--since", "yesterday"), "is no time"),
        (("audit", "--json", "--format", "csv"), "exclude each other"),
        (("deadlines", "set"), "No deadline was given"),
        (("deadlines", "set", "--critical", "40"), "more time than a lesser one"),
        (("deadlines", "set", "--low", "0"), "--low"),
    ],
)
def test_what_cannot_be_is_told(plumbline: Run, words: tuple[str, ...], told: str) -> None:
    found = plumbline(*words)
    assert found.code == 2
    assert told in found.err


def test_deadlines_are_set_and_reset(plumbline: Run) -> None:
    found = plumbline("deadlines", "set", "--critical", "7", "--low", "120", "--json").data
    assert found["days"] == {"critical": 7, "high": 30, "medium": 90, "low": 120}
    assert plumbline("deadlines", "show", "--json").data == found
    assert plumbline("deadlines", "reset", "--json").data["days"]["critical"] == 15
    assert {act.action for act in audit.listing(2)} == {"set deadlines", "reset deadlines"}


def test_a_token_is_made_shown_once_and_revoked(spawn: Spawn) -> None:
    """Each command is a process of its own: the site's settings are those of the process."""
    assert spawn("user", "add", "ada", "--role", "analyst").code == 0
    made = spawn("token", "make", "ada", "a scanner", "--sees", "lab")
    assert made.code == 0, made.err
    text = made.out.strip()
    assert text.startswith("plumb_")
    assert text not in made.err
    told = spawn("token", "list", "ada", "--json")
    (one,) = told.data
    assert (one["name"], one["role"], one["sees"]) == ("a scanner", "viewer", ["lab"])
    assert text not in told.out
    assert spawn("token", "revoke", str(one["number"])).code == 0
    again = spawn("token", "revoke", str(one["number"]))
    assert (again.code, "no token" in again.err) == (2, True)
    beyond = spawn("token", "make", "ada", "more", "--role", "admin")
    assert (beyond.code, "could do more than ada" in beyond.err) == (2, True)


def test_a_token_takes_the_factor_that_is_demanded(spawn: Spawn, home: Path) -> None:
    assert spawn("user", "add", "ada").code == 0
    (home / "plumbline.toml").write_text('second_factor = "all"\n')
    found = spawn("token", "make", "ada", "a scanner")
    assert (found.code, found.out) == (2, "")
    assert "no second factor" in found.err


def seen(home: Path, **told: str) -> dict[str, tuple[Health, str]]:
    settings = Settings(home=home, **told)  # type: ignore[arg-type] # texts alone
    return {sign.part: (sign.health, sign.finding) for sign in site.signs(settings)}


def test_the_sites_own_certificate_is_well(tmp_path: Path) -> None:
    assert "will be made" in seen(tmp_path)["site certificate"][1]
    certificate.own(tmp_path, ["localhost"])
    health, finding = seen(tmp_path)["site certificate"]
    assert health is Health.OK
    assert "its own" in finding


def test_a_certificate_that_cannot_serve_is_told(tmp_path: Path) -> None:
    pair = certificate.own(tmp_path, ["localhost"])
    pair.key.chmod(0o644)
    assert seen(tmp_path)["site certificate"][0] is Health.WARN
    other = certificate.own(tmp_path / "other", ["localhost"])
    pair.key.write_bytes(other.key.read_bytes())
    assert seen(tmp_path)["site certificate"][0] is Health.FAIL
    pair.certificate.write_text("no certificate")
    assert seen(tmp_path)["site certificate"][0] is Health.FAIL
    pair.certificate.unlink()
    assert "stands alone" in seen(tmp_path)["site certificate"][1]


@pytest.mark.parametrize(
    ("days", "health"), [(-1, Health.FAIL), (10, Health.WARN), (90, Health.OK)]
)
def test_somebodys_certificate_ends(days: int, health: Health) -> None:
    ends = datetime.now(UTC) + timedelta(days=days)
    assert site._lasting(ends, is_own=False).health is health


@pytest.mark.parametrize(
    ("told", "part", "health"),
    [
        ({"web_hosts": "https://plumb.example"}, "site settings", Health.FAIL),
        ({"web_hosts": "plumb.example"}, "site settings", Health.OK),
        ({"web_hosts": "*"}, "site settings", Health.WARN),
        ({"oidc_url": "https://login.example"}, "OpenID Connect", Health.FAIL),
        (
            {"oidc_url": "https://login.example", "oidc_client_id": "p"},
            "OpenID Connect",
            Health.WARN,
        ),
        (
            {"oidc_url": "https://a.example", "oidc_client_id": "p", "oidc_client_secret": "s"},
            "OpenID Connect",
            Health.OK,
        ),
    ],
)
def test_settings_of_the_site_fit(
    tmp_path: Path, told: dict[str, str], part: str, health: Health
) -> None:
    assert seen(tmp_path, **told)[part][0] is health

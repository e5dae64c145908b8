"""Each prerequisite, met and missed."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest
from scripted import KEYS, Ledger, Play, Scripted, answer, html, no, ok, severities

from certificates import Identity, make_identity
from plumbline.console.preflight import Check, Name, Verdict, preflight
from plumbline.domain.connection import Address, Connection, Scope, Trust, TrustKind

pytestmark = pytest.mark.network

SYSTEM = ok({"version": "6.6.0", "buildID": "1"})
USER: dict[str, Any] = {
    "id": "7",
    "username": "plumb",
    "locked": "false",
    "mustChangePassword": "false",
    "role": {"id": "7", "name": "Auditor"},
    "group": {"id": "0", "name": "Full Access"},
    "organization": {"id": "1", "name": "Example"},
}
REPOSITORIES = ok([{"id": "1", "name": "Default", "vulnCount": "15", "lastVulnUpdate": "1"}])
COUNTS = severities(1, 2, 3, 4, 5)
LISTS = ok({"usable": [{"id": "3", "name": "Windows"}]})
SEEN = (REPOSITORIES, COUNTS, LISTS, COUNTS)
NEEDS_USER = (Name.ORGANISATION, Name.ROLE, Name.GROUP)
NEEDS_DATA = (Name.REPOSITORIES, Name.ANALYSIS, Name.ASSET_LISTS, Name.TIME_FILTER)


def run(server: Scripted, connection: Connection | None = None) -> dict[Name, Check]:
    found = preflight(
        connection or server.connection(retries=0), KEYS, Ledger(), sleep=lambda _: None
    )
    return {check.name: check for check in found}


def play(*plays: Play) -> dict[Name, Check]:
    with Scripted(*plays) as server:
        return run(server)


def user(**changes: Any) -> Play:
    return ok(USER | changes)


def verdicts(checks: dict[Name, Check], *names: Name) -> set[Verdict]:
    return {checks[name].verdict for name in names}


def test_a_console_in_order_passes_everything_but_plain_http() -> None:
    checks = play(SYSTEM, user(), *SEEN)
    assert list(checks) == list(Name)
    odd = {name for name, check in checks.items() if check.verdict is not Verdict.PASS}
    assert odd == {Name.TLS, Name.CLOCK}
    assert "plain http" in checks[Name.TLS].finding
    assert checks[Name.REPOSITORIES].finding == "1 visible: Default (15)"
    assert checks[Name.ANALYSIS].finding == "1 critical, 2 high, 3 medium, 4 low, 5 info"
    assert checks[Name.ASSET_LISTS].finding == "1 usable"


def test_whatever_does_not_pass_tells_the_cause_and_failures_tell_the_remedy() -> None:
    cases = [play(SYSTEM, no(403, 74)), play(html(502)), play(SYSTEM, user(locked="true"))]
    for check in (check for case in cases for check in case.values()):
        if check.verdict is Verdict.FAIL:
            assert check.cause
            assert check.remedy
        if check.verdict is Verdict.SKIP:
            assert check.finding.startswith("needs ")


def test_strangers_are_asked_for_the_version_first_and_without_keys() -> None:
    with Scripted(SYSTEM, user(), *SEEN) as server:
        run(server)
        first, second = server.asked[:2]
    assert (first.target, "x-apikey" in first.headers) == ("/rest/system", False)
    assert second.target.startswith("/rest/currentUser?")
    assert "x-apikey" in second.headers


def test_an_unknown_name_stops_everything_behind_it() -> None:
    connection = Connection(name="lab", address=Address(url="https://nowhere.invalid"))
    checks = {check.name: check for check in preflight(connection, KEYS, Ledger())}
    assert checks[Name.RESOLUTION].verdict is Verdict.FAIL
    rest = [name for name in Name if name not in {Name.ADDRESS, Name.RESOLUTION}]
    assert verdicts(checks, *rest) == {Verdict.SKIP}


def test_a_broken_address_stops_everything() -> None:
    connection = Connection(name="lab", address=Address(url="http://console.example.test"))
    checks = {check.name: check for check in preflight(connection, KEYS, Ledger())}
    assert checks[Name.ADDRESS].verdict is Verdict.FAIL
    assert verdicts(checks, *list(Name)[1:]) == {Verdict.SKIP}


def test_a_closed_port_is_told_from_an_unknown_name() -> None:
    with Scripted() as server:
        connection = server.connection()
    checks = {check.name: check for check in preflight(connection, KEYS, Ledger())}
    assert checks[Name.RESOLUTION].verdict is Verdict.PASS
    assert checks[Name.TCP].verdict is Verdict.FAIL
    assert "Nothing listens" in checks[Name.TCP].cause
    assert checks[Name.TLS].finding == "needs tcp"


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls") / "console.pem")


def tls(identity: Identity, trust: Trust, *plays: Play) -> dict[Name, Check]:
    with Scripted(*plays, tls=identity.server) as server:
        return run(server, server.connection(trust, retries=0))


def test_a_certificate_not_trusted_shows_the_fingerprint_to_compare(identity: Identity) -> None:
    checks = tls(identity, Trust())
    assert checks[Name.TLS].verdict is Verdict.FAIL
    assert "issued by itself" in checks[Name.TLS].finding
    assert f"--fingerprint {identity.sha256}" in checks[Name.TLS].remedy
    assert verdicts(checks, Name.VERSION, Name.KEYS, *NEEDS_DATA) == {Verdict.SKIP}


def test_a_pinned_certificate_passes(identity: Identity) -> None:
    pin = Trust(kind=TrustKind.FINGERPRINT, value=identity.sha256)
    checks = tls(identity, pin, SYSTEM, user(), *SEEN)
    assert checks[Name.TLS].verdict is Verdict.PASS
    assert verdicts(checks, Name.VERSION, *NEEDS_DATA) == {Verdict.PASS}


def test_trusting_anyone_is_a_warning_with_the_way_out(identity: Identity) -> None:
    checks = tls(identity, Trust(kind=TrustKind.INSECURE), SYSTEM, user(), *SEEN)
    assert checks[Name.TLS].verdict is Verdict.WARN
    assert identity.sha256 in checks[Name.TLS].remedy


def test_a_certificate_that_ends_soon_is_a_warning(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    soon = make_identity(tmp_path_factory.mktemp("tls") / "soon.pem", days=9)
    checks = tls(soon, Trust(kind=TrustKind.CA_FILE, value=str(soon.path)), SYSTEM, user(), *SEEN)
    assert checks[Name.TLS].verdict is Verdict.WARN
    assert "ends in 9 days" in checks[Name.TLS].finding


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("6.6.0", Verdict.PASS),
        ("6.6.3", Verdict.PASS),
        ("5.13.0", Verdict.WARN),
        ("5.23.1", Verdict.WARN),
        ("6.8.0", Verdict.WARN),
        ("6.9.0", Verdict.WARN),
        ("7.0.0", Verdict.WARN),
        ("5.12.9", Verdict.FAIL),
        ("4.8.2", Verdict.FAIL),
    ],
)
def test_versions_are_supported_tolerated_or_refused(version: str, verdict: Verdict) -> None:
    checks = play(ok({"version": version}, headers={"SecurityCenter": version}), user(), *SEEN)
    assert checks[Name.VERSION].verdict is verdict
    skipped = checks[Name.KEYS].verdict is Verdict.SKIP
    assert skipped is (verdict is Verdict.FAIL)


def test_a_version_hidden_from_strangers_is_read_from_the_header_of_the_refusal() -> None:
    checks = play(no(403, 0), user(), *SEEN)
    assert checks[Name.VERSION].verdict is Verdict.PASS
    assert "6.6.0" in checks[Name.VERSION].finding


def test_a_version_hidden_altogether_is_asked_with_the_keys() -> None:
    hidden = no(403, 0, headers={"SecurityCenter": ""})
    with Scripted(hidden, SYSTEM, user(), *SEEN) as server:
        checks = run(server)
        assert "x-apikey" in server.asked[1].headers
    assert checks[Name.VERSION].verdict is Verdict.PASS


def test_a_version_nobody_may_see_does_not_stop_the_rest() -> None:
    hidden = no(403, 0, headers={"SecurityCenter": ""})
    checks = play(hidden, hidden, user(), *SEEN)
    assert checks[Name.VERSION].verdict is Verdict.WARN
    assert checks[Name.KEYS].verdict is Verdict.PASS


def test_something_else_than_a_console_is_named() -> None:
    gateway = Play(pieces=(answer("", 302, headers={"Location": "https://sso.test/login"}),))
    checks = play(gateway)
    assert checks[Name.VERSION].verdict is Verdict.FAIL
    assert "https://sso.test/login" in checks[Name.VERSION].finding


@pytest.mark.parametrize(
    ("refusal", "enabled", "accepted"),
    [
        (no(400, 9, "API keys are not allowed"), Verdict.FAIL, Verdict.SKIP),
        (no(400), Verdict.WARN, Verdict.FAIL),
        (html(400), Verdict.WARN, Verdict.FAIL),
        (no(403, 12, "This request contains an invalid token."), Verdict.WARN, Verdict.FAIL),
        (no(403, 74), Verdict.PASS, Verdict.FAIL),
        (no(403, 0, kind="text/html; charset=UTF-8"), Verdict.PASS, Verdict.FAIL),
        (no(401), Verdict.PASS, Verdict.FAIL),
    ],
)
def test_keys_switched_off_are_told_from_keys_that_are_wrong(
    refusal: Play, enabled: Verdict, accepted: Verdict
) -> None:
    checks = play(SYSTEM, refusal)
    assert checks[Name.API_KEYS].verdict is enabled
    assert checks[Name.KEYS].verdict is accepted
    assert verdicts(checks, Name.ACCOUNT, *NEEDS_USER, *NEEDS_DATA) == {Verdict.SKIP}
    if enabled is not Verdict.PASS:
        assert "Allow API Keys" in checks[Name.API_KEYS].remedy


@pytest.mark.parametrize(
    "shown", [user(locked="true"), no(403, 74, "User account is locked"), no(403, 9, "user locked")]
)
def test_a_locked_account_is_the_account_and_not_the_keys(shown: Play) -> None:
    checks = play(SYSTEM, shown)
    assert checks[Name.KEYS].verdict in {Verdict.PASS, Verdict.WARN}
    assert checks[Name.ACCOUNT].verdict is Verdict.FAIL
    assert "unlock" in checks[Name.ACCOUNT].remedy
    assert verdicts(checks, *NEEDS_USER) == {Verdict.SKIP}


@pytest.mark.parametrize(
    "changes",
    [
        {"mustChangePassword": "true"},
        {"passwordExpires": "true", "passwordExpiration": "1500000000"},
    ],
)
def test_a_password_that_has_to_change_is_a_warning(changes: dict[str, str]) -> None:
    checks = play(SYSTEM, user(**changes), *SEEN)
    assert checks[Name.ACCOUNT].verdict is Verdict.WARN
    assert verdicts(checks, *NEEDS_DATA) == {Verdict.PASS}


def test_an_administrator_is_told_which_role_and_group_to_use() -> None:
    checks = play(
        SYSTEM,
        user(
            role={"id": "1", "name": "Administrator"},
            organization={"id": 0, "name": "Administration"},
            group={"id": -1},
        ),
    )
    check = checks[Name.ORGANISATION]
    assert check.verdict is Verdict.FAIL
    assert "no organisation" in check.cause
    assert "Auditor or Vulnerability Analyst" in check.remedy
    assert "Full Access" in check.remedy
    assert verdicts(checks, Name.ROLE, *NEEDS_DATA) == {Verdict.SKIP}


@pytest.mark.parametrize(
    ("role", "verdict"),
    [
        ("2", Verdict.WARN),
        ("3", Verdict.WARN),
        ("4", Verdict.PASS),
        ("5", Verdict.PASS),
        ("7", Verdict.PASS),
        ("1000001", Verdict.PASS),
    ],
)
def test_powerful_roles_are_warned_of(role: str, verdict: Verdict) -> None:
    checks = play(SYSTEM, user(role={"id": role, "name": "x"}), *SEEN)
    assert checks[Name.ROLE].verdict is verdict


def test_a_narrow_group_is_a_warning_and_no_error() -> None:
    checks = play(SYSTEM, user(group={"id": "4", "name": "Branch"}), *SEEN)
    assert checks[Name.GROUP].verdict is Verdict.WARN
    assert verdicts(checks, *NEEDS_DATA) == {Verdict.PASS}


def test_no_repository_fails() -> None:
    checks = play(SYSTEM, user(), ok([]), COUNTS, LISTS, COUNTS)
    assert checks[Name.REPOSITORIES].verdict is Verdict.FAIL
    assert checks[Name.REPOSITORIES].remedy


def test_a_repository_of_the_connection_out_of_sight_fails() -> None:
    with Scripted(SYSTEM, user(), *SEEN) as server:
        connection = replace(server.connection(retries=0), scope=Scope(repositories=(1, 9)))
        checks = run(server, connection)
    assert checks[Name.REPOSITORIES].verdict is Verdict.FAIL
    assert "asks for 9," in checks[Name.REPOSITORIES].cause


def test_an_analysis_refused_stops_the_time_filter_only() -> None:
    checks = play(SYSTEM, user(), REPOSITORIES, no(403, 1, "No access to this"), LISTS)
    assert checks[Name.ANALYSIS].verdict is Verdict.FAIL
    assert checks[Name.TIME_FILTER].finding == "needs analysis"
    assert checks[Name.ASSET_LISTS].verdict is Verdict.PASS


def test_no_finding_in_sight_is_a_warning() -> None:
    nothing = severities(0, 0, 0, 0, 0)
    checks = play(SYSTEM, user(), REPOSITORIES, nothing, LISTS, nothing, nothing)
    assert checks[Name.ANALYSIS].verdict is Verdict.WARN


def test_no_asset_list_is_a_warning() -> None:
    checks = play(SYSTEM, user(), REPOSITORIES, COUNTS, ok({"usable": []}), COUNTS)
    assert checks[Name.ASSET_LISTS].verdict is Verdict.WARN


def test_a_console_that_knows_days_only_is_a_warning() -> None:
    checks = play(SYSTEM, user(), REPOSITORIES, COUNTS, LISTS, no(403, 146, "End day must be"))
    assert checks[Name.TIME_FILTER].verdict is Verdict.WARN
    assert "days" in checks[Name.TIME_FILTER].cause


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [(0, Verdict.PASS), (200, Verdict.PASS), (3600, Verdict.WARN), (-3600, Verdict.WARN)],
)
def test_clocks_apart_by_more_than_five_minutes_are_a_warning(ahead: int, verdict: Verdict) -> None:
    dated = ok({"version": "6.6.0"}, headers={"Date": formatdate(time.time() + ahead, usegmt=True)})
    checks = play(dated, user(), *SEEN)
    assert checks[Name.CLOCK].verdict is verdict


def test_checks_come_one_by_one() -> None:
    with Scripted() as server:
        found = preflight(server.connection(), KEYS, Ledger())
        assert next(iter(found)).name is Name.ADDRESS
        assert server.asked == []
        found.close()  # type: ignore[attr-defined]

"""Asset lists, client certificates and versions: from a connection to its snapshot."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from certificates import Authority
from plumbline.console.check import Name, Verdict
from plumbline.console.client_certificate import read_client_certificate
from plumbline.console.preflight import preflight
from plumbline.domain.connection import ListFilter, ListRequest, Scope, Trust, TrustKind
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.severity import Severity
from plumbline.ledger import connections, requests
from plumbline.sync.memory import mark_of_scope

if TYPE_CHECKING:
    from lab import Lab, MakeLab

pytestmark = pytest.mark.network


def choose(*fields: str, filters: tuple[ListFilter, ...] = ()) -> None:
    wanted = ListRequest(filters=filters or ListRequest().filters, fields=fields)
    connections.edit(replace(connections.get("lab"), lists=wanted))


def extras(lab: Lab) -> dict[int, dict[str, Any]]:
    rows = lab.ask("SELECT list_id, extra FROM asset_lists")
    return {number: json.loads(extra or "{}") for number, extra in rows}


def test_further_fields_of_asset_lists_are_kept_and_can_be_seen(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.sync()
    assert not any("canUse" in extra for extra in extras(lab).values())
    choose("canUse", "canManage", "assetDataFields")
    report = lab.sync()
    assert report.run.mode is RunMode.INCREMENTAL
    assert report.run.state is RunState.COMPLETE
    found = extras(lab)
    assert found
    for extra in found.values():
        assert (extra["canUse"], extra["canManage"]) == ("true", "true")
        assert extra["assetDataFields"] == []


def test_an_unchanged_console_with_further_fields_is_not_read_again(make_lab: MakeLab) -> None:
    lab = make_lab()
    choose("canUse")
    lab.sync()
    before = len(lab.emulator.requests)
    lab.sync()
    again = [one.summary for one in list(lab.emulator.requests)[before:]]
    assert not any("vulndetails" in one for one in again)


def test_addresses_asked_for_over_all_lists_make_the_same_members(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.sync()
    members = "SELECT list_id, count(*) FROM memberships GROUP BY 1 ORDER BY 1"
    before = lab.ask(members)
    choose("viewableIPs")
    sent = len(lab.emulator.requests)
    assert lab.sync().error is None
    assert lab.ask(members) == before
    paths = [one.path for one in list(lab.emulator.requests)[sent:]]
    assert not any(path.startswith("/rest/asset/") for path in paths)


@pytest.mark.parametrize(
    ("filters", "holds_all_defined", "holds_watchlists"),
    [
        (ListRequest().filters, False, True),
        ((ListFilter.USABLE,), True, True),
        ((ListFilter.MANAGEABLE,), False, True),
        ((ListFilter.USABLE, ListFilter.MANAGEABLE), True, True),
        ((ListFilter.EXCLUDE_WATCHLISTS,), True, False),
        ((ListFilter.EXCLUDE_WATCHLISTS, ListFilter.EXCLUDE_ALL_DEFINED), False, False),
    ],
)
def test_the_lists_that_the_filter_lets_through_are_read(
    make_lab: MakeLab,
    filters: tuple[ListFilter, ...],
    *,
    holds_all_defined: bool,
    holds_watchlists: bool,
) -> None:
    lab = make_lab()
    choose(filters=filters)
    report = lab.sync()
    assert report.error is None, report.error
    kinds = dict(lab.ask("SELECT list_id, type FROM asset_lists"))
    assert (0 in kinds) is holds_all_defined
    there = {one.kind for one in lab.emulator.estate.view.lists}
    assert any(kind.startswith("watchlist") for kind in there)
    assert any(kind.startswith("watchlist") for kind in kinds.values()) is holds_watchlists


def test_the_mark_of_a_scope_without_exclusions_stays_what_it_was() -> None:
    """Another mark would make every lake that is out there be read anew once."""
    assert mark_of_scope(Scope()) == "92bb5f266833f7cb"
    narrow = Scope(
        repositories=(1, 2),
        severities=(Severity.CRITICAL, Severity.HIGH),
        asset_lists=(4,),
        families=(5,),
        look_back_days=30,
        was=Scope().was.__class__.INCLUDE,
    )
    assert mark_of_scope(narrow) == "9e3fa21198ed452d"
    assert mark_of_scope(Scope(exclude_families=(1,))) != mark_of_scope(Scope())


def test_a_console_behind_mutual_tls_is_read_from_end_to_end(make_lab: MakeLab) -> None:
    authority = Authority.made()
    lab = make_lab(clients=authority.pem)
    trust = Trust(kind=TrustKind.FINGERPRINT, value=lab.emulator.fingerprint)
    found = connections.get("lab")
    bare = replace(found, address=replace(found.address, trust=trust))
    connections.edit(bare)
    report = lab.sync()
    assert report.error is not None
    assert "demands a client certificate" in report.error.what
    assert report.error.exit_code == 5
    stranger = Authority.made("somebody else").client()
    wrong = read_client_certificate(stranger.certificate, stranger.key)
    connections.edit(replace(bare, address=replace(bare.address, client=wrong)))
    report = lab.sync()
    assert report.error is not None
    assert "refuses the client certificate" in report.error.what
    mine = authority.client()
    client = read_client_certificate(mine.certificate, mine.key)
    connections.edit(replace(bare, address=replace(bare.address, client=client)))
    report = lab.sync()
    assert report.error is None, report.error
    assert report.run.state is RunState.COMPLETE
    assert lab.shown() == lab.truth()


VERSIONS = {
    "old-version:6.6.0": Verdict.PASS,
    "old-version:5.13.0": Verdict.WARN,
    "old-version:7.2.0": Verdict.WARN,
    "old-version:5.12.9": Verdict.FAIL,
    "old-version:banana": Verdict.WARN,
    "no-version": Verdict.WARN,
    "no-version:header": Verdict.PASS,
    "no-version:system": Verdict.PASS,
}


@pytest.mark.parametrize("fault", VERSIONS)
def test_the_connection_test_and_a_run_judge_a_version_alike(make_lab: MakeLab, fault: str) -> None:
    lab = make_lab(fault)
    connection, keys = connections.get("lab"), connections.get_keys("lab")
    with requests.Log(None) as log:
        checks = {one.name: one for one in preflight(connection, keys, log)}
    verdict = checks[Name.VERSION].verdict
    assert verdict is VERSIONS[fault]
    report = lab.sync()
    assert (report.error is not None) is (verdict is Verdict.FAIL)
    unknown = "tells no version" in checks[Name.VERSION].finding
    assert unknown is any("tells no version" in text for text in report.warnings)


@pytest.mark.parametrize("place", ["header", "system"])
def test_an_old_console_that_tells_it_in_one_place_only_is_refused_by_both(
    make_lab: MakeLab, place: str
) -> None:
    lab = make_lab("old-version:5.8.0", f"no-version:{place}")
    connection, keys = connections.get("lab"), connections.get_keys("lab")
    with requests.Log(None) as log:
        checks = {one.name: one for one in preflight(connection, keys, log)}
    assert checks[Name.VERSION].verdict is Verdict.FAIL
    report = lab.sync()
    assert report.error is not None
    assert "5.8.0 is too old" in report.error.what

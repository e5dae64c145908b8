"""What a connection excludes is not read, everything else is, and both sides count the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest
from lab import fact_of

from plumbline.domain.connection import PluginType
from plumbline.domain.finding import Source
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.severity import Severity
from plumbline.emulator.estate import Estate

if TYPE_CHECKING:
    from lab import Lab, MakeLab

pytestmark = pytest.mark.network

Keep = Callable[[dict[str, Any]], bool]
GONE = ("vanished", "out_of_sight")


def outside(*blocks: str) -> Keep:
    networks = [ip_network(block) for block in blocks]
    return lambda row: not any(ip_address(row["ip"]) in network for network in networks)


def family(row: dict[str, Any]) -> int:
    return int(row["family"]["id"])


CASES: dict[str, tuple[dict[str, Any], Keep]] = {
    "a repository": (
        {"exclude_repositories": (2,)},
        lambda row: row["repository"]["id"] != "2",
    ),
    "a repository among those included": (
        {"repositories": (1, 2, 3), "exclude_repositories": (2,)},
        lambda row: row["repository"]["id"] in {"1", "3"},
    ),
    "a family": ({"exclude_families": (30, 24)}, lambda row: family(row) not in {30, 24}),
    "a family that is not there": ({"exclude_families": (999_999,)}, lambda _row: True),
    "the family of compliance": ({"exclude_families": (0,)}, lambda row: family(row) != 0),
    "families among those included": (
        {"families": (30, 24, 11), "exclude_families": (24,)},
        lambda row: family(row) in {30, 11},
    ),
    "a plugin type": (
        {"exclude_plugin_types": (PluginType.COMPLIANCE,)},
        lambda row: row["family"]["type"] != "compliance",
    ),
    "all plugin types but one": (
        {"exclude_plugin_types": (PluginType.ACTIVE, PluginType.LCE, PluginType.COMPLIANCE)},
        lambda row: row["family"]["type"] == "passive",
    ),
    "addresses": (
        {"exclude_addresses": ("10.10.0.0/16", "10.20.0.1-10.20.0.9", "2001:db8::/32")},
        outside("10.10.0.0/16", "10.20.0.0/29", "10.20.0.8/31", "2001:db8::/32"),
    ),
    "everything at once": (
        {
            "exclude_repositories": (1,),
            "exclude_families": (24, 0),
            "exclude_plugin_types": (PluginType.PASSIVE,),
            "exclude_addresses": ("10.20.0.0/16",),
            "severities": (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW),
        },
        lambda row: (
            row["repository"]["id"] != "1"
            and family(row) not in {0, 24}
            and row["family"]["type"] != "passive"
            and outside("10.20.0.0/16")(row)
            and row["severity"]["id"] != "0"
        ),
    ),
}


def truth(lab: Lab, keep: Keep, *sources: Source) -> Counter[Any]:
    estate = lab.emulator.estate
    rows = ((source, row) for source in sources or tuple(Source) for row in estate.rows(source))
    return Counter(fact_of(source, row) for source, row in rows if keep(row))


def asked(lab: Lab) -> list[str]:
    return [one.summary for one in lab.emulator.requests if one.path == "/rest/analysis"]


@pytest.mark.parametrize("case", CASES)
def test_what_is_excluded_is_not_read_and_everything_else_is(make_lab: MakeLab, case: str) -> None:
    scope, keep = CASES[case]
    lab = make_lab(estate=Estate.generated(hosts=14, seed=3, findings_per_host=20), **scope)
    assert len(truth(lab, keep)) < len(truth(lab, lambda _row: True)) or "not there" in case
    report = lab.sync()
    assert report.error is None, report.error
    assert report.run.state is RunState.COMPLETE
    assert lab.shown() == truth(lab, keep)
    assert all(proof.agrees for proof in report.proofs)
    assert sum(proof.console for proof in report.proofs) == truth(lab, keep).total()


@pytest.mark.parametrize("case", ["a family", "addresses", "everything at once"])
def test_an_increment_equals_a_full_run(make_lab: MakeLab, case: str) -> None:
    scope, keep = CASES[case]
    estate = Estate.generated(hosts=10, seed=3, findings_per_host=20)
    lab = make_lab(estate=estate, **scope)
    lab.settings = replace(lab.settings, whole_below=0)
    lab.sync()
    for _ in range(2):
        estate.evolve(1)
        report = lab.sync()
        assert report.run.mode is RunMode.INCREMENTAL
        assert report.error is None, report.error
        assert lab.shown("open", "reopened", "accepted", "fixed") == truth(lab, keep)


def test_a_connection_that_excludes_more_has_less_in_sight_and_nothing_vanished(
    make_lab: MakeLab,
) -> None:
    lab = make_lab(estate=Estate.generated(hosts=10, seed=3, findings_per_host=20))
    lab.sync()
    for scope, keep in CASES.values():
        lab.change(**scope)
        report = lab.sync()
        assert report.run.mode is RunMode.FULL
        assert report.error is None, report.error
        standing = lab.shown("open", "reopened", "accepted")
        assert standing == truth(lab, keep, Source.CUMULATIVE)
    assert lab.ask("SELECT count(*) FROM findings WHERE state = 'vanished'") == [(0,)]
    assert lab.ask("SELECT count(*) > 0 FROM findings WHERE state = 'out_of_sight'") == [(True,)]


def test_excluded_addresses_are_never_asked_for(make_lab: MakeLab) -> None:
    lab = make_lab(exclude_addresses=("10.10.0.0/16",))
    lab.sync()
    pages = [text for text in asked(lab) if "vulndetails" in text]
    assert pages
    assert all("0.0.0.0-10.9.255.255,10.11.0.0-255.255.255.255,::/0" in text for text in pages)

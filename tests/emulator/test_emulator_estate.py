"""The invented estate: deterministic, skewed like real ones, and moved on by days."""

from __future__ import annotations

import json
import time
from collections import Counter
from ipaddress import ip_address

import pytest
from asking import key
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.emulator import Estate
from rounds import rounds

NOW = 1_790_000_000 // 86_400 * 86_400


def test_the_same_arguments_give_the_same_estate() -> None:
    one, two = (Estate.generated(hosts=8, seed=4, now=NOW) for _ in range(2))
    other = Estate.generated(hosts=8, seed=5, now=NOW)
    for source in ("cumulative", "patched"):
        assert list(one.rows(source)) == list(two.rows(source))
    assert list(one.rows()) != list(other.rows())


def test_a_small_estate_is_made_in_a_moment() -> None:
    Estate.generated(hosts=1)
    before = time.process_time()
    Estate.generated(hosts=5)
    assert time.process_time() - before < 0.5


@settings(max_examples=rounds(6, soak=12), deadline=None)
@given(hosts=st.integers(1, 40), seed=st.integers(0, 99), each=st.integers(5, 60))
def test_any_estate_has_the_findings_asked_for_each_with_its_own_key(
    hosts: int, seed: int, each: int
) -> None:
    estate = Estate.generated(hosts=hosts, seed=seed, findings_per_host=each)
    network = list(estate.rows(was=False))
    assert len(network) == hosts * each
    for source in ("cumulative", "patched"):
        rows = list(estate.rows(source))
        assert len({key(row) for row in rows}) == len(rows)
        counted = Counter((int(r["repository"]["id"]), int(r["severity"]["id"])) for r in rows)
        assert counted == estate.counts(source)
    opened, mitigated = ({key(row) for row in estate.rows(s)} for s in ("cumulative", "patched"))
    assert not opened & mitigated


def test_most_findings_inform_and_rows_weigh_as_much_as_real_ones() -> None:
    rows = list(Estate.generated(hosts=60, seed=2).rows(was=False))
    share = sum(row["severity"]["id"] == "0" for row in rows) / len(rows)
    assert 0.65 < share < 0.8
    weights = sorted(len(json.dumps(row)) for row in rows)
    assert 3_000 < weights[len(weights) // 2] < 5_500
    assert weights[-1] > 1_000_000
    assert len({row["pluginID"] for row in rows}) <= 3_000


def test_it_holds_what_a_client_must_cope_with() -> None:
    estate = Estate.generated(hosts=60, seed=2)
    rows = list(estate.rows())
    assert {r["repository"]["dataFormat"] for r in rows} == {"IPv4", "IPv6", "agent", "universal"}
    assert {r["hostUniqueness"] for r in rows} == {
        *("repositoryID,ip,dnsName", "repositoryID,uuid", "repositoryID,hostUUID")
    }
    for name in ("acceptRisk", "recastRisk", "hasBeenMitigated"):
        assert {r[name] for r in rows} == {"0", "1"}
    assert {type(r["vprContext"]) for r in rows} == {str, list}
    assert {"", "[]"} <= {r["vprContext"] for r in rows if isinstance(r["vprContext"], str)}
    assert any("<br/>" in r["cpe"] for r in rows)
    assert any("CISA-KNOWN-EXPLOITED #" in r["xref"] for r in rows)
    assert any(r["family"]["id"] == "0" and "<cm:compliance" in r["pluginText"] for r in rows)
    assert any(r["port"] == "0" for r in rows)
    assert any("\x00" in r["pluginText"] or "\u202e" in r["pluginText"] for r in rows)
    assert {"-1"} <= {r["seolDate"] for r in rows} & {r["patchPubDate"] for r in rows}
    assert "" in {r["assetExposureScore"] for r in rows} & {r["dnsName"] for r in rows}
    assert all(r["vulnUUID"] for r in rows if r["repository"]["dataFormat"] == "universal")
    assert all(not r["vulnUUID"] for r in rows if r["repository"]["dataFormat"] == "IPv4")
    recast = [r for r in rows if r["recastRisk"] == "1"]
    words = ["None", "Low", "Medium", "High", "Critical"]
    assert all(int(r["severity"]["id"]) < words.index(r["riskFactor"]) for r in recast)


def test_addresses_repeat_across_repositories_and_machines_are_seen_twice() -> None:
    hosts = Estate.generated(hosts=60, seed=2).view.stock.hosts.items
    names: dict[str, set[str]] = {}
    for host in hosts:
        names.setdefault(host.ip, set()).add(host.dns)
    assert any(len(found) > 1 for found in names.values())
    by_uuid = Counter(h.host_uuid for h in hosts if h.host_uuid)
    assert max(by_uuid.values()) > 1
    twice = Counter((h.dns, h.ip) for h in hosts if h.dns)
    assert max(twice.values()) > 1
    moved: dict[tuple[int, str], set[str]] = {}
    for host in hosts:
        moved.setdefault((host.repository.id, host.dns), set()).add(host.ip)
    assert any(len(found) > 1 for (_, dns), found in moved.items() if dns)
    assert {ip_address(host.ip).version for host in hosts} == {4, 6}


@pytest.mark.parametrize("hosts", [5, 30])
def test_days_bring_every_kind_of_change_to_scanned_repositories_only(hosts: int) -> None:
    estate = Estate.generated(hosts=hosts, seed=1, now=NOW)
    before = {key(row): row for row in estate.rows()}
    updated = dict(estate.view.updated)
    change = estate.evolve(1)
    after = {key(row): row for row in estate.rows()}
    patched = {key(row): row for row in estate.rows("patched")}
    kinds = (change.new, change.fixed, change.returned, change.vanished)
    assert min(*kinds, change.moved_hosts, change.new_hosts) > 0
    assert len([k for k in before if k not in after and k in patched]) >= change.fixed > 0
    assert len([k for k in before if k not in after and k not in patched]) == change.vanished
    returned = [
        row for k, row in after.items() if k not in before and row["hasBeenMitigated"] == "1"
    ]
    assert len(returned) == change.returned
    touched = {n for n, moment in estate.view.updated.items() if moment != updated[n]}
    assert touched == set(change.repositories)
    for row in (*before.values(), *after.values()):
        if int(row["repository"]["id"]) not in touched:
            assert before[key(row)] == after[key(row)]


def test_days_in_one_go_and_one_by_one_give_the_same_estate() -> None:
    one, two = (Estate.generated(hosts=10, seed=6, now=NOW) for _ in range(2))
    one.evolve(3)
    for _ in range(3):
        two.evolve(1)
    assert list(one.rows()) == list(two.rows())
    assert one.as_of == two.as_of == NOW + 3 * 86_400


def test_keys_stay_unique_as_days_pass() -> None:
    estate = Estate.generated(hosts=25, seed=9, now=NOW)
    for _ in range(6):
        estate.evolve(5)
        for source in ("cumulative", "patched"):
            rows = [key(row) for row in estate.rows(source)]
            assert len(set(rows)) == len(rows)


def test_a_view_taken_before_a_change_stays_whole() -> None:
    estate = Estate.generated(hosts=6)
    view = estate.view
    length = len(view.cumulative)
    estate.evolve(2)
    assert len(view.cumulative) == length
    assert estate.view is not view


def test_an_estate_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="one day or more"):
        Estate.generated(hosts=1).evolve(0)

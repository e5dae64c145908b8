"""The console's own record agrees with what it serves, whatever happens to it."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.emulator import Deed, Estate, Scenario
from plumbline.emulator.chronicle import Kind
from plumbline.emulator.rows import ACCEPT_COMMENT, RECAST_COMMENT
from rounds import rounds

if TYPE_CHECKING:
    from plumbline.emulator import Life

NOW = 1_790_000_000 // 86_400 * 86_400
DAY = 86_400
ALWAYS = dict.fromkeys(Deed, 0.8) | {Deed.REPOSITORY: 0.2, Deed.RETIRE: 0.3}


def small(seed: int = 3, hosts: int = 12) -> Estate:
    return Estate.generated(hosts=hosts, seed=seed, findings_per_host=15, now=NOW)


def agrees(estate: Estate) -> None:
    """Every row that is served stands in the chronicle as it is, and no other does."""
    told = {_key(one): one for one in estate.chronicle(happenings=False)}
    assert len(told) == len(estate.chronicle(happenings=False))
    served: set[tuple[Any, ...]] = set()
    for source in ("cumulative", "patched"):
        for row in estate.rows(source):
            life = told[_row_key(row)]
            served.add(_row_key(row))
            assert _stands(life) == _served(source, row)
    assert {key for key, one in told.items() if one.state != "gone"} == served


def _key(one: Life) -> tuple[Any, ...]:
    host = (one.repository, one.ip, one.dns, one.uuid, one.host_uuid)
    return (*host, one.plugin, one.port, one.protocol)


def _row_key(row: dict[str, Any]) -> tuple[Any, ...]:
    host = (int(row["repository"]["id"]), row["ip"], row["dnsName"], row["uuid"], row["hostUUID"])
    return (*host, int(row["pluginID"]), int(row["port"]), row["protocol"])


def _stands(one: Life) -> tuple[Any, ...]:
    marks = (one.severity, one.accepted or "", one.recast or "")
    return (one.state, *marks, one.first_seen, one.last_seen)


def _served(source: str, row: dict[str, Any]) -> tuple[Any, ...]:
    state = "reopened" if row["hasBeenMitigated"] == "1" else "open"
    state = "accepted" if row["acceptRisk"] == "1" else state
    marks = (int(row["severity"]["id"]), row["acceptRiskRuleComment"], row["recastRiskRuleComment"])
    times = (int(row["firstSeen"]), int(row["lastSeen"]))
    return ("fixed" if source == "patched" else state, *marks, *times)


@settings(max_examples=rounds(6, soak=12), deadline=None)
@given(seed=st.integers(0, 999), hosts=st.integers(2, 25))
def test_it_agrees_with_what_is_served_day_after_day(seed: int, hosts: int) -> None:
    estate = small(seed, hosts)
    scenario = Scenario(estate, seed=seed, chances=ALWAYS)
    for _ in range(6):
        scenario.day()
        agrees(estate)


def test_it_is_begun_with_what_is_there() -> None:
    estate = small()
    agrees(estate)
    marked = [one for one in estate.chronicle() if one.accepted is not None or one.recast]
    assert {one.accepted for one in marked} <= {None, ACCEPT_COMMENT}
    assert {one.recast for one in marked} <= {None, RECAST_COMMENT}


def test_mitigation_times_are_those_of_the_store() -> None:
    estate = small(hosts=25)
    estate.evolve(4)
    told = Counter(one.mitigated_at for one in estate.chronicle() if one.state == "fixed")
    assert told == Counter(estate.view.patched.mitigated.tolist())


def test_happenings_make_up_the_state_they_are_told_beside() -> None:
    estate = small(hosts=20)
    scenario = Scenario(estate, seed=8, chances=ALWAYS)
    for _ in range(8):
        scenario.day()
    lives = estate.chronicle()
    assert {kind for one in lives for kind in _kinds(one)} == {*Kind} - {Kind.REMOVED}
    for one in lives:
        assert _replayed(one) == (one.state, one.mitigated_at, one.gone_at, one.hidden)
        noted = [happening.noted for happening in one.happenings]
        assert noted == sorted(noted)


def _kinds(one: Life) -> list[Kind]:
    return [happening.kind for happening in one.happenings]


def _replayed(one: Life) -> tuple[str, int | None, int | None, bool]:
    """The state that the happenings alone make."""
    been = accepted = hidden = False
    mitigated = gone = None
    for happening in one.happenings:
        match happening.kind:
            case Kind.FOUND:
                been, accepted, mitigated, gone = one_began(one, happening.at), False, None, None
            case Kind.MITIGATED:
                mitigated = happening.at
            case Kind.RETURNED:
                been, mitigated = True, None
            case Kind.ACCEPTED | Kind.UNACCEPTED:
                accepted = happening.kind is Kind.ACCEPTED
            case Kind.HIDDEN | Kind.SHOWN:
                hidden = happening.kind is Kind.HIDDEN
            case Kind.EXPIRED | Kind.PURGED | Kind.RETIRED:
                gone = happening.at
    standing = "accepted" if accepted else "reopened" if been else "open"
    state = "gone" if gone else "fixed" if mitigated else standing
    return state, mitigated, gone, hidden


def one_began(one: Life, at: int) -> bool:
    """Whether a finding had been mitigated before the chronicle began; only its state tells."""
    return at < NOW and one.state == "reopened" and Kind.RETURNED not in _kinds(one)


def test_a_rule_comes_and_goes_without_a_sighting() -> None:
    estate = small()
    plugin = _common(estate)
    before = {_row_key(row): row for row in estate.rows()}
    updated = dict(estate.view.updated)
    rule = estate.accept_risk(plugin, "Until the new firewall stands.")
    other = estate.recast_risk(plugin, 4, "Far worse here.")
    for row in estate.rows():
        covered = int(row["pluginID"]) == plugin and before[_row_key(row)]["acceptRisk"] == "0"
        if covered:
            assert row["acceptRiskRuleComment"] == "Until the new firewall stands."
            assert row["lastSeen"] == before[_row_key(row)]["lastSeen"]
    assert all(_recast(row) for row in estate.rows() if int(row["pluginID"]) == plugin)
    assert estate.view.updated == updated
    agrees(estate)
    estate.drop_rule(rule.id)
    estate.drop_rule(other.id)
    assert {_row_key(row): row for row in estate.rows()} == before
    agrees(estate)


def _recast(row: dict[str, Any]) -> bool:
    old = row["recastRiskRuleComment"] == RECAST_COMMENT
    return old or (row["recastRiskRuleComment"], row["severity"]["id"]) == ("Far worse here.", "4")


def _common(estate: Estate) -> int:
    places = estate.view.cumulative.plugin
    return estate.view.stock.plugins.items[int(np.bincount(places).argmax())].id


def test_a_rule_covers_what_comes_in_later_and_ends_by_itself() -> None:
    estate = small(hosts=20)
    estate.accept_risk(_common(estate), "For three days.", expires=NOW + 3 * DAY)
    estate.evolve(2)
    assert "For three days." in {row["acceptRiskRuleComment"] for row in estate.rows()}
    estate.evolve(1)
    agrees(estate)
    assert "For three days." not in {row["acceptRiskRuleComment"] for row in estate.rows()}
    assert not estate.view.rules


def test_a_rule_keeps_to_its_limits_and_may_move_the_repository() -> None:
    estate = small()
    before = dict(estate.view.updated)
    rule = estate.accept_risk(
        _common(estate), "Here only.", repository=1, ips="10.10.0.1-3", moves=True
    )
    covered = [row for row in estate.rows() if row["acceptRiskRuleComment"] == rule.comment]
    assert covered
    assert {row["repository"]["id"] for row in covered} == {"1"}
    assert {row["ip"] for row in covered} <= {f"10.10.0.{n}" for n in (1, 2, 3)}
    assert {n for n, at in estate.view.updated.items() if at != before[n]} == {1}


def test_a_late_scan_lies_back_and_moves_the_repository_now() -> None:
    estate = small(hosts=25)
    before = {_row_key(row): int(row["lastSeen"]) for row in estate.rows()}
    change = estate.import_late(3)
    [repository] = change.repositories
    assert estate.view.updated[repository] >= NOW
    moved = {_row_key(row): int(row["lastSeen"]) for row in estate.rows()}
    changed = {key: at for key, at in moved.items() if before.get(key) != at}
    assert changed
    assert set(changed.values()) == {NOW - 3 * DAY - 1_200}
    assert all(at > before.get(key, 0) for key, at in changed.items())
    agrees(estate)


def test_a_long_scan_sees_hosts_over_two_days() -> None:
    estate = small(hosts=40)
    estate.evolve(1)
    change = estate.import_long(40, repository=1)
    assert change.repositories == [1]
    end = int(estate.as_of) - 600
    times = {int(r["lastSeen"]) for r in estate.rows() if r["repository"]["id"] == "1"}
    within = [at for at in times if end - 40 * 3_600 < at <= end]
    assert max(within) - min(within) > 12 * 3_600
    agrees(estate)


def test_life_times_end_without_mitigation() -> None:
    estate = small(hosts=40)
    gone = estate.expire(active=5, mitigated=30)
    assert gone.expired
    assert gone.purged
    kinds = Counter(one.gone for one in estate.chronicle())
    assert (kinds["expired"], kinds["purged"]) == (gone.expired, gone.purged)
    assert min(int(row["lastSeen"]) for row in estate.rows()) >= NOW - 5 * DAY
    assert estate.view.updated == small(hosts=40).view.updated
    agrees(estate)


def test_a_host_is_retired_at_once() -> None:
    estate = small()
    place = int(estate.view.cumulative.host[0])
    address = estate.view.stock.hosts.items[place].ip
    gone = estate.retire_host(place, moves=True)
    left = [one for one in estate.chronicle() if one.gone == "retired"]
    assert len(left) == gone.retired > 0
    assert {one.ip for one in left} == {address}
    agrees(estate)


def test_what_left_and_is_found_again_begins_anew() -> None:
    estate = Estate.generated(hosts=12, seed=3, findings_per_host=60, now=NOW)
    estate.expire(active=3)
    estate.evolve(25)
    lives = [one for one in estate.chronicle() if _kinds(one).count(Kind.FOUND) > 1]
    assert lives
    assert all(one.first_seen > NOW for one in lives)
    agrees(estate)


def test_repositories_are_hidden_and_shown_and_the_truth_goes_on() -> None:
    estate = small(hosts=20)
    rows = len(list(estate.rows()))
    estate.hide(1)
    assert 1 not in {one.id for one in estate.view.repositories}
    assert len(list(estate.rows())) == rows
    assert {one.hidden for one in estate.chronicle() if one.repository == 1} == {True}
    estate.evolve(2)
    estate.show(1)
    agrees(estate)
    told = [
        _kinds(one) for one in estate.chronicle() if one.repository == 1 and one.first_seen < NOW
    ]
    assert all(Kind.HIDDEN in kinds and Kind.SHOWN in kinds for kinds in told)
    assert not any(one.hidden for one in estate.chronicle())


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda e: e.hide(77), "no repository 77"),
        (lambda e: e.show(1), "no repository 1"),
        (lambda e: e.drop_rule(4), "no rule 4"),
        (lambda e: e.recast_risk(1, 9, ""), "0 to 4"),
        (lambda e: e.accept_risk(1, "", ips="nowhere"), "nowhere"),
        (lambda e: e.import_late(0), "one day ago"),
        (lambda e: e.import_long(0), "one hour"),
        (lambda e: e.import_late(1, repository=8), "holds nothing"),
        (lambda e: e.expire(active=0), "a day at least"),
        (lambda e: e.retire_host(9_999), "no host 9999"),
        (lambda e: e.assign(role=1), "from 2 to 7"),
        (lambda e: e.assign(responsible=99), "no asset list 99"),
        (lambda e: e.redefine(0, definedIPs=""), "no asset list 0"),
        (lambda e: e.feed(share=2), "0 to 1"),
        (lambda e: e.add_repository("X", hosts=0), "cannot be added"),
        (lambda e: e.evolve(1, change=2), "0 to 1"),
        (lambda e: e.evolve(1, change=0.5, reach=0.2), "at most theirs"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(act: Any, says: str) -> None:
    estate = small()
    rows, updated = list(estate.rows()), dict(estate.view.updated)
    with pytest.raises(ValueError, match=says):
        act(estate)
    assert list(estate.rows()) == rows
    assert estate.view.updated == updated
    agrees(estate)


@pytest.mark.parametrize("share", [0.01, 0.03, 0.1])
def test_a_daily_change_is_the_share_that_was_asked_for(share: float) -> None:
    estate = Estate.generated(hosts=60, seed=2, findings_per_host=30, now=NOW)
    for _ in range(5):
        size = len(estate.view.cumulative)
        before = {_row_key(row): row["lastSeen"] for row in estate.rows()}
        change = estate.evolve(1, change=share, reach=0.6)
        assert change.new + change.fixed + change.returned == round(size * share)
        after = {_row_key(row): row["lastSeen"] for row in estate.rows()}
        assert len(after.keys() - before.keys()) == change.new + change.returned
        assert len(before.keys() - after.keys()) == change.fixed
        assert min(change.new, change.fixed, change.returned) > 0
        hosts = {key[:5] for key in after}
        seen = {key[:5] for key, at in after.items() if int(at) == int(estate.as_of) - 3_600}
        assert abs(len(seen) / len(hosts) - 0.6) < 0.05
    agrees(estate)


def test_a_feed_changes_scores_and_no_sighting() -> None:
    estate = small(hosts=20)
    before = {_row_key(row): row for row in estate.rows()}
    assert estate.feed(share=0.5) > 0
    after = {_row_key(row): row for row in estate.rows()}
    changed = {n for key, row in after.items() for n in row if row[n] != before[key][n]}
    assert "vprScore" in changed
    assert changed <= {"vprScore", "epssScore", "pluginModDate"}
    agrees(estate)


def test_the_same_seed_gives_the_same_days() -> None:
    told = []
    for _ in range(2):
        estate = small(hosts=15)
        scenario = Scenario(estate, seed=5, chances=ALWAYS)
        days = [scenario.day() for _ in range(5)]
        told.append((days, list(estate.rows()), estate.chronicle()))
    assert told[0] == told[1]
    assert Scenario(small(hosts=15), seed=6, chances=ALWAYS).day() != told[0][0][0]


def test_a_month_brings_every_deed_and_leaves_something_to_see() -> None:
    deeds, faults = Counter[str](), Counter[str]()
    for seed in range(3):
        estate = small(seed, hosts=8)
        scenario = Scenario(estate, seed=seed)
        days = [scenario.day() for _ in range(30)]
        assert [later.at - day.at for day, later in itertools.pairwise(days)] == [DAY] * 29
        assert 0 <= estate.clock - estate.as_of < 60
        deeds.update(act.deed for day in days for act in day.acts)
        faults.update(fault for day in days for fault in day.faults)
        agrees(estate)
    assert set(deeds) == set(Deed)
    assert len(faults) >= 6

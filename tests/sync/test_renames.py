"""A host that keeps its address and gets another name is one host: nothing is new, nothing gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from lab import only
from story import meddle

from plumbline.domain.run import RunMode
from plumbline.emulator.estate import Estate
from plumbline.emulator.hosts import IP_KEY
from plumbline.ledger.models import SnapshotRow

if TYPE_CHECKING:
    from lab import Lab, MakeLab

    from plumbline.sync.run import Report

pytestmark = pytest.mark.network

NOTHING = {"new": 0, "fixed": 0, "reopened": 0, "vanished": 0, "changed": 0}


@pytest.fixture(params=["full", "part"])
def lab(make_lab: MakeLab, request: pytest.FixtureRequest) -> Lab:
    """A console that was read once; the next runs read it whole or in part."""
    made = Estate.generated(hosts=12, seed=5, findings_per_host=8, now=1_790_000_000)
    made.own_time = True
    lab = make_lab(estate=only(made, 1, 2, 5))
    if request.param == "part":
        lab.settings = replace(lab.settings, whole_below=0)
    assert lab.sync().error is None
    return lab


def named(lab: Lab, skip: int = 0) -> int:
    """Place of a host with a name in a repository that goes by addresses."""
    estate = lab.emulator.estate
    there = sorted(set(estate.view.cumulative.host.tolist()))
    hosts = estate.view.stock.hosts.items
    found = [n for n in there if hosts[n].identity == IP_KEY and hosts[n].dns]
    return int(found[skip])


def host(lab: Lab, place: int) -> Any:
    return lab.emulator.estate.view.stock.hosts.items[place]


def rename(lab: Lab, place: int, dns: str, **more: Any) -> Report:
    lab.emulator.estate.rename_host(place, dns)
    if more:
        shelf = lab.emulator.estate.view.stock.hosts
        shelf.replace(place, replace(shelf.items[place], **more))
    report = lab.sync()
    assert report.error is None, report.error
    assert report.run.mode is RunMode.INCREMENTAL
    return report


def changes(report: Report) -> dict[str, int]:
    return {name: report.run.counts[name] for name in NOTHING}


def events(lab: Lab, run: int) -> list[tuple[Any, ...]]:
    return lab.ask(
        'SELECT event, "before", "after", finding, cause FROM events WHERE run = $run', run=run
    )


def test_another_name_is_one_event_and_no_other(lab: Lab) -> None:
    place = named(lab)
    was, hosts = host(lab, place), lab.ask("SELECT count(*) FROM hosts")
    before = lab.ask(
        "SELECT finding, host, opened_run, first_seen::TEXT, state FROM findings ORDER BY 1"
    )
    report = rename(lab, place, "other.example")
    assert changes(report) == NOTHING
    cause = f"{was.dns} became other.example at {was.ip}"
    told = [("renamed", was.dns, "other.example", None, cause)]
    assert events(lab, report.run.number) == told
    assert lab.ask("SELECT count(*) FROM hosts") == hosts
    after = lab.ask(
        "SELECT finding, host, opened_run, first_seen::TEXT, state FROM findings ORDER BY 1"
    )
    assert after == before
    [(name, aliases, rule, present)] = lab.ask(
        "SELECT dns_name, aliases, rule, present FROM hosts WHERE ip = $ip AND dns_name <> $other "
        "AND list_contains(repositories, $home)",
        ip=was.ip,
        other=was.dns,
        home=was.repository.id,
    )
    assert (name, present) == ("other.example", True)
    assert aliases > 1
    assert rule == "renamed"


def test_a_name_that_goes_missing_and_comes_back(lab: Lab) -> None:
    place = named(lab)
    was = host(lab, place)
    for name, before, after in (
        ("", was.dns, None),
        (was.dns, None, was.dns),
        ("x.example", was.dns, "x.example"),
    ):
        report = rename(lab, place, name)
        assert changes(report) == NOTHING
        [(event, left, got, *_)] = events(lab, report.run.number)
        shown = tuple(one or host(lab, place).netbios or "no name" for one in (before, after))
        assert (event, left, got) == ("renamed", *shown)
    assert lab.sync(full=True).run.counts["vanished"] == 0
    assert lab.ask(
        "SELECT count(DISTINCT host) FROM aliases WHERE ip = $ip AND repository_id = $home",
        ip=was.ip,
        home=was.repository.id,
    ) == [(1,)]


@pytest.mark.parametrize(
    "other", [{"mac": "02:aa:bb:cc:dd:ee"}, {"host_uuid": "0c6a1b2e-4a2c-4a55-9c43-000000000001"}]
)
def test_another_machine_at_the_address_is_another_host(lab: Lab, other: dict[str, Any]) -> None:
    place = named(lab)
    shelf = lab.emulator.estate.view.stock.hosts
    first: dict[str, Any] = {
        name: value.replace("1", "2").replace("aa", "ab") for name, value in other.items()
    }
    shelf.replace(place, replace(shelf.items[place], **first))
    assert lab.sync(full=True).error is None
    report = rename(lab, place, "other.example", **other)
    assert report.run.counts["vanished"] == report.run.counts["new"] > 0


def test_two_hosts_that_swap_their_names_moved(lab: Lab) -> None:
    one, other = named(lab), named(lab, 1)
    first, second = host(lab, one), host(lab, other)
    lab.emulator.estate.rename_host(other, first.dns)
    report = rename(lab, one, second.dns)
    assert report.run.counts["vanished"] == report.run.counts["new"] > 0
    assert not [one for one in events(lab, report.run.number) if one[0] == "renamed"]


def test_many_hosts_get_names_of_another_domain_at_once(lab: Lab) -> None:
    estate = lab.emulator.estate
    there = sorted(set(estate.view.cumulative.host.tolist()))
    places = [n for n in there if host(lab, n).identity == IP_KEY and host(lab, n).dns]
    for place in places:
        estate.rename_host(place, host(lab, place).dns.replace("corp.example", "new.example"))
    report = lab.sync()
    assert report.error is None
    assert changes(report) == NOTHING
    assert len(events(lab, report.run.number)) == len(places)


def test_a_netbios_name_is_no_part_of_the_identity(lab: Lab) -> None:
    place = next(n for n in range(200) if host(lab, n).netbios and host(lab, n).identity == IP_KEY)
    was = host(lab, place)
    lab.emulator.estate.rename_host(place, was.dns, "CORP\\OTHER")
    report = lab.sync(full=True)
    assert changes(report) == NOTHING
    [(event, before, after, *_)] = events(lab, report.run.number)
    assert (event, before, after) == ("renamed", was.netbios, "CORP\\OTHER")


def test_both_names_at_once_are_two_hosts_again(lab: Lab) -> None:
    place = named(lab)
    was = host(lab, place)
    rename(lab, place, "other.example")
    again = lab.emulator.estate.view.stock.hosts.add(was)
    meddle(lab, lambda rows: rows.plus(rows.take(rows.host == place).put(host=again)).ordered())
    report = lab.sync(full=True)
    assert report.error is None, report.error
    names = "SELECT dns_name FROM hosts WHERE ip = $ip AND list_contains(repositories, $home)"
    found = lab.ask(f"{names} ORDER BY 1", ip=was.ip, home=was.repository.id)
    assert found == sorted([(was.dns,), ("other.example",)])
    assert (
        report.run.counts["new"]
        == lab.ask(
            "SELECT count(*) FROM findings f JOIN hosts h USING (host) "
            "WHERE h.dns_name = 'other.example' AND f.state IN ('open', 'reopened', 'accepted')"
        )[0][0]
    )


def test_hosts_that_an_earlier_version_had_split_are_mended_by_the_next_full_run(lab: Lab) -> None:
    place = named(lab)
    shelf = lab.emulator.estate.view.stock.hosts
    was = host(lab, place)
    # Another machine, as far as is known then: so the old name departs and the new one is new.
    shelf.replace(place, replace(was, mac="02:00:00:00:00:01"))
    assert lab.sync(full=True).error is None
    split = rename(lab, place, "other.example", mac="02:00:00:00:00:02")
    assert split.run.counts["vanished"] > 0
    shelf.replace(place, replace(shelf.items[place], mac="02:00:00:00:00:01"))
    for row in SnapshotRow.objects.all():
        row.plan = {name: value for name, value in row.plan.items() if name != "form"}
        row.save()
    mended = lab.sync()
    assert mended.error is None, mended.error
    assert mended.run.mode is RunMode.FULL
    assert changes(mended) == NOTHING
    names = "SELECT host, first_alias IS NULL FROM aliases WHERE ip = $ip AND repository_id = $home"
    rows = lab.ask(names, ip=was.ip, home=was.repository.id)
    assert len({key for key, _ in rows}) == 1
    assert sorted(first for _, first in rows) == [False, True]
    opened = lab.ask(
        "SELECT DISTINCT opened_run, state FROM findings WHERE ip = $ip AND repository_id = $home "
        "AND state <> 'fixed'",
        ip=was.ip,
        home=was.repository.id,
    )
    assert {run for run, _ in opened} == {1}
    assert "vanished" not in {state for _, state in opened}
    assert changes(lab.sync(full=True)) == NOTHING

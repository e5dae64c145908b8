"""What increments ask: windows of time with other filters, in every tool and both stores."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from asking import ask, query, refusal

from plumbline.emulator import Deed, Emulator, Estate, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.network

NOW = 1_790_000_000 // 86_400 * 86_400
DAY = 86_400
SOURCES = ("cumulative", "patched")
Row = dict[str, Any]
Filter = tuple[str, str, Any]


@pytest.fixture(scope="module")
def lived() -> Iterator[Emulator]:
    """A console that some days with rules, late and long scans have passed over."""
    estate = Estate.generated(hosts=40, seed=5, findings_per_host=25, now=NOW)
    scenario = Scenario(estate, seed=2, chances=dict.fromkeys(Deed, 0.5) | {Deed.HIDE: 0.0})
    for _ in range(6):
        scenario.day()
    with Emulator(estate) as console:
        yield console


def answer(console: Emulator, source: str, tool: str, *filters: Filter) -> dict[str, Any]:
    body = query(tool, *filters, end=100_000) | {"sourceType": source}
    found: dict[str, Any] = ask(console, "POST", "/rest/analysis", body).response
    return found


def rows(console: Emulator, source: str) -> list[tuple[Row, int]]:
    """Every row with the time it was mitigated, which no row carries."""
    estate = console.estate
    store = estate.view.cumulative if source == "cumulative" else estate.view.patched
    return list(zip(estate.rows(source), store.mitigated.tolist(), strict=True))


def agrees(console: Emulator, source: str, expected: list[Row], *filters: Filter) -> None:
    """All four tools tell of just these rows."""
    details = answer(console, source, "vulndetails", *filters)
    assert details["results"] == expected
    assert details["totalRecords"] == str(len(expected))
    listed = answer(console, source, "listvuln", *filters)["results"]
    assert [_id(row) for row in listed] == [_id(row) for row in expected]
    told = answer(console, source, "sumseverity", *filters)["results"]
    severities = Counter(row["severity"]["id"] for row in expected)
    assert {one["severity"]["id"]: int(one["count"]) for one in told} == {
        number: severities[number] for number in "01234"
    }
    hosts = Counter(_host(row) for row in expected)
    told = answer(console, source, "sumip", *filters)["results"]
    assert {_host(one): int(one["total"]) for one in told} == hosts


def _host(row: Row) -> tuple[str, ...]:
    return (row["repository"]["id"], row["ip"], row["dnsName"], row["uuid"], row["hostUUID"])


def _id(row: Row) -> tuple[str, ...]:
    return (*_host(row), row["pluginID"], row["port"], row["protocol"])


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["lastSeen", "firstSeen", "lastMitigated"])
@pytest.mark.parametrize("days", [(0, 1), (0, 3), (2, 9), (5, 300)])
def test_windows_in_epochs_hold_their_edges(
    lived: Emulator, source: str, name: str, days: tuple[int, int]
) -> None:
    now = int(lived.estate.as_of)
    times = {"lastSeen": "lastSeen", "firstSeen": "firstSeen"}
    told = [
        (row, int(row[times[name]]) if name in times else mitigated)
        for row, mitigated in rows(lived, source)
    ]
    inside = sorted({at for _, at in told if at >= now - days[1] * DAY})
    low = inside[0] if inside else now - days[1] * DAY
    high = now - days[0] * DAY
    for first, last in ((low, high), (low + 1, high), (low, low)):
        if first > last:
            continue
        expected = [row for row, at in told if at and first <= at <= last]
        agrees(lived, source, expected, (name, "=", f"{first}-{last}"))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["lastSeen", "lastMitigated", "daysMitigated"])
@pytest.mark.parametrize("days", ["0:2", "3:30", "30:all"])
def test_windows_in_days_go_back_from_now(
    lived: Emulator, source: str, name: str, days: str
) -> None:
    now = lived.estate.clock
    nearer, _, farther = days.partition(":")
    first = 1 if farther == "all" else now - int(farther) * DAY
    last = now - int(nearer) * DAY
    told = [
        (row, int(row["lastSeen"]) if name == "lastSeen" else mitigated)
        for row, mitigated in rows(lived, source)
    ]
    expected = [row for row, at in told if at and first <= at <= last]
    agrees(lived, source, expected, (name, "=", days))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("name", "value", "field", "wanted"),
    [
        ("acceptRiskStatus", "accepted", "acceptRisk", "1"),
        ("acceptRiskStatus", "nonAcceptedRisk", "acceptRisk", "0"),
        ("acceptRiskStatus", "all", "acceptRisk", "01"),
        ("recastRiskStatus", "recast", "recastRisk", "1"),
        ("recastRiskStatus", "notRecast", "recastRisk", "0"),
        ("mitigatedStatus", "previously", "hasBeenMitigated", "1"),
        ("mitigatedStatus", "never", "hasBeenMitigated", "0"),
    ],
)
def test_marks_filter_with_windows_severities_and_repositories(
    lived: Emulator, source: str, name: str, value: str, field: str, wanted: str
) -> None:
    now = int(lived.estate.as_of)
    window = f"{now - 300 * DAY}-{now}"
    for severity, repository in (("0,1,2,3,4", "1,2,3,4,5,6,7"), ("2,3,4", "1,2"), ("0", "5")):
        expected = [
            row
            for row, _ in rows(lived, source)
            if row[field] in wanted
            and row["severity"]["id"] in severity
            and row["repository"]["id"] in repository
            and now - 300 * DAY <= int(row["lastSeen"]) <= now
        ]
        filters = (("severity", "=", severity), ("repositoryIDs", "=", repository))
        agrees(lived, source, expected, (name, "=", value), *filters, ("lastSeen", "=", window))


@pytest.mark.parametrize("source", SOURCES)
def test_many_addresses_ranges_and_networks_in_one_filter(lived: Emulator, source: str) -> None:
    dice = np.random.default_rng(4)
    every = rows(lived, source)
    ips = sorted({row["ip"] for row, _ in every})
    chosen = {ip for ip in ips if dice.random() < 0.4}
    expected = [row for row, _ in every if row["ip"] in chosen]
    agrees(lived, source, expected, ("ip", "=", ",".join(sorted(chosen))))
    mixed = ("10.10.0.0/16", "10.20.0.1-10.20.0.7", "10.30.0.2-5", "2001:db8:a::/64")
    within = [row for row, _ in every if _inside(row["ip"])]
    agrees(lived, source, within, ("ip", "=", "\n".join(mixed)))
    severe = [row for row in within if row["severity"]["id"] in "34"]
    agrees(lived, source, severe, ("ip", "=", ",".join(mixed)), ("severity", "=", "3,4"))


def _inside(ip: str) -> bool:
    head, _, last = ip.rpartition(".")
    spans = {"10.20.0": range(1, 8), "10.30.0": range(2, 6)}
    if ip.startswith(("10.10.", "2001:db8:a:")):
        return True
    return head in spans and int(last) in spans[head]


@pytest.mark.parametrize("name", ["lastSeen", "lastMitigated"])
def test_a_console_without_epochs_refuses_them_and_takes_days(lived: Emulator, name: str) -> None:
    lived.add_fault("no-epoch")
    try:
        for source in SOURCES:
            now = int(lived.estate.as_of)
            for tool in ("sumseverity", "sumip", "vulndetails", "listvuln"):
                body = query(tool, (name, "=", f"{now - DAY}-{now}")) | {"sourceType": source}
                assert refusal(lived, body)[:2] == (403, 146)
                assert answer(lived, source, tool, (name, "=", "0:30"))["totalRecords"]
    finally:
        lived.clear_faults()


def test_what_is_out_of_sight_is_in_no_answer(lived: Emulator) -> None:
    estate = lived.estate
    estate.hide(1)
    try:
        for source in SOURCES:
            seen = [row for row, _ in rows(lived, source) if row["repository"]["id"] != "1"]
            agrees(lived, source, seen)
            agrees(lived, source, [], ("repositoryIDs", "=", "1"))
        estate.assign(ranges="10.20.0.0/16,10.40.0.0/16")
        for source in SOURCES:
            seen = [
                row
                for row, _ in rows(lived, source)
                if row["repository"]["id"] != "1" and row["ip"].startswith(("10.20.", "10.40."))
            ]
            assert seen
            agrees(lived, source, seen)
    finally:
        estate.assign(ranges="")
        estate.show(1)
    for source in SOURCES:
        agrees(lived, source, [row for row, _ in rows(lived, source)])

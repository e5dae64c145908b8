"""The filters of the emulated console, each against the truth judged row by row."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from asking import analyse, ask, query, refusal

from plumbline.emulator import Emulator, Estate

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.network

Row = dict[str, Any]


@pytest.fixture(scope="module")
def large() -> Any:
    with Emulator(Estate.generated(hosts=60, seed=5, findings_per_host=30)) as console:
        yield console


def _score(row: Row, name: str, low: float, high: float) -> bool:
    return bool(row[name]) and low <= float(row[name]) <= high


CASES: list[tuple[str, str, Any, Callable[[Row], bool]]] = [
    ("severity", "=", "4", lambda r: r["severity"]["id"] == "4"),
    ("severity", "=", "1,2,3,4", lambda r: r["severity"]["id"] != "0"),
    ("severity", "!=", "0", lambda r: r["severity"]["id"] != "0"),
    ("severity", ">=", "2", lambda r: r["severity"]["id"] >= "2"),
    ("repositoryIDs", "=", "1,5", lambda r: r["repository"]["id"] in "15"),
    ("repository", "=", [{"id": "2"}], lambda r: r["repository"]["id"] == "2"),
    ("family", "=", [{"id": "30"}], lambda r: r["family"]["id"] == "30"),
    ("familyID", "=", "30,24", lambda r: r["family"]["id"] in {"30", "24"}),
    ("familyID", "=", "0", lambda _: False),
    (
        "ip",
        "=",
        "10.10.0.0/16,10.20.0.2",
        lambda r: r["ip"].startswith("10.10.") or r["ip"] == "10.20.0.2",
    ),
    (
        "ip",
        "=",
        "10.20.0.1-10.20.0.9\n2001:db8:a::/64",
        lambda r: bool(re.fullmatch(r"10\.20\.0\.\d|2001:db8:a::.*", r["ip"])),
    ),
    ("pluginID", "=", "10000,10007", lambda r: r["pluginID"] in {"10000", "10007"}),
    ("pluginID", ">=", "100000", lambda r: int(r["pluginID"]) >= 100_000),
    ("pluginID", "<=", "10100", lambda r: int(r["pluginID"]) <= 10_100),
    ("pluginID", "!=", "10000", lambda r: r["pluginID"] != "10000"),
    ("pluginName", "=", "detection", lambda r: "detection" in r["pluginName"].lower()),
    ("pluginText", "=", "/opt/example", lambda r: "/opt/example" in r["pluginText"]),
    ("port", "=", "443", lambda r: r["port"] == "443"),
    ("tcpport", "=", "443", lambda r: (r["port"], r["protocol"]) == ("443", "TCP")),
    ("protocol", "=", "17", lambda r: r["protocol"] == "UDP"),
    ("dnsName", "~=", "SERVERS", lambda r: "servers" in r["dnsName"]),
    (
        "dnsName",
        "=",
        "servers-000000.corp.example",
        lambda r: r["dnsName"] == "servers-000000.corp.example",
    ),
    (
        "dnsName",
        "pcre",
        "^(agents|branch)-",
        lambda r: bool(re.match("agents-|branch-", r["dnsName"])),
    ),
    ("xref", "=", "CISA-KNOWN-EXPLOITED|*", lambda r: "CISA-KNOWN-EXPLOITED" in r["xref"]),
    ("xref", "!=", "IAVA|20*", lambda r: "IAVA #20" not in r["xref"]),
    ("exploitAvailable", "=", "true", lambda r: r["exploitAvailable"] == "Yes"),
    ("exploitAvailable", "=", "false", lambda r: r["exploitAvailable"] == "No"),
    ("mitigatedStatus", "=", "previously", lambda r: r["hasBeenMitigated"] == "1"),
    ("acceptRiskStatus", "=", "accepted", lambda r: r["acceptRisk"] == "1"),
    ("acceptRiskStatus", "=", "nonAcceptedRisk", lambda r: r["acceptRisk"] == "0"),
    ("acceptRiskStatus", "=", "all", lambda _: True),
    ("recastRiskStatus", "=", "recast", lambda r: r["recastRisk"] == "1"),
    ("pluginType", "=", "compliance", lambda r: r["family"]["type"] == "compliance"),
    ("vprScore", "=", "7-10", lambda r: _score(r, "vprScore", 7, 10)),
    ("vprScore", "=", "none", lambda r: r["vprScore"] == ""),
    ("baseCVSSScore", "=", "9-10", lambda r: _score(r, "baseScore", 9, 10)),
    ("cvssV3BaseScore", "=", "5-8", lambda r: _score(r, "cvssV3BaseScore", 5, 8)),
    ("epssScore", "=", "0.1-1.0", lambda r: _score(r, "epssScore", 0.1, 1)),
    ("assetExposureScore", "=", "300-1000", lambda r: _score(r, "assetExposureScore", 300, 1_000)),
    ("assetCriticalityRating", "=", "5-10", lambda r: _score(r, "acrScore", 5, 10)),
    ("dataFormat", "=", "agent", lambda r: r["repository"]["dataFormat"] == "agent"),
    ("operatingSystem", "=", "linux", lambda r: "linux" in r["operatingSystem"].lower()),
]


@pytest.mark.parametrize(
    ("name", "operator", "value", "judge"), CASES, ids=lambda v: "" if callable(v) else str(v)[:40]
)
def test_a_filter_lets_through_just_the_rows_that_fit(
    large: Emulator, name: str, operator: str, value: Any, judge: Callable[[Row], bool]
) -> None:
    found = analyse(large, "vulndetails", (name, operator, value), end=10_000)
    expected = [row for row in large.estate.rows() if judge(row)]
    assert found["results"] == expected
    assert found["totalRecords"] == str(len(expected))


def test_identifiers_find_their_rows(large: Emulator) -> None:
    rows = list(large.estate.rows())
    for name in ("uuid", "hostUUID", "vulnUUID"):
        value = next(row[name] for row in rows if row[name])
        found = analyse(large, "vulndetails", (name, "=", value))["results"]
        assert found == [row for row in rows if row[name] == value]
    cve = next(row["cve"] for row in rows if row["cve"]).split(",")[0]
    found = analyse(large, "vulndetails", ("cveID", "=", cve))["results"]
    assert found == [row for row in rows if cve in row["cve"].split(",")]


def test_web_application_rows_are_included_unless_excluded(large: Emulator) -> None:
    everything = len(list(large.estate.rows()))
    network = len(list(large.estate.rows(was=False)))
    assert everything > network

    def total(*filters: tuple[str, str, Any], **root: str) -> int:
        answer = ask(large, "POST", "/rest/analysis", query("listvuln", *filters) | root)
        return int(answer.response["totalRecords"])

    assert total() == everything
    assert total(("wasVuln", "=", "excludeWas")) == network
    assert total(wasVuln="excludeWas") == network
    assert total(("wasVuln", "=", "onlyWas")) == everything - network
    assert total(("wasVuln", "=", "includeWas"), wasVuln="excludeWas") == everything


def test_of_filters_with_one_name_only_the_last_counts(large: Emulator) -> None:
    twice = (("severity", "=", "4"), ("severity", "=", "0"))
    assert analyse(large, "sumid", *twice) == analyse(large, "sumid", twice[1])


def test_filters_are_joined_by_and(large: Emulator) -> None:
    found = analyse(large, "vulndetails", ("severity", "=", "3"), ("repositoryIDs", "=", "1"))
    expected = [
        row
        for row in large.estate.rows()
        if (row["severity"]["id"], row["repository"]["id"]) == ("3", "1")
    ]
    assert found["results"] == expected


@pytest.mark.parametrize("name", ["firstSeen", "lastSeen"])
def test_days_and_epochs_choose_the_same_rows(large: Emulator, name: str) -> None:
    now = int(time.time())
    rows = list(large.estate.rows())
    for first, last in ((0, 4), (4, 30), (30, 400)):
        days = analyse(large, "listvuln", (name, "=", f"{first}:{last}"), end=1)
        epochs = f"{now - last * 86_400}-{now - first * 86_400}"
        spans = analyse(large, "listvuln", (name, "=", epochs), end=1)
        low, high = now - last * 86_400, now - first * 86_400
        inside = sum(low <= int(row[name]) <= high for row in rows)
        assert days["totalRecords"] == spans["totalRecords"] == str(inside)
    older = analyse(large, "listvuln", (name, "=", "30:all"), end=1)
    assert older["totalRecords"] == str(sum(int(r[name]) <= now - 30 * 86_400 for r in rows))


def test_mitigated_findings_are_found_by_when_they_were(large: Emulator) -> None:
    body = query("listvuln", ("lastMitigated", "=", "0:30"), end=1) | {"sourceType": "patched"}
    recent = int(ask(large, "POST", "/rest/analysis", body).response["totalRecords"])
    assert 0 < recent < len(list(large.estate.rows("patched")))
    assert analyse(large, "listvuln", ("lastMitigated", "=", "0:all"))["totalRecords"] == "0"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("pluginPublished", "pluginPubDate"),
        ("pluginModified", "pluginModDate"),
        ("vulnPublished", "vulnPubDate"),
        ("patchPublished", "patchPubDate"),
        ("seolDate", "seolDate"),
    ],
)
def test_dates_of_plugins_filter_and_unknown_ones_never_match(
    large: Emulator, name: str, field: str
) -> None:
    found = analyse(large, "vulndetails", (name, "=", "0:all"), end=10_000)["results"]
    now = time.time()
    assert found == [row for row in large.estate.rows() if 0 <= int(row[field]) <= now]


@pytest.mark.parametrize("value", ["currentMonth", "lastMonth", "currentQuarter", "lastYear"])
def test_named_periods_are_understood(large: Emulator, value: str) -> None:
    assert int(analyse(large, "listvuln", ("lastSeen", "=", value))["totalRecords"]) >= 0


@pytest.mark.parametrize("value", ["30:0", "1625716800:647409600", "yesterday", "5"])
def test_reversed_days_and_epochs_with_a_colon_are_refused(large: Emulator, value: str) -> None:
    status, code, text = refusal(large, query("listvuln", ("lastSeen", "=", value)))
    assert (status, code) == (403, 146)
    assert "<end day>:<start day>" in text


def test_an_unknown_filter_is_refused_with_the_list_of_valid_ones(large: Emulator) -> None:
    status, code, text = refusal(large, query("vulndetails", ("kev", "=", "true")))
    assert (status, code) == (403, 146)
    assert "The filter 'kev' is invalid (valid filters: " in text
    assert "vprScore" in text


@pytest.mark.parametrize("name", ["repository", "family"])
def test_records_are_wanted_as_an_array(large: Emulator, name: str) -> None:
    text = refusal(large, query("vulndetails", (name, "=", "1")))[2]
    assert f"Filter '{name}' should be an array of records" in text


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("vprScore", ">=", "7"),
        ("severity", "~=", "4"),
        ("pluginID", "=", "x"),
        ("ip", "=", "10.0.0.300"),
        ("dnsName", "pcre", "("),
        ("wasVuln", "=", "perhaps"),
        ("severity", "=", [{"id": "4"}]),
        ("severity", ">=", ""),
        ("asset", "~", {"operator": "union"}),
        ("asset", "=", {"id": "x"}),
        ("vprScore", "=", "1.2.3"),
        ("repositoryIDs", "!=", "1"),
        ("repository", "!=", [{"id": "1"}]),
        ("family", "!=", [{"id": "30"}]),
        ("familyID", "!=", "30"),
        ("ip", "!=", "10.0.0.0/8"),
        ("pluginType", "!=", "active"),
        ("pluginType", "=", "active,passive"),
        ("pluginType", "=", "event"),
    ],
)
def test_what_cannot_be_read_is_refused_with_146(
    large: Emulator, name: str, operator: str, value: Any
) -> None:
    assert refusal(large, query("vulndetails", (name, operator, value)))[:2] == (403, 146)


def test_an_asset_list_filters_by_its_members(large: Emulator) -> None:
    def total(*clause: Any) -> int:
        return int(analyse(large, "listvuln", clause, end=1)["totalRecords"])

    linux = sum("Linux" in row["operatingSystem"] for row in large.estate.rows())
    everything = len(list(large.estate.rows()))
    assert total("assetID", "=", "5") == linux
    assert total("asset", "=", {"id": "5"}) == linux
    assert total("asset", "=", [{"id": "5"}]) == linux
    without = {"operator": "complement", "operand1": {"id": "0"}, "operand2": {"id": "5"}}
    assert total("asset", "~", without) == everything - linux
    summed = {r["asset"]["id"]: r for r in analyse(large, "sumasset")["results"]}
    assert int(summed["5"]["total"]) == linux
    assert total("assetID", "=", "8") == int(summed["8"]["total"])


def test_a_list_that_is_gone_or_not_prepared_is_error_143(large: Emulator) -> None:
    assert refusal(large, query("listvuln", ("assetID", "=", "999")))[:2] == (403, 143)
    assert "No such file" in refusal(large, query("listvuln", ("assetID", "=", "15")))[2]

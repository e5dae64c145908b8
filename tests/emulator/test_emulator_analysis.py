"""`POST /rest/analysis` of the emulated console: offsets, tools, sources and their totals."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from asking import analyse, ask, key, query, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.emulator import Emulator, Estate
from plumbline.emulator.tools import EMPTY, TOOLS

pytestmark = pytest.mark.network


def test_totals_and_offsets_are_strings_and_the_end_is_not_clipped(console: Emulator) -> None:
    total = len(list(console.estate.rows()))
    page = analyse(console, "vulndetails", start=total - 2, end=total + 500)
    assert page["totalRecords"] == str(total)
    assert page["returnedRecords"] == 2 == len(page["results"])
    assert (page["startOffset"], page["endOffset"]) == (str(total - 2), str(total + 500))
    assert page["matchingDataElementCount"] == "-1"


def test_past_the_end_there_is_an_empty_page_with_the_total(console: Emulator) -> None:
    page = analyse(console, "vulndetails", start=100_000, end=100_010)
    assert page["results"] == []
    assert int(page["totalRecords"]) > 0


def test_offsets_may_stand_at_the_root_and_the_query_wins(console: Emulator) -> None:
    body = query("vulndetails", start=0, end=2) | {"startOffset": 5, "endOffset": 9}
    assert len(ask(console, "POST", "/rest/analysis", body).response["results"]) == 2
    del body["query"]["startOffset"], body["query"]["endOffset"]
    assert ask(console, "POST", "/rest/analysis", body).response["startOffset"] == "5"


def test_pages_together_are_the_truth(console: Emulator) -> None:
    pages = [analyse(console, "vulndetails", start=s, end=s + 70) for s in range(0, 400, 70)]
    assert [row for page in pages for row in page["results"]] == list(console.estate.rows())


def test_a_row_has_every_field_of_the_product_in_its_order(console: Emulator) -> None:
    row = analyse(console, "vulndetails", end=1)["results"][0]
    assert list(row) == FIELDS


@pytest.mark.parametrize("source", ["cumulative", "patched"])
def test_totals_agree_across_tools(console: Emulator, source: str) -> None:
    def results(tool: str) -> list[dict[str, Any]]:
        body = query(tool, end=100_000) | {"sourceType": source}
        found: list[dict[str, Any]] = ask(console, "POST", "/rest/analysis", body).response[
            "results"
        ]
        return found

    rows = results("vulndetails")
    by_severity = Counter(row["severity"]["id"] for row in rows)
    assert {r["severity"]["id"]: int(r["count"]) for r in results("sumseverity")} == {
        str(n): by_severity[str(n)] for n in range(5)
    }
    assert [r["severity"]["id"] for r in results("sumseverity")] == ["4", "3", "2", "1", "0"]
    for tool in (
        "sumip",
        "sumid",
        "sumfamily",
        "sumport",
        "sumprotocol",
        "sumdnsname",
        "sumclassc",
    ):
        assert sum(int(row["total"]) for row in results(tool)) == len(rows), tool
    assert len(results("listvuln")) == len(rows)
    for host in results("sumip"):
        score = sum(
            int(host[f"severity{name}"]) * weight
            for name, weight in (("Critical", 40), ("High", 10), ("Medium", 3), ("Low", 1))
        )
        assert int(host["score"]) == score
    everything = next(r for r in results("sumasset") if r["asset"]["id"] == "0")
    assert int(everything["total"]) == len(rows)


def test_hosts_of_a_plugin_and_a_cve_are_counted_once(console: Emulator) -> None:
    rows = list(console.estate.rows())
    for plugin in analyse(console, "sumid", end=5)["results"]:
        mine = [row for row in rows if row["pluginID"] == plugin["pluginID"]]
        hosts = {key(row)[:-3] for row in mine}
        assert (plugin["total"], plugin["hostTotal"]) == (str(len(mine)), str(len(hosts)))
    for cve in analyse(console, "sumcve", end=5)["results"]:
        mine = [row for row in rows if cve["cveID"] in row["cve"].split(",")]
        assert cve["total"] == str(len(mine))
        assert cve["severity"]["id"] == max(row["severity"]["id"] for row in mine)


def test_addresses_come_as_a_numbered_object_without_totals(console: Emulator) -> None:
    found = analyse(console, "iplist")
    assert found["results"] is None
    assert "totalRecords" not in found
    assert any(value and "-" in value for value in found.values()) or found["0"]


def test_the_trend_has_numbers_and_no_total(console: Emulator) -> None:
    found = analyse(console, "trend")
    assert found["totalRecords"] == -1
    assert found["results"][-1]["total"] == len(list(console.estate.rows()))


@pytest.mark.parametrize("tool", sorted(TOOLS.keys() | EMPTY))
def test_every_tool_answers(console: Emulator, tool: str) -> None:
    assert "results" in analyse(console, tool, end=3)


def test_an_unknown_tool_and_a_query_id_are_refused(console: Emulator) -> None:
    assert refusal(console, query("sumnothing"))[:2] == (403, 146)
    assert refusal(console, {"type": "vuln", "query": {"id": 5}})[:2] == (403, 146)


def test_a_scan_result_needs_a_view_and_content(console: Emulator) -> None:
    body = query("vulndetails") | {"sourceType": "individual"}
    body["query"]["scanID"] = 1
    assert refusal(console, body)[1] == 142
    body["query"] |= {"view": "all", "scanID": 4711}
    assert refusal(console, body)[1] == 143
    body["query"]["scanID"] = 1
    rows = ask(console, "POST", "/rest/analysis", body).response["results"]
    assert {row["repository"]["id"] for row in rows} == {"1"}


def test_a_scan_result_named_at_the_root_alone_is_ignored(console: Emulator) -> None:
    body = query("vulndetails") | {"sourceType": "individual", "scanID": 1, "view": "all"}
    rows = ask(console, "POST", "/rest/analysis", body).response["results"]
    assert len(rows) == len(list(console.estate.rows()))


@pytest.mark.parametrize("field", ["severity", "pluginID", "ip", "lastSeen", "dnsName"])
def test_rows_can_be_sorted_both_ways(console: Emulator, field: str) -> None:
    up = ask(console, "POST", "/rest/analysis", query("vulndetails") | {"sortField": field})
    body = query("vulndetails") | {"sortField": field, "sortDir": "desc"}
    down = ask(console, "POST", "/rest/analysis", body)

    def values(rows: list[dict[str, Any]]) -> list[Any]:
        return [row[field]["id"] if field == "severity" else row[field] for row in rows]

    assert values(up.response["results"]) == values(down.response["results"])[::-1]
    assert refusal(console, query("vulndetails") | {"sortField": "moon"})[1] == 146


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(start=st.integers(0, 300), size=st.integers(1, 120))
def test_any_window_is_that_part_of_the_truth(console: Emulator, start: int, size: int) -> None:
    page = analyse(console, "vulndetails", start=start, end=start + size)
    assert page["results"] == list(console.estate.rows())[start : start + size]


def test_time_grows_with_the_rows_scanned_not_with_the_page() -> None:
    estate = Estate.generated(hosts=6, findings_per_host=20)
    in_first = sum(n for (repository, _), n in estate.counts().items() if repository == 1)
    with Emulator(estate) as console:
        console.set_pace(row_cost=0.001)
        whole = _seconds(console)
        part = _seconds(console, ("repositoryIDs", "=", "1"))
    assert whole >= len(list(estate.rows())) / 1_000
    assert in_first / 1_000 <= part < whole


def _seconds(console: Emulator, *filters: tuple[str, str, Any]) -> float:
    before = time.monotonic()
    analyse(console, "vulndetails", *filters, end=1)
    return time.monotonic() - before


FIELDS = [
    *("pluginID", "severity", "vprScore", "vprContext", "hasBeenMitigated", "acceptRisk"),
    *("recastRisk", "ip", "uuid", "port", "protocol", "pluginName", "firstSeen", "lastSeen"),
    *("exploitAvailable", "exploitEase", "exploitFrameworks", "synopsis", "description"),
    *("solution", "seeAlso", "riskFactor", "stigSeverity", "baseScore", "temporalScore"),
    *("cvssVector", "cvssV3BaseScore", "cvssV3TemporalScore", "cvssV3Vector", "cvssV4BaseScore"),
    *("cvssV4Vector", "cvssV4ThreatScore", "cvssV4ThreatVector", "cvssV4Supplemental"),
    *("epssScore", "cpe", "vulnPubDate", "patchPubDate", "pluginPubDate", "pluginModDate"),
    *("checkType", "version", "cve", "bid", "xref", "seolDate", "pluginText", "dnsName"),
    *("macAddress", "netbiosName", "operatingSystem", "ips", "recastRiskRuleComment"),
    *("acceptRiskRuleComment", "hostUniqueness", "hostUUID", "acrScore", "keyDrivers"),
    *("assetExposureScore", "acrLastEvaluatedTime", "vulnUniqueness", "vulnUUID", "uniqueness"),
    *("family", "repository", "pluginInfo"),
]

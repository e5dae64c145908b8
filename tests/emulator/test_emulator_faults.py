"""Each fault does what its name says, and stops when it should."""

from __future__ import annotations

import http.client
import json
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from asking import analyse, ask, get, key, query, refusal

from plumbline.emulator import FAULTS, BadFaultError, Emulator

pytestmark = pytest.mark.network


def _page(console: Emulator, start: int = 0, end: int = 50) -> Any:
    return ask(console, "POST", "/rest/analysis", query("vulndetails", start=start, end=end))


def test_every_fault_says_what_it_does() -> None:
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert (fault.__doc__ or "").strip().endswith((".", "`"))


@pytest.mark.parametrize(
    "text",
    ["nonsense", "short-page:x", "revoke-after", "clock-skew", "bad-keys:401", "slow-body:z"],
)
def test_a_fault_that_makes_no_sense_is_refused(console: Emulator, text: str) -> None:
    with pytest.raises(BadFaultError):
        console.add_fault(text)


def test_a_short_page_happens_once_or_as_often_as_said(console: Emulator) -> None:
    console.add_fault("short-page")
    assert [len(_page(console).response["results"]) for _ in range(2)] == [49, 50]
    console.add_fault("short-page:always")
    assert [len(_page(console).response["results"]) for _ in range(2)] == [49, 49]
    console.clear_faults()
    assert len(_page(console).response["results"]) == 50


def test_an_extra_row_is_the_first_of_the_next_page_and_the_count_a_float(
    console: Emulator,
) -> None:
    console.add_fault("extra-row")
    page = _page(console).response
    assert len(page["results"]) == 51
    assert isinstance(page["returnedRecords"], float)
    assert page["results"][-1] == _page(console, 50, 100).response["results"][0]


def test_a_page_without_totals_is_empty(console: Emulator) -> None:
    console.add_fault("no-totals")
    page = _page(console).response
    assert "totalRecords" not in page
    assert page["results"] == []
    assert _page(console).response["totalRecords"]


def test_duplicate_rows_add_one_and_lose_none(console: Emulator) -> None:
    console.add_fault("duplicate-rows")
    rows = _page(console).response["results"]
    assert len(rows) == 51
    assert rows[0] == rows[-1]


def test_shuffled_pages_differ_each_time_and_hold_the_same_whole(console: Emulator) -> None:
    console.add_fault("shuffle")
    assert _page(console).response["results"] != _page(console).response["results"]
    whole = _page(console, 0, 10_000).response["results"]
    truth = list(console.estate.rows())
    assert sorted(map(json.dumps, whole)) == sorted(map(json.dumps, truth))


def test_a_moving_total_changes_while_rows_do_not(console: Emulator) -> None:
    console.add_fault("moving-total")
    totals = [int(_page(console).response["totalRecords"]) for _ in range(3)]
    truth = len(list(console.estate.rows()))
    assert truth not in totals
    assert totals[0] != totals[1]


def test_a_row_vanishes_from_the_page_just_served(console: Emulator) -> None:
    before = list(console.estate.rows())
    updated = dict(console.estate.view.updated)
    console.add_fault("vanish:once")
    assert _page(console).response["results"][0] == before[0]
    assert list(console.estate.rows()) == before[1:]
    assert _page(console, 50, 51).response["results"] == [before[51]]
    changed = {n for n, moment in console.estate.view.updated.items() if moment != updated[n]}
    assert changed == {int(before[0]["repository"]["id"])}


def test_rows_appear_with_every_request(console: Emulator) -> None:
    before = {key(row) for row in console.estate.rows()}
    console.add_fault("appear")
    first = _page(console).response
    second = _page(console, 50, 100).response
    assert int(second["totalRecords"]) == int(first["totalRecords"]) + 1
    assert first["results"][-1] in second["results"]
    after = {key(row) for row in console.estate.rows()}
    assert len(after - before) == 2
    assert before < after


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("error-500", 500, "text/html"),
        ("html-502", 502, "text/html"),
        ("rate-429", 429, "text/html"),
        ("locked-403", 403, "application/json"),
        ("locked-200", 200, "application/json"),
    ],
)
def test_an_answer_is_replaced_once_and_other_endpoints_go_on(
    console: Emulator, fault: str, status: int, kind: str
) -> None:
    console.add_fault(fault)
    get(console, "repository")
    answer = _page(console)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith(kind)
    if fault.startswith("locked"):
        assert "database is locked" in answer.json["error_msg"]
        assert answer.json["error_code"] != 0
    assert answer.headers.get("Retry-After") == ("1" if status == 429 else None)
    assert _page(console).response["results"]


def test_a_count_limits_how_often_a_fault_happens(console: Emulator) -> None:
    console.add_fault("error-500:3")
    assert [_page(console).status for _ in range(4)] == [500, 500, 500, 200]


@pytest.mark.parametrize("tls", [False, True])
def test_connections_are_reset_before_and_in_the_body(console: Emulator, *, tls: bool) -> None:
    with Emulator(console.estate, http=not tls) as spoiled:
        spoiled.add_fault("reset")
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            _page(spoiled)
        spoiled.add_fault("reset-body")
        with pytest.raises((ConnectionError, http.client.IncompleteRead)):
            _page(spoiled)
        assert _page(spoiled).status == 200


def test_truncated_json_is_whole_for_http_only(console: Emulator) -> None:
    console.add_fault("truncated-json")
    answer = _page(console)
    assert answer.headers["Content-Length"] == str(len(answer.body))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(answer.body)


def test_a_slow_body_takes_its_time_and_arrives(console: Emulator) -> None:
    console.add_fault("slow-body:0.3")
    before = time.monotonic()
    assert len(_page(console).response["results"]) == 50
    assert time.monotonic() - before >= 0.29


def test_keys_are_revoked_after_some_requests(console: Emulator) -> None:
    console.add_fault("revoke-after:2")
    get(console, "currentUser")
    assert [_page(console).status for _ in range(3)] == [200, 403, 403]
    assert _page(console).json["error_code"] == 74


def test_keys_that_are_switched_off_are_a_bad_request(console: Emulator) -> None:
    console.add_fault("keys-disabled")
    assert ask(console, "GET", "/rest/currentUser").status == 400
    assert ask(console, "GET", "/rest/system").status == 400
    assert ask(console, "GET", "/rest/system", headers={}).status == 200


@pytest.mark.parametrize(("fault", "status"), [("bad-keys", 403), ("bad-keys:400", 400)])
def test_right_keys_can_be_called_bad(console: Emulator, fault: str, status: int) -> None:
    console.add_fault(fault)
    answer = ask(console, "GET", "/rest/currentUser")
    assert (answer.status, answer.json["error_code"]) == (status, 74)


def test_a_locked_account_is_refused_or_told(console: Emulator) -> None:
    console.add_fault("account-locked")
    assert ask(console, "GET", "/rest/currentUser").status == 403
    console.add_fault("account-locked:shown")
    assert get(console, "currentUser?fields=locked")["locked"] == "true"
    assert _page(console).status == 403


def test_an_administrator_has_no_organisation_and_no_data(console: Emulator) -> None:
    console.add_fault("administrator")
    user = get(console, "currentUser?fields=organization,role,group")
    assert user["organization"]["id"] == 0
    assert user["role"]["name"] == "Administrator"
    assert list(get(console, "asset")) == ["assets"]
    assert refusal(console, query("sumseverity"))[0] == 403


def test_without_a_repository_nothing_matches(console: Emulator) -> None:
    console.add_fault("no-repository")
    assert get(console, "repository") == []
    assert analyse(console, "vulndetails")["totalRecords"] == "0"


def test_epochs_can_be_refused_while_days_work(console: Emulator) -> None:
    console.add_fault("no-epoch")
    assert refusal(console, query("listvuln", ("lastSeen", "=", "1600000000-1900000000")))[1] == 146
    assert int(analyse(console, "listvuln", ("lastSeen", "=", "0:90"))["totalRecords"]) > 0


def test_lists_can_be_unprepared(console: Emulator) -> None:
    console.add_fault("unprepared-lists:1")
    counts = {row["id"]: row["ipCount"] for row in get(console, "asset?fields=ipCount")["usable"]}
    assert counts["1"] == -1
    assert counts["5"] >= 0
    assert refusal(console, query("listvuln", ("assetID", "=", "1")))[1] == 143
    console.add_fault("unprepared-lists")
    rows = get(console, "asset?fields=ipCount")["usable"]
    assert {row["ipCount"] for row in rows} == {-1}


def test_a_huge_output_is_served_and_is_the_truth(console: Emulator) -> None:
    console.add_fault("huge-output")
    row = _page(console, 0, 1).response["results"][0]
    assert len(row["pluginText"]) > 5_000_000
    assert next(console.estate.rows()) == row


def test_strange_text_is_everywhere_and_is_the_truth(console: Emulator) -> None:
    console.add_fault("strange-text")
    rows = analyse(console, "vulndetails", end=10_000)["results"]
    assert rows == list(console.estate.rows())
    outputs = "".join(row["pluginText"] for row in rows[:10])
    for sign in ("\x00", "\r\n", "\U0001f525", "<script>", "\u202e"):
        assert sign in outputs


def test_the_clock_can_be_off(console: Emulator) -> None:
    console.add_fault("clock-skew:-3600")
    answer = ask(console, "GET", "/rest/system", headers={})
    stamp = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    assert abs(stamp - (time.time() - 3_600)) < 5
    assert abs(answer.json["timestamp"] - stamp) <= 1


def test_the_version_can_be_old(console: Emulator) -> None:
    console.add_fault("old-version:5.12.0")
    answer = ask(console, "GET", "/rest/system", headers={})
    assert answer.headers["SecurityCenter"] == answer.response["version"] == "5.12.0"


def test_stopping_ends_a_slow_answer() -> None:
    from plumbline.emulator import Estate  # noqa: PLC0415 - beside its use

    console = Emulator(Estate.generated(hosts=1), latency=30)
    console.start()
    with pytest.raises((OSError, http.client.HTTPException)):
        _hurry(console)
    before = time.monotonic()
    console.stop()
    assert time.monotonic() - before < 2


def _hurry(console: Emulator) -> None:
    line = http.client.HTTPConnection("127.0.0.1", console.port, timeout=0.2)
    try:
        line.request("GET", "/rest/system")
        line.getresponse()
    finally:
        line.close()


def test_an_unstable_order_belongs_to_the_window_and_loses_no_row_of_one_page(
    console: Emulator,
) -> None:
    total = int(_page(console).response["totalRecords"])
    before = {key(row) for row in _page(console, 0, total).response["results"]}
    console.add_fault("unstable-order")
    rows = [
        [key(row) for row in _page(console, start, start + 20).response["results"]]
        for start in (0, *range(0, total, 20))
    ]
    assert rows[0] == rows[1]
    assert {one for page in rows for one in page} < before
    assert {key(row) for row in _page(console, 0, total).response["results"]} == before


def test_a_repeated_row_is_counted_in_every_sum(console: Emulator) -> None:
    def counted() -> list[int]:
        sums = query("sumseverity"), query("sumip", end=9_999), query("sumid", end=9_999)
        told = [ask(console, "POST", "/rest/analysis", one).response["results"] for one in sums]
        found = [sum(int(row.get("count") or row["total"]) for row in rows) for rows in told]
        return [*found, int(_page(console).response["totalRecords"])]

    before = counted()
    console.add_fault("repeated-row:2")
    assert counted() == [number + 2 for number in before]
    with pytest.raises(BadFaultError):
        console.add_fault("repeated-row:x")

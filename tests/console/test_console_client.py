"""The console as asked over a real line, with every fault that a line has."""

from __future__ import annotations

import gc
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from scripted import (
    CLOSED,
    KEYS,
    RESET,
    Ledger,
    Play,
    Scripted,
    answer,
    envelope,
    html,
    no,
    ok,
    page,
    severities,
)

from plumbline.console import query
from plumbline.console.client import Console, _Question
from plumbline.console.gate import get
from plumbline.console.query import Analysis, Tool
from plumbline.console.verdict import KeysRefusedError
from plumbline.domain.connection import Keys
from plumbline.domain.severity import Severity
from plumbline.errors import (
    ConfigurationError,
    PlumblineError,
    QueryRefusedError,
    RefusedError,
    RetriableError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.network

DETAILS = Analysis(tool=Tool.VULNDETAILS)
ROWS = page([{"pluginID": "1"}])
BODY = envelope({"totalRecords": "1", "results": [{"pluginID": "1"}]})


def console(server: Scripted, log: Ledger | None = None, **manners: Any) -> Console:
    return Console(
        server.connection(**manners), KEYS, Ledger() if log is None else log, sleep=lambda _: None
    )


def half(body: bytes = BODY) -> bytes:
    return answer(body)[: -len(body) // 2]


def test_a_request_carries_the_keys_and_our_name_and_no_cookie_ever() -> None:
    with Scripted(ok({"version": "6.6.0"}), ok([]), severities(0, 0, 0, 0, 0)) as server:
        with console(server) as sc:
            sc.system()
            sc.repositories()
            sc.severity_counts(DETAILS)
        for asked in server.asked:
            assert asked.headers["x-apikey"] == f"accesskey={KEYS.access}; secretkey={KEYS.secret};"
            assert asked.headers["user-agent"].startswith(
                "Integration/1.0 (Plumbline; Plumbline; Build/"
            )
            assert asked.headers["accept"] == "application/json"
            assert "cookie" not in asked.headers
            assert "x-securitycenter" not in asked.headers
        assert server.asked[2].headers["content-type"] == "application/json"
        assert server.connections == 1


def test_without_keys_no_key_header_is_sent() -> None:
    with Scripted(ok({"version": "6.6.0"})) as server:
        with Console(server.connection(), None, Ledger()) as sc:
            assert sc.system().version == "6.6.0"
        assert "x-apikey" not in server.asked[0].headers


@pytest.mark.parametrize("bad", ["", " ", "a b", "a;b", "a\r\nX: y", "schlüssel", "a=b"])
def test_keys_that_no_console_makes_are_refused_before_anything_is_sent(bad: str) -> None:
    with Scripted() as server, pytest.raises(ConfigurationError) as caught:
        Console(server.connection(), Keys("a" * 32, bad), Ledger())
    assert bad.strip() == "" or bad not in str(caught.value)


def test_the_answer_is_handed_on_unread() -> None:
    with Scripted(ROWS) as server, console(server) as sc:
        reply = sc.analysis(DETAILS, 0, 10)
    assert reply.status == 200
    assert reply.body.startswith(b'{"type"')
    assert reply.received == len(reply.body) == sc.bytes_received
    assert sc.requests_made == 1


PASSING: dict[str, list[Play]] = {
    "refused once": [Play(then="close")],
    "reset before the answer": [RESET],
    "closed before the answer": [CLOSED],
    "reset inside the body": [Play(pieces=(half(),), then="reset")],
    "closed inside the body": [Play(pieces=(half(),), then="close")],
    "body shorter than told": [
        Play(pieces=(answer(BODY, length=len(BODY) + 9),), then="close"),
    ],
    "chunk cut off": [
        Play(
            pieces=(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"40\r\n" + BODY[:30],
            ),
            then="close",
        )
    ],
    "JSON cut off": [Play(pieces=(answer(BODY[:-40]),))],
    "JSON cut off behind a brace": [
        Play(pieces=(answer(BODY[: BODY.index(b"}") + 1]),)),
    ],
    "empty body": [Play(pieces=(answer(b""),))],
    "no HTTP at all": [Play(pieces=(b"SSH-2.0-OpenSSH\r\n",), then="close")],
    "429": [no(429, headers={"Retry-After": "1"})],
    "500": [no(500)],
    "502 HTML": [html(502)],
    "504 HTML": [html(504)],
    "200 HTML": [html(200)],
    "locked as 403": [no(403, 1, "database is locked")],
    "locked inside 200": [no(200, 1, "database is locked")],
    "code 500 and more": [no(403, 500, "x")],
    "all of a bad day": [RESET, html(502), no(200, 1, "database is locked")],
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_asked_again_and_the_answer_is_whole(name: str) -> None:
    log = Ledger()
    with Scripted(*PASSING[name], ROWS) as server, console(server, log) as sc:
        found = sc.page(DETAILS, 0, 10, dict[str, Any])
    assert found.rows == [{"pluginID": "1"}]
    assert len(log.records) == len(PASSING[name]) + 1
    assert log.outcomes[-1] == "ok"
    assert all(outcome != "ok" for outcome in log.outcomes[:-1])
    assert {asked.body for asked in server.asked} == {DETAILS.body(0, 10)}


def test_the_unread_answer_too_is_asked_again_when_cut() -> None:
    with Scripted(Play(pieces=(answer(BODY[:-40]),)), ROWS) as server, console(server) as sc:
        assert sc.analysis(DETAILS, 0, 10).body.endswith(b"}")


FINAL: dict[str, tuple[Play, type[PlumblineError]]] = {
    "bad request": (no(400), RefusedError),
    "unauthorised": (no(401), RefusedError),
    "invalid token": (no(403, 12, "This request contains an invalid token."), RefusedError),
    "wrong keys": (no(403, 74, "x", kind="text/html; charset=UTF-8"), RefusedError),
    "403 HTML": (html(403), RefusedError),
    "unknown filter": (no(403, 146, "The filter 'x' is invalid"), QueryRefusedError),
    "list not prepared": (no(403, 143, "Unable to process Vuln Query"), QueryRefusedError),
    "error inside 200": (no(200, 146, "bad lastSeen"), QueryRefusedError),
    "login gateway": (
        Play(pieces=(answer("", 307, headers={"Location": "https://sso.test/"}),)),
        UnreachableError,
    ),
}


@pytest.mark.parametrize("name", FINAL)
def test_what_is_final_is_asked_once(name: str) -> None:
    play, kind = FINAL[name]
    with Scripted(play) as server, console(server) as sc:
        with pytest.raises(kind):
            sc.analysis(DETAILS, 0, 10)
        assert len(server.asked) == 1


def test_a_reset_of_a_kept_connection_costs_no_retry() -> None:
    log = Ledger()
    with Scripted(ok({}), RESET, ROWS) as server, console(server, log, retries=0) as sc:
        sc.system()
        assert sc.page(DETAILS, 0, 10, dict[str, Any]).rows
    assert [one.attempt for one in log.records] == [1, 1, 1]
    assert "kept connection" in log.outcomes[1]


def test_a_second_reset_in_a_row_does_cost_one() -> None:
    with Scripted(ok({}), RESET, RESET) as server, console(server, retries=0) as sc:
        sc.system()
        with pytest.raises(UnreachableError):
            sc.analysis(DETAILS, 0, 10)
        assert len(server.asked) == 3


def test_a_connection_closed_while_idle_is_opened_anew_unseen() -> None:
    log = Ledger()
    closing = Play(pieces=(answer(envelope({})),), then="close")
    with Scripted(closing, ROWS) as server, console(server, log, retries=0) as sc:
        sc.system()
        time.sleep(0.1)
        sc.page(DETAILS, 0, 10, dict[str, Any])
        assert server.connections == 2
    assert log.outcomes == ["ok", "ok"]


def test_a_console_that_does_not_begin_to_answer_is_asked_twice() -> None:
    silent = Play(pieces=(answer(BODY),), pause=0.6)
    with Scripted(silent, silent, ROWS) as server, console(server, read_timeout=0.2) as sc:
        with pytest.raises(RetriableError, match=r"2 attempts"):
            sc.analysis(DETAILS, 0, 10)
        assert len(server.asked) == 2


def test_a_body_that_stops_is_asked_again() -> None:
    stopping = Play(pieces=(half(), b"x"), pauses=(0.0, 0.6))
    log = Ledger()
    with Scripted(stopping, ROWS) as server, console(server, log, read_timeout=0.2) as sc:
        assert sc.page(DETAILS, 0, 10, dict[str, Any]).rows
    assert "middle" in log.outcomes[0]


def test_a_trickle_without_end_is_given_up() -> None:
    whole = answer(BODY + b" " * 20_000)
    drops = tuple(whole[place : place + 100] for place in range(0, len(whole), 100))
    trickle = Play(pieces=drops, pause=0.02)
    log = Ledger()
    with Scripted(trickle, ROWS) as server, console(server, log, read_timeout=0.2) as sc:
        assert sc.page(DETAILS, 0, 10, dict[str, Any]).rows
    assert "trickled" in log.outcomes[0]


def test_a_slow_but_steady_body_arrives() -> None:
    whole = answer(BODY)
    slow = Play(pieces=(whole[:100], whole[100:200], whole[200:]), pause=0.15)
    with Scripted(slow) as server, console(server, read_timeout=0.4, retries=0) as sc:
        assert sc.page(DETAILS, 0, 10, dict[str, Any]).rows


def test_chunked_bodies_of_megabytes_arrive_whole() -> None:
    text = "x" * 5_000_000
    body = envelope({"totalRecords": "1", "results": [{"pluginText": text}]})
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    size = 70_001
    parts = [body[place : place + size] for place in range(0, len(body), size)]
    chunks = tuple(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    with Scripted(Play(pieces=(head, *chunks, b"0\r\n\r\n"))) as server, console(server) as sc:
        (row,) = sc.page(DETAILS, 0, 10, dict[str, Any]).rows
    assert row["pluginText"] == text


def test_nobody_listening_is_unreachable_after_the_budget() -> None:
    log = Ledger()
    with Scripted() as server:
        sc = console(server, log, retries=2)
    with sc, pytest.raises(UnreachableError) as caught:
        sc.system()
    assert len(log.records) == 3
    assert {one.status for one in log.records} == {0}
    assert "refused" in caught.value.what
    assert caught.value.advice


def test_a_pause_is_as_long_as_the_console_asks() -> None:
    pauses: list[float] = []
    plays = (no(429, headers={"Retry-After": "9"}), no(503), ROWS)
    with Scripted(*plays) as server:
        sc = Console(server.connection(), KEYS, Ledger(), sleep=pauses.append)
        with sc:
            sc.analysis(DETAILS, 0, 10)
    assert 9 <= pauses[0] <= 10
    assert 1 <= pauses[1] <= 2


def test_every_attempt_is_written_down_without_a_key() -> None:
    log = Ledger()
    said = f"bad key {KEYS.access} / {KEYS.secret}"
    asked = DETAILS.where(query.repositories(7))
    with Scripted(no(500, 1, said), no(403, 74, said)) as server:
        sc = console(server, log)
        with sc, pytest.raises(KeysRefusedError) as caught:
            sc.analysis(asked, 1000, 2000)
    first, second = log.records
    assert (first.method, first.path, first.status) == ("POST", "/rest/analysis", 500)
    assert first.summary == "vulndetails cumulative repositoryIDs=7 excludeWas [1000-2000)"
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.received > 0
    assert first.seconds > 0
    shown = repr((log.records, caught.value, caught.value.lines(), sc, server.connection()))
    chain: BaseException | None = caught.value
    while chain:
        shown += repr(chain) + str(chain)
        chain = chain.__cause__ or chain.__context__
    assert KEYS.access not in shown
    assert KEYS.secret not in shown


def test_an_interrupted_request_is_written_down_too() -> None:
    log = Ledger()

    def accept(_: object) -> None:
        raise KeyboardInterrupt

    with Scripted(ok({})) as server, console(server, log) as sc:
        read: Callable[..., Any] = sc._ask
        with pytest.raises(KeyboardInterrupt):
            read(_question(), accept)
    assert log.outcomes == ["interrupted"]


def _question() -> Any:
    return _Question(permit=get("/rest/system"))


def test_the_skew_is_what_the_date_is_off_beyond_the_time_of_the_request() -> None:
    now = 1_700_000_000.0
    dated = [
        ok({}, headers={"Date": formatdate(now + skew, usegmt=True)}) for skew in (0, -1, 3600, -90)
    ]
    seen = []
    with Scripted(*dated) as server:
        sc = Console(server.connection(), KEYS, Ledger(), clock=lambda: now)
        with sc:
            for _ in dated:
                sc.system()
                seen.append(sc.clock_skew)
    assert seen == [0, 0, 3600, -89]


def test_severities_without_a_row_count_zero() -> None:
    rows = [{"severity": {"id": "4", "name": "Critical"}, "count": "19"}]
    with Scripted(page(rows)) as server, console(server) as sc:
        counts = sc.severity_counts(DETAILS)
        assert server.asked[0].json["query"]["tool"] == "sumseverity"
    assert counts == {**dict.fromkeys(Severity, 0), Severity.CRITICAL: 19}


@pytest.mark.parametrize(
    "broken",
    [
        ok({"results": []}),
        ok(""),
        page([{"severity": {"id": "4"}, "count": ""}]),
        page([{"severity": {"id": "9"}, "count": "3"}]),
    ],
)
def test_an_answer_that_counts_nothing_is_never_taken_for_zero(broken: Play) -> None:
    with Scripted(broken, severities(1, 2, 3, 4, 5)) as server, console(server) as sc:
        assert sc.severity_counts(DETAILS)[Severity.INFO] == 5
        assert len(server.asked) == 2


def test_hosts_are_paged_to_the_end() -> None:
    pages = [page([{"ip": f"10.0.0.{n}"}, {"ip": "x"}], total="5") for n in range(2)]
    with Scripted(*pages, page([{"ip": "last"}], total="5")) as server, console(server) as sc:
        rows = list(sc.host_rows(DETAILS, size=2))
        windows = [(one.json["startOffset"], one.json["endOffset"]) for one in server.asked]
    assert [row.ip for row in rows] == ["10.0.0.0", "x", "10.0.0.1", "x", "last"]
    assert windows == [(0, 2), (2, 4), (4, 6)]


def test_paging_hosts_ends_when_rows_run_out_before_the_total() -> None:
    plays = (page([{"ip": "a"}], total="9"), page([], total="9"))
    with Scripted(*plays) as server, console(server) as sc:
        assert len(list(sc.host_rows(DETAILS, size=1))) == 1


def test_hosts_without_a_total_are_asked_again() -> None:
    broken = ok({"results": []})
    with Scripted(broken, page([{"ip": "a"}])) as server, console(server) as sc:
        assert len(list(sc.host_rows(DETAILS))) == 1


def test_a_repository_that_does_not_tell_its_update_is_asked_itself() -> None:
    listed = [{"id": "1", "name": "a"}, {"id": "2", "name": "b", "lastVulnUpdate": "1700000000"}]
    detail = {"id": "1", "name": "a", "lastVulnUpdate": "1600000000", "vulnCount": "12"}
    with Scripted(ok(listed), ok(detail)) as server, console(server) as sc:
        first, second = sc.repositories()
        assert [one.target.split("?")[0] for one in server.asked] == [
            "/rest/repository",
            "/rest/repository/1",
        ]
    assert first.last_update is not None
    assert second.last_update is not None
    assert (first.findings, second.findings) == (12, None)


def test_a_repository_that_may_not_be_opened_is_still_listed() -> None:
    plays = (ok([{"id": "1", "name": "a"}]), no(403, 147, "no such"))
    with Scripted(*plays) as server, console(server) as sc:
        (only,) = sc.repositories()
    assert (only.name, only.tells_update) == ("a", False)


def test_asset_lists_are_asked_as_tenable_recommends() -> None:
    with Scripted(ok({"usable": [{"id": "3", "name": "x"}]})) as server, console(server) as sc:
        assert [one.id for one in sc.asset_lists()] == [3]
        target = server.asked[0].target
    assert target.startswith("/rest/asset?filter=excludeAllDefined,usable&fields=id,")
    assert "typeFields" in target
    assert "viewableIPs" not in target


def test_one_asset_list_brings_its_addresses() -> None:
    detail = {"id": "3", "viewableIPs": [{"repository": {"id": "1"}, "ipList": "a", "ipCount": 1}]}
    with Scripted(ok(detail), ok({"id": "3"})) as server, console(server) as sc:
        with_addresses, without = sc.asset_list(3), sc.asset_list(3, viewable=False)
        assert "viewableIPs" in server.asked[0].target
        assert "viewableIPs" not in server.asked[1].target
    assert with_addresses.viewable is not None
    assert without.viewable is None


def test_who_we_are_and_how_the_console_is() -> None:
    user = {"id": "7", "username": "plumb", "role": {"id": "7", "name": "Auditor"}}
    plays = (ok(user), ok({"id": "1", "name": "Org"}), ok({"jobd": "Running"}), ok([{"id": "6"}]))
    with Scripted(*plays) as server, console(server) as sc:
        assert sc.current_user().role.name == "Auditor"
        assert sc.organization().name == "Org"
        assert sc.status().jobs == "Running"
        assert sc.plugin_families() == {6: ""}


def test_a_console_without_web_scanning_is_asked_without_that_filter_from_then_on() -> None:
    refusal = no(403, 146, "The filter 'wasVuln' is invalid (valid filters: ip, port).")
    with Scripted(refusal, ROWS, ROWS) as server, console(server) as sc:
        sc.analysis(DETAILS, 0, 10)
        sc.analysis(DETAILS, 10, 20)
        filters = [asked.json["query"]["filters"] for asked in server.asked]
    assert [len(one) for one in filters] == [1, 0, 0]


def test_another_refused_filter_does_not_cost_the_web_filter() -> None:
    refusal = no(403, 146, "The filter 'x' is invalid (valid filters: ip, wasVuln).")
    with Scripted(refusal, ROWS) as server, console(server) as sc:
        with pytest.raises(QueryRefusedError):
            sc.analysis(DETAILS, 0, 10)
        sc.analysis(DETAILS, 0, 10)
        assert len(server.asked[1].json["query"]["filters"]) == 1


@pytest.mark.parametrize(
    ("plays", "heeded"),
    [
        ([severities(1, 0, 0, 0, 0)], True),
        ([no(403, 146, "End day must be later")], False),
        ([severities(0, 0, 0, 0, 0), severities(3, 0, 0, 0, 0)], False),
        ([severities(0, 0, 0, 0, 0), severities(0, 0, 0, 0, 0)], True),
    ],
)
def test_whether_moments_work_is_found_out(plays: list[Play], *, heeded: bool) -> None:
    with Scripted(*plays) as server, console(server) as sc:
        assert sc.heeds_epochs() is heeded
        asked = server.asked[0].json["query"]["filters"][0]
    assert asked["filterName"] == "lastSeen"
    start, end = map(int, asked["value"].split("-"))
    assert start < 1_000_000_000 < time.time() < end


def test_only_one_request_is_ever_in_flight() -> None:
    plays = [Play(pieces=(answer(envelope({})),), pause=0.05) for _ in range(4)]
    with Scripted(*plays) as server, console(server) as sc:
        threads = [threading.Thread(target=sc.system) for _ in plays]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.connections == 1
        assert len(server.asked) == 4


def test_a_closed_console_can_be_asked_again_and_leaks_nothing() -> None:
    with Scripted(ok({}), ok({})) as server:
        sc = console(server)
        sc.system()
        sc.close()
        sc.system()
        sc.close()
        assert server.connections == 2
    del sc
    gc.collect()

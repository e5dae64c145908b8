"""Answers recorded from real consoles (5.8 to 5.2x), played back over a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from scripted import KEYS, Ledger, Play, Scripted, answer

from plumbline.console.client import Console, _Question
from plumbline.console.gate import ANALYSIS, TABLE, Method, Permit
from plumbline.console.query import Analysis, Tool
from plumbline.console.verdict import KeysRefusedError
from plumbline.console.wire import HostRow, decode_page, decode_response
from plumbline.domain.severity import Severity
from plumbline.errors import UsageError
from recordings import DATA

if TYPE_CHECKING:
    from pathlib import Path

PYTENABLE = DATA / "pytenable"
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.network,
    pytest.mark.skipif(not PYTENABLE.is_dir(), reason="the recordings are not here"),
]


def recorded(name: str, folder: Path = PYTENABLE) -> list[dict[str, Any]]:
    found = json.loads((folder / f"{name}.json").read_text())
    return found if isinstance(found, list) else [found]


def body(exchange: dict[str, Any]) -> bytes:
    told = exchange["response"]
    return json.dumps(told.get("body", told)).replace("/", "\\/").encode()


def played(exchange: dict[str, Any]) -> Play:
    return Play(pieces=(answer(body(exchange), exchange["response"].get("status", 200)),))


def replay(*exchanges: dict[str, Any]) -> tuple[Scripted, Console]:
    server = Scripted(*map(played, exchanges))
    return server, Console(server.connection(retries=0), KEYS, Ledger())


def is_read(method: str, path: str) -> bool:
    try:
        Permit(Method(method), path)
    except (UsageError, ValueError):
        return False
    return True


def all_reads() -> list[dict[str, Any]]:
    if not PYTENABLE.is_dir():
        return []
    every = [one for path in sorted(PYTENABLE.glob("*.json")) for one in recorded(path.stem)]
    return [one for one in every if is_read(one["request"]["method"], one["request"]["path"])]


def test_every_recorded_read_is_let_through_and_decoded_as_it_is() -> None:
    reads = all_reads()
    server, console = replay(*reads)
    with server, console:
        for exchange in reads:
            found = console._ask(_question(), lambda reply: decode_response(reply.body))
            assert found == exchange["response"]["body"]["response"]
    assert len(reads) > 20
    assert {rule.path for rule in TABLE} & {one["request"]["path"] for one in reads}


def _question() -> Any:
    return _Question(permit=ANALYSIS, body=b"{}")


def test_recorded_severities_are_counted() -> None:
    server, console = replay(*recorded("test_analysis_vulns_sumseverity_tool"))
    with server, console:
        counts = console.severity_counts(Analysis(tool=Tool.VULNDETAILS))
    assert [counts[one] for one in sorted(Severity, reverse=True)] == [19, 146, 176, 32, 1256]


def test_recorded_hosts_lose_no_field() -> None:
    known = {one.encode_name for one in msgspec.structs.fields(HostRow)}
    for exchange in recorded("test_analysis_vulns_sumip_tool"):
        page = decode_page(body(exchange), HostRow)
        rows = exchange["response"]["body"]["response"]["results"]
        assert page.total == 33
        for found, raw in zip(page.rows, rows, strict=True):
            assert set(raw) <= known
            again = msgspec.to_builtins(found)
            assert {name: again[name] for name in raw if name != "repository"} == {
                name: value for name, value in raw.items() if name != "repository"
            }
            assert again["repository"].items() <= raw["repository"].items()


def test_recorded_asset_lists_are_merged() -> None:
    (exchange,) = recorded("test_asset_lists_list_success")
    told = exchange["response"]["body"]["response"]
    server, console = replay(exchange)
    with server, console:
        lists = console.asset_lists()
    assert {str(one.id) for one in lists} == {one["id"] for one in told["usable"]}
    assert [one.id for one in lists if not one.manageable] == [0]
    assert lists[0].name == "All Defined Ranges"


@pytest.mark.parametrize("place", range(4))
def test_recorded_new_asset_lists_keep_every_field(place: int) -> None:
    exchanges = recorded("test_asset_lists_create_success")
    exchanges += recorded("test_asset_lists_create_asset_list_check_uuid")[:1]
    raw = exchanges[place]["response"]["body"]["response"]
    server, console = replay(exchanges[place])
    with server, console:
        found = console.asset_list(int(raw["id"]))
    assert found.addresses == (None if raw["ipCount"] == -1 else raw["ipCount"])
    assert json.loads(found.definition or "null") == raw["typeFields"]
    assert {name: raw[name] for name in found.extra} == found.extra
    assert found.viewable == () or all(one.repository_id for one in found.viewable or ())


def test_recorded_repositories_keep_every_field() -> None:
    listed = next(e for e in recorded("test_repositories_list_success") if _gets(e, "repository"))
    detail = next(e for e in recorded("test_repositories_details_success") if _gets(e, "ory/6"))
    raw = detail["response"]["body"]["response"]
    many = len(listed["response"]["body"]["response"])
    server, console = replay(listed, *[detail] * many)
    with server, console:
        found = console.repositories()
    assert len(found) == many
    assert found[0].findings == int(raw["vulnCount"])
    assert found[0].extra["organizations"] == raw["organizations"]


def _gets(exchange: dict[str, Any], end: str) -> bool:
    asked = exchange["request"]
    return asked["method"] == "GET" and str(asked["path"]).endswith(end)


def test_a_recorded_dead_session_is_a_refusal_of_the_keys() -> None:
    refused = next(e for e in recorded("test_system_current_locale") if _refused(e))
    server, console = replay(refused)
    with server, console, pytest.raises(KeysRefusedError) as caught:
        console.current_user()
    assert caught.value.code == 12


def _refused(exchange: dict[str, Any]) -> bool:
    return int(exchange["response"]["status"]) == 403


def test_a_recorded_console_tells_its_version_and_families() -> None:
    (system,) = recorded("test_system_details")
    (families,) = recorded("test_plugins_family_list_success")
    server, console = replay(system, families)
    with server, console:
        assert console.system().version == "5.8.0"
        assert console.plugin_families()[6] == "CGI abuses"


def test_recorded_lists_of_a_newer_console_are_read() -> None:
    exchange = recorded("asset_list", DATA / "sc_responses" / "demisto-content")[0]
    server, console = replay(exchange)
    with server, console:
        lists = console.asset_lists()
    assert [(one.id, one.addresses) for one in lists] == [(1, 141), (2, 158)]

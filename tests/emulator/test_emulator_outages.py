"""The whole console fails for a while and comes back; other processes move it by its own routes."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest
from asking import ask, connect, get, key_header, query

from plumbline.emulator import BadFaultError, Emulator, Estate

pytestmark = pytest.mark.network


def post(console: Emulator, path: str, method: str = "POST") -> Any:
    answer = ask(console, method, f"/emulator/{path}", headers={})
    assert answer.status == 200, answer.body
    return answer.json


@pytest.mark.parametrize(("fault", "status"), [("down", 503), ("maintenance", 200)])
def test_every_answer_is_a_page_for_a_while(console: Emulator, fault: str, status: int) -> None:
    console.add_fault(f"{fault}:3")
    for path in ("system", "currentUser", "repository"):
        answer = ask(console, "GET", f"/rest/{path}")
        assert answer.status == status
        assert answer.headers["Content-Type"].startswith("text/html")
        assert b"<html>" in answer.body
    assert ask(console, "POST", "/rest/analysis", query("sumseverity")).response["results"]
    assert [one.status for one in console.requests] == [status] * 3 + [200]


def test_connections_are_reset_for_a_while(console: Emulator) -> None:
    console.add_fault("gone:2")
    for _ in range(2):
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            ask(console, "GET", "/rest/system")
    assert get(console, "repository")


def test_a_time_ends_a_fault_too(console: Emulator) -> None:
    console.add_fault("down:0.3s")
    assert ask(console, "GET", "/rest/system").status == 503
    time.sleep(0.35)
    assert ask(console, "GET", "/rest/system").status == 200


def test_a_slow_console_is_slow_for_so_many_requests(console: Emulator) -> None:
    console.add_fault("slow:0.2/2")
    took = []
    for _ in range(3):
        before = time.monotonic()
        get(console, "currentUser")
        took.append(time.monotonic() - before)
    assert min(took[:2]) >= 0.2 > took[2]


def test_keys_are_refused_for_a_while_and_then_again_good(console: Emulator) -> None:
    console.add_fault("revoke-after:2/3")
    statuses = [ask(console, "GET", "/rest/currentUser").status for _ in range(7)]
    assert statuses == [200, 200, 403, 403, 403, 200, 200]


@pytest.mark.parametrize(
    "fault", ["down:soon", "slow:x", "slow:1/x", "revoke-after:1/x", "down:1m"]
)
def test_what_makes_no_sense_is_refused(console: Emulator, fault: str) -> None:
    with pytest.raises(BadFaultError):
        console.add_fault(fault)


def test_a_restart_ends_connections_refuses_new_ones_and_serves_on() -> None:
    with Emulator(Estate.generated(hosts=2), http=False) as console:
        line = connect(console)
        line.request("GET", "/rest/currentUser", None, key_header(console))
        assert line.getresponse().read()
        assert post(console, "restart?seconds=0.5") == {"seconds": 0.5}
        refused = _refusals(console, 1.5)
        assert refused
        assert get(console, "repository")
        with pytest.raises((OSError, http.client.HTTPException)):
            _asked(line, console)
        console.restart()
        assert get(console, "repository")


def _asked(line: http.client.HTTPConnection, console: Emulator) -> None:
    line.request("GET", "/rest/currentUser", None, key_header(console))
    line.getresponse()


def _refusals(console: Emulator, seconds: float) -> int:
    ends, refused = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        try:
            ask(console, "GET", "/rest/system")
        except OSError:
            refused += 1
        time.sleep(0.05)
    return refused


def test_a_console_may_be_stopped_while_it_is_down() -> None:
    console = Emulator(Estate.generated(hosts=1))
    console.start()
    post(console, "restart?seconds=60")
    time.sleep(0.4)
    before = time.monotonic()
    console.stop()
    assert time.monotonic() - before < 5


def test_every_deed_has_a_route(console: Emulator) -> None:
    estate = console.estate
    plugin = estate.view.stock.plugins.items[int(estate.view.cumulative.plugin[0])].id
    assert post(console, "evolve?change=0.1&reach=0.9")["fixed"] > 0
    limits = "repository=1&ips=10.0.0.0/8"
    accepted = post(console, f"rule?plugin={plugin}&comment=no%20matter&{limits}")
    recast = post(console, f"rule?plugin={plugin}&severity=4&comment=worse&moves=true")
    assert [one.id for one in estate.view.rules] == [accepted["id"], recast["id"]]
    assert len(post(console, f"rule?id={accepted['id']}", "DELETE")["rules"]) == 1
    assert post(console, "scan?late=2&repository=1")["repositories"] == [1]
    assert post(console, "scan?hours=40")["repositories"]
    assert post(console, "expire?active=4&mitigated=30")["purged"] > 0
    host = estate.view.stock.hosts.items[int(estate.view.cumulative.host[0])]
    assert post(console, f"retire?ip={host.ip}&repository={host.repository.id}")["retired"] > 0
    assert 2 not in post(console, "sight?hide=2&group=3&group_name=Few&role=4")["repositories"]
    whole = get(console, "currentUser?fields=group,role,responsibleAsset")
    assert (whole["group"]["name"], whole["role"]["id"]) == ("Few", "4")
    assert 2 in post(console, "sight?show=2&responsible=5&ranges=")["repositories"]
    assert get(console, "currentUser?fields=responsibleAsset")["responsibleAsset"]["id"] == "5"
    assert post(console, "feed?share=1")["plugins"] > 0
    post(console, "list?list=1&ips=10.99.0.0/16")
    assert get(console, "asset/1?fields=typeFields")["typeFields"] == {"definedIPs": "10.99.0.0/16"}
    number = post(console, "repository?name=Annex&hosts=2")["repository"]
    assert str(number) in {one["id"] for one in get(console, "repository")}
    assert len(_chronicle(console, "?happenings=none")) == len(_chronicle(console, ""))
    assert ask(console, "POST", "/emulator/scan", headers={}).status == 400
    none = ask(console, "POST", "/emulator/retire?ip=1.1.1.1&repository=1", headers={})
    assert none.status == 400


def _chronicle(console: Emulator, options: str) -> list[dict[str, Any]]:
    answer = ask(console, "GET", f"/emulator/chronicle{options}", headers={})
    lives = [json.loads(line) for line in answer.body.splitlines()]
    assert all(bool(life["happenings"]) == (not options) for life in lives)
    assert {life["state"] for life in lives} >= {"open", "fixed", "gone"}
    return lives

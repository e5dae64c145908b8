"""Envelope, headers, keep-alive, credentials and TLS of the emulated console."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
import time
from contextlib import closing

import pytest
from asking import ask, connect, get, key_header, query

from plumbline.emulator import Emulator, Estate

pytestmark = pytest.mark.network


def test_an_answer_has_exactly_six_keys_in_order_and_escaped_slashes(console: Emulator) -> None:
    answer = ask(console, "GET", "/rest/repository?fields=id,typeFields")
    assert answer.body.startswith(b'{"type":"regular","response":')
    assert list(answer.json) == [
        *("type", "response", "error_code", "error_msg", "warnings", "timestamp")
    ]
    assert b"0.0.0.0\\/0" in answer.body
    assert isinstance(answer.json["timestamp"], int)
    assert answer.json["error_code"] == 0


def test_a_refusal_has_the_same_keys_and_an_empty_response(console: Emulator) -> None:
    answer = ask(console, "GET", "/rest/asset/999")
    assert answer.status == 403
    assert list(answer.json)[1] == "response"
    assert answer.response == ""
    assert answer.json["error_code"] == 147
    assert answer.json["error_msg"].endswith("\n")


def test_headers_are_those_of_the_product(console: Emulator) -> None:
    headers = ask(console, "GET", "/rest/currentUser").headers
    assert headers["Server"] == "Apache"
    assert headers["SecurityCenter"] == "6.6.0"
    assert headers["Keep-Alive"] == "timeout=15, max=100"
    assert headers["Content-Type"] == "application/json"


def test_small_bodies_have_a_length_and_large_ones_come_in_chunks(console: Emulator) -> None:
    assert "Content-Length" in ask(console, "GET", "/rest/currentUser").headers
    large = ask(console, "POST", "/rest/analysis", query("vulndetails"))
    assert large.headers["Transfer-Encoding"] == "chunked"


def test_max_counts_down_and_the_last_request_closes_the_connection(console: Emulator) -> None:
    console.set_keep_alive(requests=2)
    with closing(connect(console)) as line:
        seen = []
        for _ in range(3):
            line.request("GET", "/rest/system")
            answer = line.getresponse()
            answer.read()
            seen.append((answer.getheader("Keep-Alive"), answer.getheader("Connection")))
    assert seen == [
        ("timeout=15, max=2", "Keep-Alive"),
        ("timeout=15, max=1", "Keep-Alive"),
        (None, "close"),
    ]


def test_an_idle_connection_is_closed(console: Emulator) -> None:
    console.set_keep_alive(seconds=0.1)
    with closing(connect(console)) as line:
        line.request("GET", "/rest/system")
        line.getresponse().read()
        time.sleep(0.4)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            _read_system(line)


def _read_system(line: http.client.HTTPConnection) -> None:
    line.request("GET", "/rest/system")
    line.getresponse()


def test_the_system_answers_without_keys_and_nothing_else_does(console: Emulator) -> None:
    assert ask(console, "GET", "/rest/system", headers={}).response["version"] == "6.6.0"
    for path in ("status", "currentUser", "repository", "asset"):
        answer = ask(console, "GET", f"/rest/{path}", headers={})
        assert (answer.status, answer.json["error_code"]) == (403, 12)
        assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"


@pytest.mark.parametrize(
    "form",
    [
        "accesskey={a}; secretkey={s};",
        "accessKey={a}; secretKey={s}",
        "accesskey={a};secretkey={s};",
        " ACCESSKEY = {a} ;  SecretKey={s} ; ",
    ],
)
def test_the_key_header_is_read_in_every_form_in_use(console: Emulator, form: str) -> None:
    value = form.format(a=console.access_key, s=console.secret_key)
    assert ask(console, "GET", "/rest/currentUser", headers={"x-apikey": value}).status == 200


def test_wrong_keys_are_refused_with_403_code_74_typed_as_html(console: Emulator) -> None:
    wrong = {"x-apikey": f"accesskey={console.access_key}; secretkey=nothing;"}
    answer = ask(console, "GET", "/rest/currentUser", headers=wrong)
    assert (answer.status, answer.json["error_code"]) == (403, 74)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert ask(console, "GET", "/rest/system", headers=wrong).status == 403


@pytest.mark.parametrize("session", [{"Cookie": "TNS_SESSIONID=abc"}, {"X-SecurityCenter": "12"}])
def test_keys_beside_a_session_are_a_bad_request(
    console: Emulator, session: dict[str, str]
) -> None:
    answer = ask(console, "GET", "/rest/currentUser", headers=key_header(console) | session)
    assert answer.status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/rest/asset"),
        ("PATCH", "/rest/asset/1"),
        ("DELETE", "/rest/repository/1"),
        ("PUT", "/rest/plugin/1"),
        ("POST", "/rest/analysis/download"),
        ("POST", "/rest/token"),
    ],
)
def test_every_write_is_refused_and_counted(console: Emulator, method: str, path: str) -> None:
    before = list(console.estate.rows())
    assert ask(console, method, path, {}).status == 403
    assert console.writes_refused == 1
    assert list(console.estate.rows()) == before


def test_reading_counts_no_write(console: Emulator) -> None:
    get(console, "asset")
    ask(console, "POST", "/rest/analysis", query("sumseverity"))
    ask(console, "POST", "/rest/hosts/search", {"filters": {}})
    assert console.writes_refused == 0


def test_requests_are_remembered_without_keys(console: Emulator) -> None:
    ask(console, "POST", "/rest/analysis", query("sumip", ("severity", "=", "4"), end=7))
    get(console, "repository?fields=id")
    first, second = console.requests
    assert (first.method, first.path, first.status) == ("POST", "/rest/analysis", 200)
    assert first.summary == "sumip cumulative [0, 7) severity=4"
    assert second.summary == "fields=id"
    assert console.secret_key not in repr(console.requests)


def test_tls_has_a_certificate_for_loopback_and_tells_its_fingerprint() -> None:
    with Emulator(Estate.generated(hosts=1), http=False) as console:
        assert console.url.startswith("https://127.0.0.1:")
        assert get(console, "currentUser")["status"] == "0"
        der = ssl.PEM_cert_to_DER_cert(console.certificate_pem)
        assert console.fingerprint == hashlib.sha256(der).hexdigest()
        with pytest.raises(ssl.SSLCertVerificationError):
            _handshake(console, ssl.create_default_context())
        _handshake(console, ssl.create_default_context(cadata=console.certificate_pem))


def _handshake(console: Emulator, trust: ssl.SSLContext) -> None:
    with (
        socket.create_connection(("127.0.0.1", console.port), timeout=5) as plain,
        trust.wrap_socket(plain, server_hostname="localhost"),
    ):
        pass


def test_the_keys_follow_the_seed_unless_given() -> None:
    made = [Emulator(Estate.generated(hosts=1, seed=seed)) for seed in (7, 7, 8)]
    given = Emulator(Estate.generated(hosts=1), keys=("a" * 32, "b" * 32))
    for console in (*made, given):
        console.stop()
    assert made[0].access_key == made[1].access_key != made[2].access_key
    assert len(made[0].secret_key) == 32
    assert given.access_key == "a" * 32


def test_it_listens_on_loopback_only(console: Emulator) -> None:
    assert console._server.socket.getsockname()[0] == "127.0.0.1"


def test_another_process_can_move_spoil_and_check_it(console: Emulator) -> None:
    truth = ask(console, "GET", "/emulator/truth?source=cumulative", headers={})
    rows = [json.loads(line) for line in truth.body.splitlines()]
    assert rows == list(console.estate.rows())
    moved = ask(console, "POST", "/emulator/evolve?days=2", headers={})
    assert moved.json["days"] == 2
    assert ask(console, "POST", "/emulator/fault?name=locked-200", headers={}).status == 200
    spoiled = ask(console, "POST", "/rest/analysis", query("sumseverity"))
    assert "database is locked" in spoiled.json["error_msg"]
    assert ask(console, "DELETE", "/emulator/fault", headers={}).status == 200
    assert ask(console, "POST", "/emulator/fault?name=nonsense", headers={}).status == 400
    assert ask(console, "GET", "/emulator/requests", headers={}).json["writes_refused"] == 0

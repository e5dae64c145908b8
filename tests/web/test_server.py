"""The server: its certificate, its manners, and the first administrator's link."""

from __future__ import annotations

import http.client
import socket
import ssl
import stat
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.errors import ConfigurationError
from plumbline.web import certificate
from plumbline.web.certificate import Pair, own
from plumbline.web.frame import Face, key, names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from town import Town

    from plumbline.web.server import Server


def test_a_certificate_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    pair = own(tmp_path, ("localhost", "127.0.0.1", "[::1]"))
    assert stat.S_IMODE(pair.key.stat().st_mode) == 0o600
    first = pair.fingerprint()
    assert own(tmp_path, ("localhost",)).fingerprint() == first
    assert len(first.split(":")) == 32
    pair.context()


def test_one_that_is_nearly_over_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate, "_DAYS", 10)
    first = own(tmp_path, ("localhost",)).fingerprint()
    monkeypatch.undo()
    assert own(tmp_path, ("localhost",)).fingerprint() != first


def test_files_that_do_not_belong_together_are_told(tmp_path: Path) -> None:
    one, other = own(tmp_path / "a", ("a",)), own(tmp_path / "b", ("b",))
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Pair(one.certificate, other.key).context()
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Pair(tmp_path / "nothing", other.key).context()
    (tmp_path / "text").write_text("no certificate")
    with pytest.raises(ConfigurationError, match="holds no certificate"):
        Pair(tmp_path / "text", other.key).fingerprint()


def test_the_key_of_cookies_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    first = key(tmp_path / "home")
    assert key(tmp_path / "home") == first
    file = tmp_path / "home/web.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("")
    with pytest.raises(ConfigurationError, match="holds no key"):
        key(tmp_path / "home")


def test_the_site_answers_to_this_machine_and_what_is_set(town: Town) -> None:
    from dataclasses import replace  # noqa: PLC0415

    told = names(
        replace(town.settings, web_hosts="Plumb.Example, other"), Face(hosts=("10.1.2.3",))
    )
    assert {"localhost", "127.0.0.1", "10.1.2.3", "plumb.example", "other"} <= set(told)


@pytest.fixture
def server(town: Town, tmp_path: Path) -> Iterator[tuple[Server, Pair]]:
    from plumbline.web.server import Place, Server  # noqa: PLC0415

    pair = own(tmp_path, ("localhost", "127.0.0.1"))
    place = Place(host="127.0.0.1", port=0, pair=pair)
    with Server(town.settings, place) as running:
        yield running, pair


def ask(server: Server, pair: Pair, path: str, **more: Any) -> http.client.HTTPResponse:
    context = ssl.create_default_context(cafile=str(pair.certificate))
    line = http.client.HTTPSConnection("localhost", server.port, timeout=10, context=context)
    with closing(line):
        line.request("GET", path, headers={"Host": f"localhost:{server.port}", **more})
        answer = line.getresponse()
        answer.read()
        return answer


@pytest.mark.network
def test_it_serves_by_tls_with_its_own_certificate(server: tuple[Server, Pair]) -> None:
    answer = ask(*server, "/healthz")
    assert answer.status == 200
    assert answer.headers["Server"] == "plumbline"
    static = ask(*server, "/static/plumbline.css")
    assert static.status == 200
    assert "max-age" in static.headers["Cache-Control"]
    assert server[0].url("localhost").startswith("https://localhost:")


@pytest.mark.network
def test_who_says_nothing_keeps_nobody_waiting(server: tuple[Server, Pair]) -> None:
    silent = [socket.create_connection(("127.0.0.1", server[0].port)) for _ in range(3)]
    began = time.monotonic()
    assert ask(*server, "/healthz").status == 200
    assert time.monotonic() - began < 5
    for line in silent:
        line.close()


@pytest.mark.network
def test_plain_http_is_not_served_beside_it(server: tuple[Server, Pair]) -> None:
    with socket.create_connection(("127.0.0.1", server[0].port), timeout=10) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        told = line.recv(1_000)
    assert b"200 OK" not in told
    assert ask(*server, "/healthz").status == 200


# The server's library leaves the socket it could not bind to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.network
def test_a_port_that_is_taken_is_told(town: Town) -> None:
    from plumbline.web.server import Place, Server  # noqa: PLC0415

    taken = socket.create_server(("127.0.0.1", 0))
    place = Place(host="127.0.0.1", port=taken.getsockname()[1], pair=None)
    with taken, pytest.raises(ConfigurationError, match="cannot be listened on"):
        Server(town.settings, place)

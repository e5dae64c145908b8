"""Whom the client believes, over real TLS."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import pytest
from scripted import KEYS, Ledger, Scripted, ok

from certificates import Authority, Identity, make_identity
from plumbline.console.client import Console
from plumbline.console.client_certificate import read_client_certificate
from plumbline.console.tls import context, fetch_certificate, fingerprint, objection
from plumbline.domain.connection import Address, Connection, Manners, Trust, TrustKind
from plumbline.errors import ConfigurationError, PlumblineError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls") / "console.pem")


def pinned(sha256: str) -> Trust:
    return Trust(kind=TrustKind.FINGERPRINT, value=sha256)


def ask(server: Scripted, trust: Trust | None = None) -> None:
    with Console(server.connection(trust), KEYS, Ledger(), sleep=lambda _: None) as sc:
        sc.system()


def test_a_certificate_nobody_vouches_for_is_refused_before_a_key_is_sent(
    identity: Identity,
) -> None:
    with Scripted(ok({}), tls=identity.server) as server:
        with pytest.raises(UnreachableError, match="not trusted") as caught:
            ask(server)
        assert server.asked == []
    assert "pin" in caught.value.advice


def test_the_authority_given_is_believed(identity: Identity) -> None:
    with Scripted(ok({}), tls=identity.server) as server:
        ask(server, Trust(kind=TrustKind.CA_FILE, value=str(identity.path)))
        assert len(server.asked) == 1


def test_the_authority_given_does_not_speak_for_another_host(tmp_path: Path) -> None:
    other = make_identity(tmp_path / "other.pem", host="10.9.9.9")
    with Scripted(ok({}), tls=other.server) as server:
        with pytest.raises(UnreachableError, match="not trusted"):
            ask(server, Trust(kind=TrustKind.CA_FILE, value=str(other.path)))
        assert server.asked == []


@pytest.mark.parametrize("spelling", ["plain", "colons"])
def test_the_pinned_certificate_is_believed_whatever_its_name_and_end(
    tmp_path: Path, spelling: str
) -> None:
    old = make_identity(tmp_path / "old.pem", host="10.9.9.9", days=-30)
    digits = old.sha256
    if spelling == "colons":
        digits = ":".join(digits[place : place + 2].upper() for place in range(0, 64, 2))
    with Scripted(ok({}), tls=old.server) as server:
        ask(server, pinned(digits))
        assert len(server.asked) == 1


def test_another_certificate_than_the_pinned_one_gets_no_key(
    identity: Identity, tmp_path: Path
) -> None:
    other = make_identity(tmp_path / "other.pem")
    with Scripted(ok({}), tls=identity.server) as server:
        with pytest.raises(UnreachableError, match="not the pinned one") as caught:
            ask(server, pinned(other.sha256))
        assert server.asked == []
    assert caught.value.unchanged == "No key was sent."


def test_a_distrusted_certificate_is_not_tried_again(identity: Identity) -> None:
    with Scripted(ok({}), tls=identity.server) as server:
        with pytest.raises(UnreachableError):
            ask(server)
        assert server.connections <= 1


def test_believing_anyone_is_said_loudly_and_once(
    identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    trust = Trust(kind=TrustKind.INSECURE)
    with Scripted(ok({}), ok({}), tls=identity.server) as server:
        connection = server.connection(trust)
        with caplog.at_level(logging.WARNING), Console(connection, KEYS, Ledger()) as sc:
            sc.system()
            sc.system()
    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "lab trusts any certificate" in caplog.text


@pytest.mark.parametrize("value", ["", "abc", "g" * 64, "a" * 63])
def test_a_fingerprint_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="64 hex digits"):
        fingerprint(pinned(value))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        context(Trust(kind=TrustKind.CA_FILE, value=str(path)))


def test_a_certificate_can_be_looked_at_without_believing_it(identity: Identity) -> None:
    with Scripted(tls=identity.server) as server:
        found = fetch_certificate(Address(url=server.url))
    assert found.sha256 == identity.sha256
    assert found.fingerprint.replace(":", "").lower() == identity.sha256
    assert found.subject == found.issuer == "CN=console.example.test"
    assert found.self_signed
    assert found.names == ("127.0.0.1",)
    assert (found.not_after - found.not_before).days > 365


def test_the_objection_says_why_a_certificate_is_not_believed(
    identity: Identity, tmp_path: Path
) -> None:
    expired = make_identity(tmp_path / "old.pem", days=-3)
    with Scripted(tls=identity.server) as server:
        assert "self-signed" in objection(Address(url=server.url)).replace(" ", "-")
        assert objection(Address(url=server.url, trust=pinned(identity.sha256))) == ""
        assert "pinned" in objection(Address(url=server.url, trust=pinned(expired.sha256)))
    with Scripted(tls=expired.server) as server:
        trust = Trust(kind=TrustKind.CA_FILE, value=str(expired.path))
        assert "expired" in objection(Address(url=server.url, trust=trust))


def test_a_host_without_tls_has_no_certificate() -> None:
    with Scripted() as server, pytest.raises(UnreachableError, match="No TLS handshake"):
        fetch_certificate(Address(url=server.url.replace("http:", "https:")), timeout=2)


class Proxy:
    """Answers CONNECT as told, then carries bytes both ways to the given port."""

    def __init__(self, port: int, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> None:
        self.heads: list[bytes] = []
        self._port, self._answer = port, answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(line,), daemon=True).start()

    def _carry(self, line: socket.socket) -> None:
        with line, socket.create_connection(("127.0.0.1", self._port)) as console:
            head = b""
            while b"\r\n\r\n" not in head:
                head += line.recv(4096)
            self.heads.append(head)
            line.sendall(self._answer)
            back = threading.Thread(target=_copy, args=(console, line), daemon=True)
            back.start()
            _copy(line, console)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def through(proxy: str, trust: Trust | None = None) -> Connection:
    """A console that only the proxy can find."""
    return Connection(
        name="lab",
        address=Address(url="https://sc.example.test", proxy=proxy, trust=trust or Trust()),
        manners=Manners(retries=0, connect_timeout=5.0, read_timeout=5.0),
    )


def test_a_proxy_gets_its_credentials_and_never_a_key(identity: Identity) -> None:
    with Scripted(ok({}), tls=identity.server) as server, Proxy(server.port) as proxy:
        connection = through(f"http://joe:word@{proxy.address}", pinned(identity.sha256))
        with Console(connection, KEYS, Ledger()) as sc:
            sc.system()
        (head,) = proxy.heads
        assert "proxy-authorization" not in server.asked[0].headers
        assert server.asked[0].headers["x-apikey"]
    assert head.startswith(b"CONNECT sc.example.test:443 HTTP/1.")
    assert b"Proxy-Authorization: Basic am9lOndvcmQ=" in head
    assert KEYS.access.encode() not in head


def test_a_client_certificate_is_shown_through_a_proxy(identity: Identity) -> None:
    authority = Authority.made()
    mine = authority.client()
    client = read_client_certificate(mine.certificate, mine.key)
    tls = authority.demand(identity, ssl.TLSVersion.TLSv1_3)
    with Scripted(ok({}), tls=tls) as server, Proxy(server.port) as proxy:
        connection = through(f"http://{proxy.address}", pinned(identity.sha256))
        shown = replace(connection, address=replace(connection.address, client=client))
        with Console(shown, KEYS, Ledger()) as sc:
            sc.system()
        assert len(server.asked) == 1
        assert objection(shown.address) == ""
        with pytest.raises(UnreachableError, match="demands a client certificate"):
            objection(connection.address)


def test_a_certificate_can_be_looked_at_through_a_proxy(identity: Identity) -> None:
    with Scripted(tls=identity.server) as server, Proxy(server.port) as proxy:
        address = Address(url="https://sc.example.test", proxy=f"http://joe:word@{proxy.address}")
        assert fetch_certificate(address).sha256 == identity.sha256
        assert b"Proxy-Authorization: Basic am9lOndvcmQ=" in proxy.heads[0]


@pytest.mark.parametrize(
    ("status", "shown"),
    [(407, "credentials"), (403, "refuses the way"), (502, "did not reach the console")],
)
def test_a_proxy_that_does_not_let_through_is_named(
    identity: Identity, status: int, shown: str
) -> None:
    refusal = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    with Scripted(tls=identity.server) as server, Proxy(server.port, refusal) as proxy:
        connection = through(f"http://joe:hunter22@{proxy.address}")
        with (
            Console(connection, KEYS, Ledger(), sleep=lambda _: None) as sc,
            pytest.raises(PlumblineError, match=shown) as caught,
        ):
            sc.system()
    assert isinstance(caught.value, UnreachableError)
    assert "hunter22" not in repr(caught.value)

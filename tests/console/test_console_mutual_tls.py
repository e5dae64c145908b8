"""A certificate of our own, for consoles that demand one, over real TLS."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from scripted import KEYS, Ledger, Scripted, ok

from certificates import PASSWORD, Authority, Client, Identity, make_identity
from plumbline.console import client_certificate
from plumbline.console.check import Name, Verdict
from plumbline.console.client import Console
from plumbline.console.client_certificate import read_client_certificate
from plumbline.console.preflight import preflight
from plumbline.console.tls import context, describe_client, fetch_certificate, objection
from plumbline.domain.connection import ClientCertificate, Trust, TrustKind
from plumbline.errors import ConfigurationError, UnreachableError, UsageError

if TYPE_CHECKING:
    from plumbline.domain.connection import Connection

pytestmark = pytest.mark.network
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
SYSTEM = ok({"version": "6.6.0"})


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls") / "console.pem")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.made()


@pytest.fixture(scope="module")
def mine(authority: Authority) -> Client:
    return authority.client()


def read(client: Client) -> ClientCertificate:
    return read_client_certificate(client.certificate, client.key)


def to(server: Scripted, identity: Identity, client: ClientCertificate | None) -> Connection:
    found = server.connection(Trust(kind=TrustKind.FINGERPRINT, value=identity.sha256))
    return replace(found, address=replace(found.address, client=client))


def ask(connection: Connection) -> None:
    with Console(connection, KEYS, Ledger(), sleep=lambda _: None) as sc:
        sc.system()


@pytest.mark.parametrize("newest", VERSIONS)
def test_a_console_that_demands_a_certificate_is_shown_ours(
    identity: Identity, authority: Authority, mine: Client, newest: ssl.TLSVersion
) -> None:
    with Scripted(SYSTEM, tls=authority.demand(identity, newest)) as server:
        connection = to(server, identity, read(mine))
        ask(connection)
        assert len(server.asked) == 1
        assert objection(connection.address) == ""
        assert fetch_certificate(connection.address).sha256 == identity.sha256


@pytest.mark.parametrize("newest", VERSIONS)
def test_without_one_the_demand_is_told(
    identity: Identity, authority: Authority, newest: ssl.TLSVersion
) -> None:
    with Scripted(SYSTEM, tls=authority.demand(identity, newest)) as server:
        connection = to(server, identity, None)
        with pytest.raises(UnreachableError, match="demands a client certificate") as caught:
            ask(connection)
        assert "--client-certificate" in caught.value.advice
        assert server.asked == []
        with pytest.raises(UnreachableError, match="demands a client certificate"):
            objection(connection.address)


@pytest.mark.parametrize("newest", VERSIONS)
@pytest.mark.parametrize("days", [30, -3])
def test_one_that_is_refused_is_told_with_the_reason(
    identity: Identity, authority: Authority, newest: ssl.TLSVersion, days: int
) -> None:
    signer, reason = (authority, "it has expired") if days < 0 else (Authority.made("x"), "authori")
    with Scripted(SYSTEM, tls=authority.demand(identity, newest)) as server:
        connection = to(server, identity, read(signer.client(days=days)))
        with pytest.raises(UnreachableError, match="refuses the client certificate") as caught:
            ask(connection)
        assert reason in caught.value.what
        assert server.asked == []
        with pytest.raises(UnreachableError, match="refuses the client certificate"):
            objection(connection.address)


@pytest.mark.parametrize("newest", VERSIONS)
def test_the_connection_test_says_at_its_tls_check_what_is_missing(
    identity: Identity, authority: Authority, newest: ssl.TLSVersion
) -> None:
    with Scripted(SYSTEM, tls=authority.demand(identity, newest)) as server:
        checks = {c.name: c for c in preflight(to(server, identity, None), KEYS, Ledger())}
    assert checks[Name.TLS].verdict is Verdict.FAIL
    assert "demands a client certificate" in checks[Name.TLS].finding
    assert "--client-certificate" in checks[Name.TLS].remedy
    assert checks[Name.TLS].exit_code == 5
    assert checks[Name.VERSION].verdict is Verdict.SKIP


def test_a_console_that_demands_none_is_read_all_the_same(identity: Identity, mine: Client) -> None:
    with Scripted(SYSTEM, tls=identity.server) as server:
        ask(to(server, identity, read(mine)))


def test_key_and_certificate_may_lie_in_one_text_in_any_order(mine: Client) -> None:
    for text in (mine.certificate + mine.key, mine.key + mine.certificate):
        assert read_client_certificate(text) == read(mine)


def test_a_locked_key_is_opened_and_its_password_forgotten(mine: Client) -> None:
    found = read_client_certificate(mine.certificate, mine.locked, PASSWORD)
    assert found == read(mine)
    assert PASSWORD not in found.key
    assert found.key not in repr(found)


def test_a_password_for_a_key_that_has_none_does_no_harm(mine: Client) -> None:
    assert read_client_certificate(mine.certificate, mine.key, "whatever") == read(mine)


def test_the_certificate_itself_comes_before_those_above_it(
    authority: Authority, mine: Client
) -> None:
    chain = authority.pem.encode() + mine.certificate
    found = read_client_certificate(chain, mine.key)
    assert describe_client(found).subject == "CN=plumbline"
    assert found.certificate.count("BEGIN CERTIFICATE") == 2


WRONG = {
    "nothing": (b"", b"", "no certificate in PEM form"),
    "no PEM": (b"\x30\x82\x01", None, "no certificate in PEM form"),
    "no key": (None, None, "no private key"),
    "a key that is none": (
        None,
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "cannot be read",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_certificate_with_its_key_is_refused(mine: Client, case: str) -> None:
    certificate, key, said = WRONG[case]
    with pytest.raises(UsageError, match=said):
        read_client_certificate(mine.certificate if certificate is None else certificate, key)


def test_the_key_of_another_certificate_is_refused(authority: Authority, mine: Client) -> None:
    with pytest.raises(UsageError, match="does not belong"):
        read_client_certificate(mine.certificate, authority.client().key)


@pytest.mark.parametrize(("password", "said"), [("", "has a password"), ("no", "this password")])
def test_a_locked_key_needs_its_own_password(mine: Client, password: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_client_certificate(mine.certificate, mine.locked, password)
    assert "PLUMBLINE_CLIENT_KEY_PASSWORD" in caught.value.advice


def test_a_certificate_without_its_key_cannot_be_shown(mine: Client) -> None:
    client = ClientCertificate(certificate=mine.certificate.decode())
    with pytest.raises(ConfigurationError, match="not here"):
        context(Trust(), client)


def test_the_key_never_lies_readable_in_a_file(mine: Client) -> None:
    seen: dict[str, object] = {}

    class Watching(ssl.SSLContext):
        def load_cert_chain(self, *args: Any, **more: Any) -> None:
            file = Path(args[0])
            seen.update(content=file.read_bytes(), mode=file.stat().st_mode & 0o777)
            super().load_cert_chain(*args, **more)

    client_certificate.show(read(mine), Watching(ssl.PROTOCOL_TLS_CLIENT))
    content = str(seen["content"])
    assert "BEGIN ENCRYPTED PRIVATE KEY" in content
    assert "BEGIN PRIVATE KEY" not in content
    assert seen["mode"] == 0o600

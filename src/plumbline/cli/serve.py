"""`plumbline serve`: the web interface, with a worker inside."""

from __future__ import annotations

import ipaddress
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003 - read by typer
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.cli import output, session
from plumbline.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from plumbline.config.settings import Settings
    from plumbline.web.certificate import Pair
    from plumbline.web.frame import Face
    from plumbline.web.server import Server

PORT = 8834
_LASTS = timedelta(hours=24)
_ANY = ("", "0.0.0.0", "::")  # noqa: S104 - told apart, not bound
_FILE = "FILE"


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for every one of this machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes any.")
    ] = PORT,
    http: Annotated[
        bool, typer.Option("--http", help="Without TLS; on a loopback address only.")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option(metavar=_FILE, help="Certificate, with its chain, as PEM.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar=_FILE, help="Its key, as PEM without a password.")
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Do what is scheduled in `plumbline worker` only.")
    ] = False,
) -> None:
    """Serve the web interface, until it is interrupted.

    By HTTPS, with a certificate of its own that is made at first start. Where nobody can sign in
    yet, a one-time link for the first administrator is printed.
    """
    _check(host, certificate, key, http=http)
    settings = session.settings()
    face = _prepare(settings, host, tls=not http)
    pair = None if http else _pair(settings, face, certificate, key)
    from plumbline.web.companion import Companion  # noqa: PLC0415 - only when called
    from plumbline.web.server import Place, Server  # noqa: PLC0415 - the server, likewise
    from plumbline.web.warming import Warming  # noqa: PLC0415 - after the frame

    server = Server(settings, Place(host=host, port=port, pair=pair))
    _greet(server, host, pair)
    with nullcontext() if no_worker else Companion(settings), Warming():
        server.serve()


def _check(host: str, certificate: Path | None, key: Path | None, *, http: bool) -> None:
    if http and not _is_loopback(host):
        raise UsageError(
            f"--http is for loopback addresses only, and {host} is none.",
            advice="leave --http out, or put a proxy that speaks TLS before a loopback address.",
        )
    if (certificate is None) != (key is None):
        raise UsageError("--certificate and --key belong together.", advice="give both or none.")
    if http and certificate is not None:
        raise UsageError("--http needs no certificate.", advice="leave one of the two out.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _prepare(settings: Settings, host: str, *, tls: bool) -> Face:
    from plumbline.web import frame  # noqa: PLC0415 - Django, only when called

    face = frame.Face(hosts=(frame.address() if host in _ANY else _bracketed(host),), tls=tls)
    frame.prepare(settings, face)
    return face


def _pair(settings: Settings, face: Face, certificate: Path | None, key: Path | None) -> Pair:
    from plumbline.web import certificate as certificates  # noqa: PLC0415 - only when called
    from plumbline.web import frame  # noqa: PLC0415 - likewise

    if certificate is not None and key is not None:
        found = certificates.Pair(certificate, key)
    else:
        found = certificates.own(settings.home, frame.names(settings, face))
    if found.ends() < datetime.now(UTC):
        raise ConfigurationError(
            f"The certificate {found.certificate} ended on {found.ends():%Y-%m-%d}.",
            advice="put a newer one in its place.",
        )
    return found


def _greet(server: Server, host: str, pair: Pair | None) -> None:
    from plumbline.ledger.people import links, register  # noqa: PLC0415 - after the frame
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415 - likewise

    url = server.url("localhost" if host in _ANY or _is_loopback(host) else host)
    output.say(f"Plumbline is served at {url} ; Ctrl-C ends it.")
    if pair is not None:
        output.say(f"Its certificate's fingerprint (SHA-256): {pair.fingerprint()}")
    if not register.anybody():
        secret = links.make(LinkKind.FIRST, lasts=_LASTS)
        output.say("Nobody can sign in yet. Make the first administrator with this link, which")
        output.say("works once, within 24 hours:")
        # Data, for whoever reads it from a script.
        output.put(f"{url}/welcome/{secret}")
        sys.stdout.flush()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host

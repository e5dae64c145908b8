"""The emulator as tests and the command line start it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from plumbline.emulator.center import Center
from plumbline.emulator.certificate import Certificate, self_signed
from plumbline.emulator.faults import Fault, Faults
from plumbline.emulator.keys import KeyPair
from plumbline.emulator.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.emulator.center import Logged
    from plumbline.emulator.estate import Estate


class Emulator:
    """A Security Center 6.6 on loopback, serving an estate; use it as a context manager.

    `http` serves without TLS; `port` 0 takes a free one; `keys` are an access and a secret key,
    made from the estate's seed unless given; `latency` is seconds a request, `row_cost` seconds for
    each row of the repositories an analysis scans; `clients` is an authority as PEM, and callers
    have to show a certificate that it signed.

    Raises:
        OSError: the port is taken.
        BadFaultError: there is no such fault, or its argument makes no sense.
    """

    def __init__(  # noqa: PLR0913 - one thing each that a console can be like
        self,
        estate: Estate,
        *,
        http: bool = True,
        port: int = 0,
        faults: Iterable[str | Fault] = (),
        keys: tuple[str, str] | None = None,
        latency: float = 0.0,
        row_cost: float = 0.0,
        clients: str = "",
    ) -> None:
        pair = KeyPair(*keys) if keys else KeyPair.made_from(estate.seed)
        self._center = Center(
            estate, keys=pair, faults=Faults(estate, faults), latency=latency, row_cost=row_cost
        )
        self._certificate: Certificate | None = None if http else self_signed(clients)
        context = self._certificate.context if self._certificate else None
        self._server = Server(self._center, port=port, context=context)
        self._center.restart = self._server.restart

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to serve, in a thread."""
        self._server.begin()

    def stop(self) -> None:
        """Stop serving, end every connection and wait for their threads."""
        self._server.stop()

    def restart(self, seconds: float = 0.0) -> None:
        """End every connection and refuse new ones for some seconds; then serve on, as before."""
        self._server.restart(seconds)

    @property
    def url(self) -> str:
        """Base address, without `/rest`."""
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://127.0.0.1:{self._server.server_port}"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    @property
    def access_key(self) -> str:
        """The access key that is accepted."""
        return self._center.keys.access

    @property
    def secret_key(self) -> str:
        """The secret key that goes with it."""
        return self._center.keys.secret

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, 64 lower-case hex digits; empty without TLS."""
        return self._certificate.fingerprint if self._certificate else ""

    @property
    def certificate_pem(self) -> str:
        """The certificate as PEM; empty without TLS."""
        return self._certificate.pem if self._certificate else ""

    @property
    def estate(self) -> Estate:
        """What it serves, and the truth to compare with."""
        return self._center.estate

    @property
    def requests(self) -> list[Logged]:
        """Every request under `/rest` so far, oldest first; never their headers."""
        return list(self._center.requests)

    @property
    def writes_refused(self) -> int:
        """How many requests tried to change something."""
        return self._center.writes_refused

    def add_fault(self, fault: str | Fault) -> None:
        """Begin a fault, written `NAME` or `NAME:ARG`."""
        self._center.faults.add(fault)

    def clear_faults(self) -> None:
        """End all faults; what they did to the estate stays."""
        self._center.faults.clear()

    def set_pace(self, *, latency: float = 0.0, row_cost: float = 0.0) -> None:
        """Change how much time answers take, while serving."""
        self._center.latency, self._center.row_cost = latency, row_cost

    def set_keep_alive(self, *, seconds: float = 15, requests: int = 100) -> None:
        """Change how long a connection may idle, and how many requests it may carry."""
        self._server.idle_seconds, self._server.requests_a_connection = seconds, requests

"""Sends one permitted request and brings back one whole answer, or says why not.

Each request stands alone: no cookie is kept, no redirect is followed, nothing is retried here.
"""

from __future__ import annotations

import logging
from io import BytesIO
from time import perf_counter
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3 import exceptions as faults

from plumbline import __version__
from plumbline.console import fault, tls
from plumbline.console.reply import Reply, epoch
from plumbline.console.route import Route, plan
from plumbline.domain.connection import TrustKind
from plumbline.errors import ConfigurationError

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

    from plumbline.console.gate import Permit
    from plumbline.domain.connection import Address, Connection, Keys

_log = logging.getLogger(__name__)

AGENT = f"Integration/1.0 (Plumbline; Plumbline; Build/{__version__})"
"""The form Tenable asks of integrations: https://developer.tenable.com/docs/user-agent-header."""
_FIRST, _CHUNK = 1 << 12, 1 << 18
"""Bytes of the first piece read and of the largest: each read waits until its piece is whole."""
_LARGEST = 1 << 29
"""Bytes of a body above which it is given up: half a gibibyte."""
_PATIENCE = 4
"""A whole answer may take so many read timeouts: the timeout alone never ends a trickle."""


class Transport:
    """The line to one console. Not safe for threads: its owner sends one request at a time."""

    def __init__(self, connection: Connection, keys: Keys | None) -> None:
        self._address = connection.address
        self._route = plan(connection.address)
        self._patience = connection.manners.connect_timeout
        self._headers = _headers(keys)
        self._slowest = connection.manners.read_timeout * _PATIENCE
        self._pool = _open(self._route, connection)
        self._warm = False
        """Whether the last answer left a connection open, which may have died since."""
        self._answered = False

    def close(self) -> None:
        """Close the line; a later request opens it anew."""
        self._pool.clear()
        self._warm = False

    def send(self, permit: Permit, body: bytes | None = None) -> Reply:
        """Send once.

        Raises:
            StaleError: a reused connection was closed under the request; send it again at once.
            UnansweredError: nobody answered, or the connection broke before the answer.
            SlowError: the answer took longer than allowed.
            BrokenError: the body ended too early or is far too large.
            UnreachableError: TLS or the proxy refuses; asking again does not help.
        """
        began = perf_counter()
        answer = self._ask(permit, body)
        try:
            content = _drain(answer, began + self._slowest)
        except faults.HTTPError as error:
            raise fault.in_body(error) from error
        finally:
            # Given up half-read, the connection is of no more use, but its place in the pool is.
            answer.close()
            answer.release_conn()
        self._warm = self._answered = True
        return _reply(answer, content, perf_counter() - began)

    def _ask(self, permit: Permit, body: bytes | None) -> BaseHTTPResponse:
        reused, self._warm = self._warm, False
        try:
            return self._pool.urlopen(
                permit.method.value,
                self._url(permit),
                body=body,
                headers=self._headers if body is None else {**self._headers, **_JSON},
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except faults.HTTPError as error:
            raise self._cause(error) or fault.before_answer(error, reused=reused) from error

    def _cause(self, error: faults.HTTPError) -> fault.ClientCertificateError | None:
        """Whether our certificate is why a line that never gave an answer was cut."""
        cut = isinstance(error, faults.SSLError | faults.ProtocolError)
        if self._answered or not cut or not self._route.encrypted:
            return None
        return tls.refusal(self._address, self._patience)

    def _url(self, permit: Permit) -> str:
        route = self._route
        host = f"[{route.host}]" if ":" in route.host else route.host
        return f"{route.scheme}://{host}:{route.port}{route.prefix}{permit.target}"


_JSON = {"Content-Type": "application/json"}


def _headers(keys: Keys | None) -> dict[str, str]:
    """The headers of every request; the keys go here and nowhere else."""
    common = {"User-Agent": AGENT, "Accept": "application/json"}
    if keys is None:
        return common
    access, secret = _key(keys.access), _key(keys.secret)
    return {**common, "x-apikey": f"accesskey={access}; secretkey={secret};"}


def _key(key: str) -> str:
    """A key without surrounding blanks, if it can stand in a header at all."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or set(key) & set(" ;,="):
        raise ConfigurationError(
            "An API key is empty or holds characters that no key has.",
            advice="Copy both keys again from the window in which the console shows them.",
            unchanged="Nothing was sent.",
        )
    return key


def _open(route: Route, connection: Connection) -> urllib3.PoolManager:
    """The pool of one connection that trusts as told."""
    address, manners = connection.address, connection.manners
    settings: dict[str, Any] = {
        "num_pools": 1,
        "maxsize": 1,
        "timeout": urllib3.Timeout(connect=manners.connect_timeout, read=manners.read_timeout),
        "retries": False,
    }
    if route.encrypted:
        settings |= _trusting(address, connection.name)
    if route.proxy is None:
        return urllib3.PoolManager(**settings)
    return urllib3.ProxyManager(route.proxy.url, proxy_headers=route.proxy.headers, **settings)


def _trusting(address: Address, name: str) -> dict[str, Any]:
    trust = address.trust
    settings: dict[str, Any] = {"ssl_context": tls.context(trust, address.client)}
    if pinned := tls.fingerprint(trust):
        settings |= {"assert_fingerprint": pinned, "assert_hostname": False}
    if trust.kind is TrustKind.INSECURE:
        # Said once and in our own words instead of with every request.
        urllib3.disable_warnings(faults.InsecureRequestWarning)
        _log.warning(
            "Connection %s trusts any certificate: whoever stands between can read the keys", name
        )
    return settings


def _drain(answer: BaseHTTPResponse, deadline: float) -> bytes:
    """The whole body, unless it grows without end or trickles beyond the deadline.

    Pieces double, so the deadline is looked at early in a trickle; large ones cost a chunked
    body a third of the processor time that the smallest possible would.
    """
    content, size = BytesIO(), _FIRST
    while piece := answer.read(size):
        content.write(piece)
        size = min(2 * size, _CHUNK)
        if perf_counter() > deadline:
            raise fault.SlowError("The answer trickled in for too long and was given up.")
        if content.tell() > _LARGEST:
            raise fault.BrokenError(
                "The answer is larger than 512 MiB.", advice="Ask for a smaller page."
            )
    return content.getvalue()


def _reply(answer: BaseHTTPResponse, content: bytes, seconds: float) -> Reply:
    headers = answer.headers
    return Reply(
        status=answer.status,
        body=content,
        seconds=seconds,
        version=headers.get("SecurityCenter", ""),
        content_type=headers.get("Content-Type", ""),
        location=headers.get("Location", ""),
        date=epoch(headers.get("Date", "")),
        retry_after=headers.get("Retry-After", ""),
    )

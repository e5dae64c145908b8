"""Serves the site with threads, by TLS of its own."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from cheroot import wsgi
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

from plumbline.errors import ConfigurationError

if TYPE_CHECKING:
    from plumbline.config.settings import Settings
    from plumbline.web.certificate import Pair

_LOG = logging.getLogger(__name__)
_BODY_LIMIT = 64 * 1024 * 1024
"""Bytes; Django's own limits for forms are far lower."""
_HEADER_LIMIT = 64 * 1024
_PATIENCE = 10
_GRACE = 5
_QUEUE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to listen, and with which certificate; plain HTTP without one."""

    host: str
    port: int
    pair: Pair | None


class Server:
    """The site, listening from the moment it is made."""

    def __init__(self, settings: Settings, place: Place) -> None:
        self._place = place
        self._server = _Quiet(
            (place.host, place.port),
            application(),
            numthreads=settings.web_threads,
            max=settings.web_threads,
            server_name="plumbline",
            request_queue_size=_QUEUE,
            timeout=_PATIENCE,
            shutdown_timeout=_GRACE,
        )
        self._server.max_request_header_size = _HEADER_LIMIT
        self._server.max_request_body_size = _BODY_LIMIT
        self._server.ConnectionClass = _Line
        if place.pair is not None:
            self._server.ssl_adapter = _adapter(place.pair)
        self._thread: Thread | None = None
        self._listen()

    @property
    def port(self) -> int:
        """The port, which the system may have chosen."""
        return int(self._server.socket.getsockname()[1])

    def url(self, host: str) -> str:
        """The address of the site under a name of this machine."""
        scheme = "http" if self._place.pair is None else "https"
        shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{scheme}://{shown}:{self.port}"

    def serve(self) -> None:
        """Serve until the process is asked to end."""
        try:
            self._server.serve()
        finally:
            self.stop()

    def stop(self) -> None:
        """Let what is under way end, for a few seconds at most, and stop listening."""
        self._server.stop()

    def __enter__(self) -> Self:
        """Serve from a thread of its own."""
        self._thread = Thread(target=self._server.serve, name="plumbline-web", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and wait for the thread."""
        self.stop()
        if self._thread is not None:
            self._thread.join(_GRACE)

    def _listen(self) -> None:
        try:
            self._server.prepare()
        except OSError as error:
            place = self._place
            raise ConfigurationError(
                f"{place.host} port {place.port} cannot be listened on: {error.strerror or error}.",
                advice="another --port; ports below 1024 are for root alone.",
            ) from error


class _Quiet(wsgi.Server):
    """Tells its troubles to the log, not to the terminal."""

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 - its parent's form
        _LOG.log(level, "%s", msg, exc_info=traceback)


class _Line(HTTPConnection):
    """Shakes hands before the first request; who does not speak TLS is left alone."""

    shaken = False

    def communicate(self) -> bool:
        """Serve the next request; whether the connection stays open."""
        if not self.shaken and isinstance(self.socket, ssl.SSLSocket):
            try:
                self.socket.do_handshake()
            except OSError as error:
                _LOG.debug("No handshake with %s: %s", self.remote_addr, error)
                return False
        self.shaken = True
        return bool(super().communicate())  # type: ignore[no-untyped-call]


class _Patient(BuiltinSSLAdapter):
    """Leaves the handshake to the thread that serves the connection.

    Its parent shakes hands where connections are accepted: one client that connects and says
    nothing would keep everybody else waiting.
    """

    def wrap(self, sock: Any) -> tuple[Any, dict[str, Any]]:
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


def application() -> Any:
    """The site as WSGI."""
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - after `frame.prepare`

    return get_wsgi_application()


def _adapter(pair: Pair) -> BuiltinSSLAdapter:
    context: ssl.SSLContext = pair.context()
    adapter = _Patient(str(pair.certificate), str(pair.key))
    adapter.context = context
    return adapter

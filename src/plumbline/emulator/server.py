"""The HTTP server: keep-alive as Apache does it, TLS, and cuts where a fault wants them."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import struct
import sys
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from plumbline.emulator import control, routes
from plumbline.emulator.center import Center, Request, reason
from plumbline.emulator.wire import HTML, Manner, Reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

log = logging.getLogger(__name__)

IDLE_SECONDS = 15
REQUESTS_A_CONNECTION = 100
"""`max` counts down from here to 1; the answer after that closes the connection."""
BUSY_SECONDS = 300
"""How long a client may take to read an answer."""
CHUNK = 65_536
SMALL = 8_192
"""Larger bodies go in chunks."""
STEPS = 20
"""Pieces in which a slow body is sent."""

_USUAL = (
    ("Cache-Control", "no-store, no-cache, must-revalidate"),
    ("Pragma", "no-cache"),
    ("Expires", "Thu, 19 Nov 1981 08:52:00 GMT"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        """Shake hands in the connection's own thread, so that a slow client holds up nobody."""
        self.request.settimeout(self.server.idle_seconds)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        self.served = 0
        super().setup()

    def handle_one_request(self) -> None:
        """Wait for a request no longer than a connection may be idle."""
        if self.served:
            self.connection.settimeout(self.server.idle_seconds)
        super().handle_one_request()

    def _serve(self) -> None:
        self.connection.settimeout(BUSY_SECONDS)
        self.served += 1
        self.close_connection |= self.served > self.server.requests_a_connection
        self._send(self._answer(self._request()))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        return Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
        )

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith("/emulator/"):
            return control.handle(request, self.server.center)
        if request.path.startswith("/rest/"):
            return routes.handle(request, self.server.center)
        page = b"<!DOCTYPE html><html><head><title>Security Center</title></head></html>\n"
        found = request.path == "/"
        return Reply(status=200 if found else 404, body=page, content_type=HTML, versioned=False)

    def _send(self, reply: Reply) -> None:
        if reply.manner is Manner.RESET:
            self._reset()
            return
        if isinstance(reply.body, bytes) and reply.manner is Manner.WHOLE and not reply.trickle:
            self._send_at_once(reply, reply.body)
        elif reply.manner is Manner.WHOLE and not reply.trickle:
            self._send_in_chunks(reply, _gathered(_pieces(reply.body)))
        else:
            self._send_spoiled(reply, b"".join(_pieces(reply.body)))

    def _send_at_once(self, reply: Reply, body: bytes) -> None:
        if len(body) > SMALL:
            self._send_in_chunks(reply, _gathered([body]))
            return
        head = self._head(reply, ("Content-Length", str(len(body))))
        self.wfile.write(head if self.command == "HEAD" else head + body)

    def _send_in_chunks(self, reply: Reply, chunks: Iterable[bytes]) -> None:
        self.wfile.write(self._head(reply, ("Transfer-Encoding", "chunked")))
        if self.command == "HEAD":
            return
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def _send_spoiled(self, reply: Reply, body: bytes) -> None:
        if reply.manner is Manner.TRUNCATED:
            body = body[: len(body) // 2]
        self.wfile.write(self._head(reply, ("Content-Length", str(len(body)))))
        if reply.manner is Manner.RESET_BODY:
            self.wfile.write(body[: len(body) // 2])
            self._reset()
            return
        step = max(1, -(-len(body) // STEPS))
        for start in range(0, len(body), step):
            self.server.center.pause(reply.trickle / STEPS)
            self.wfile.write(body[start : start + step])

    def _head(self, reply: Reply, length: tuple[str, str]) -> bytes:
        center = self.server.center
        lines = [
            f"HTTP/1.1 {reply.status} {reason(reply.status)}",
            f"Date: {formatdate(center.clock, usegmt=True)}",
            "Server: Apache",
        ]
        headers = [*_USUAL, *reply.headers, length, *self._keep_alive()]
        if reply.versioned and (version := center.version("header")):
            headers.insert(0, ("SecurityCenter", version))
        headers.append(("Content-Type", reply.content_type))
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _keep_alive(self) -> list[tuple[str, str]]:
        if self.close_connection:
            return [("Connection", "close")]
        left = self.server.requests_a_connection - self.served + 1
        seconds = f"{self.server.idle_seconds:g}"
        return [
            ("Keep-Alive", f"timeout={seconds}, max={left}"),
            ("Connection", "Keep-Alive"),
        ]

    def _reset(self) -> None:
        """Cut the connection so that the other side sees a reset, not an end."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base
        """Keep the console quiet; `requests` of the emulator remembers everything."""
        log.debug(format, *args)


def _pieces(body: bytes | Iterable[bytes]) -> Iterable[bytes]:
    return [body] if isinstance(body, bytes) else body


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces joined until each is worth a chunk."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


class Server(ThreadingHTTPServer):
    """Listens on loopback, a thread a connection; all of them end when it is closed."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, center: Center, *, port: int, context: ssl.SSLContext | None) -> None:
        self.center = center
        self.idle_seconds: float = IDLE_SECONDS
        self.requests_a_connection = REQUESTS_A_CONNECTION
        self._context = context
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._turning = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        """Bind without asking the network for this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; TLS is agreed on later."""
        connection, address = self.socket.accept()
        if self._context is not None:
            connection = self._context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self._guard:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that is done with."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of ours; anything else is, and is told."""
        del request
        error = sys.exception()
        if isinstance(error, OSError):
            log.debug("the connection of %s ended", client_address)
        else:
            log.error("a request of %s failed", client_address, exc_info=error)

    def begin(self) -> None:
        """Serve, in a thread."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self._thread.start()

    def end(self) -> None:
        """Stop serving; connections that are open stay so."""
        if self._thread is not None and self._thread.is_alive():
            self.shutdown()
            self._thread.join()

    def restart(self, seconds: float) -> None:
        """End all connections and refuse others for some seconds, as a console that restarts."""
        with self._turning:
            if self.center.stopping.is_set():
                return
            self.end()
            self.socket.close()
            self.close_connections()
            self.center.pause(seconds)
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
            self.server_activate()
            self.begin()

    def stop(self) -> None:
        """Serve no more, for good."""
        self.center.stopping.set()
        with self._turning:
            self.end()
            self.close_connections()
            self.server_close()

    def close_connections(self) -> None:
        """End the connections that clients keep alive."""
        with self._guard:
            waiting = list(self._open)
        for connection in waiting:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("a connection was already gone")

"""A server that plays given answers in order, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from plumbline.domain.connection import Address, Connection, Keys, Manners, Trust

if TYPE_CHECKING:
    import ssl

    from plumbline.domain.request import RequestRecord

KEYS = Keys("a" * 31 + "1", "b" * 31 + "2")


@dataclass(frozen=True, kw_only=True)
class Play:
    """One answer: raw bytes in pieces, with a pause before each, and how the line ends."""

    pieces: tuple[bytes, ...] = ()
    pause: float = 0.0
    pauses: tuple[float, ...] = ()
    """Before each piece, where they differ."""
    then: str = "keep"
    """keep, close, or reset (the peer sees "connection reset")."""


@dataclass(frozen=True)
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(
    body: bytes | str,
    status: int = 200,
    *,
    kind: str = "application/json",
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    told = {
        "Content-Type": kind,
        "Content-Length": str(len(content) if length is None else length),
        "SecurityCenter": "6.6.0",
        "Set-Cookie": "TNS_SESSIONID=abcdef; path=/; secure; HttpOnly",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content


def envelope(response: Any, code: int = 0, said: str = "") -> bytes:
    whole = {
        "type": "regular",
        "response": response,
        "error_code": code,
        "error_msg": said,
        "warnings": [],
        "timestamp": int(time.time()),
    }
    return json.dumps(whole).replace("/", "\\/").encode()


def ok(response: Any, **more: Any) -> Play:
    return Play(pieces=(answer(envelope(response), **more),))


def no(status: int, code: int = 0, said: str = "", **more: Any) -> Play:
    return Play(pieces=(answer(envelope("", code, said), status, **more),))


def page(rows: list[Any], total: Any = None, **more: Any) -> Play:
    told = {"returnedRecords": len(rows), "startOffset": "0", "endOffset": "5", "results": rows}
    return ok({"totalRecords": str(len(rows)) if total is None else total, **told}, **more)


def severities(*counts: int) -> Play:
    """Counts from critical down to info."""
    rows = [
        {"severity": {"id": str(4 - place), "name": "x", "description": "x"}, "count": str(count)}
        for place, count in enumerate(counts)
    ]
    return page(rows)


def html(status: int) -> Play:
    text = "<html><body><h1>Service <b>Unavailable</b></h1></body></html>"
    return Play(pieces=(answer(text, status, kind="text/html"),))


RESET = Play(then="reset")
CLOSED = Play(then="close")


@dataclass
class Ledger:
    """Keeps every record in a list."""

    records: list[RequestRecord] = field(default_factory=list)

    def record(self, request: RequestRecord) -> None:
        self.records.append(request)

    @property
    def outcomes(self) -> list[str]:
        return [one.outcome for one in self.records]


class Scripted:
    """Plays each answer once, in the order given; unscripted requests get HTTP 599."""

    def __init__(self, *plays: Play, tls: ssl.SSLContext | None = None) -> None:
        self.plays = deque(plays)
        self.asked: list[Asked] = []
        self.connections = 0
        self.mistakes: list[BaseException | None] = []
        self._server = _Server(self)
        self._scheme = "http"
        if tls:
            self._scheme = "https"
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert not self.mistakes, self.mistakes

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def connection(self, trust: Trust | None = None, **manners: Any) -> Connection:
        kept = {"retries": 3, "connect_timeout": 5.0, "read_timeout": 5.0, **manners}
        address = Address(url=self.url, trust=trust or Trust())
        return Connection(name="lab", address=address, manners=Manners(**kept))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, script: Scripted) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script

    def handle_error(self, *_: object) -> None:
        """Broken lines are the point of the exercise; anything else is a mistake of the test."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.script.mistakes.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.script.connections += 1

    def do_GET(self) -> None:
        self._play()

    def do_POST(self) -> None:
        self._play()

    def log_message(self, *_: object) -> None:
        """Silent."""

    def _play(self) -> None:
        script = self.server.script
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        script.asked.append(Asked(self.command, self.path, headers, body))
        play = script.plays.popleft() if script.plays else Play(pieces=(answer("", 599),))
        pauses = play.pauses or (play.pause,) * len(play.pieces)
        for pause, piece in zip(pauses, play.pieces, strict=True):
            time.sleep(pause)
            self.wfile.write(piece)
        self._end(play.then)

    def _end(self, then: str) -> None:
        self.close_connection = then != "keep"
        if then == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

"""How Security Center writes JSON: compact, escaped slashes, in an envelope of six keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

JSON = "application/json"
HTML = "text/html; charset=UTF-8"

SEVERITIES: tuple[dict[str, str], ...] = (
    {"id": "0", "name": "Info", "description": "Informative"},
    {"id": "1", "name": "Low", "description": "Low Severity"},
    {"id": "2", "name": "Medium", "description": "Medium Severity"},
    {"id": "3", "name": "High", "description": "High Severity"},
    {"id": "4", "name": "Critical", "description": "Critical Severity"},
)
RISK_FACTORS = ("None", "Low", "Medium", "High", "Critical")
PROTOCOLS: dict[int, str] = {0: "UNKNOWN", 1: "ICMP", 6: "TCP", 17: "UDP"}
NUMBERS = {name: number for number, name in PROTOCOLS.items()}


def dump(value: Any) -> bytes:
    """Write a value as the console does; slashes occur in strings only, so escape them last."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def members(fields: dict[str, Any]) -> bytes:
    """Write the members of an object without its braces, and a comma after the last."""
    return dump(fields)[1:-1] + b","


class Manner(Enum):
    """How a reply goes over the wire."""

    WHOLE = "whole"
    RESET = "reset"
    """The connection is reset before a byte of the answer."""
    RESET_BODY = "reset-body"
    """The connection is reset in the middle of the body."""
    TRUNCATED = "truncated"
    """HTTP is right, but the text ends in the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent back: a status, a body at once or in pieces, and unusual headers."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    versioned: bool = True
    """Whether the `SecurityCenter` header is sent."""
    manner: Manner = Manner.WHOLE
    trickle: float = 0.0
    """Seconds over which the body is drawn out."""


class Refusal(Exception):  # noqa: N818 - it is the console's refusal, not an error of ours
    """The console refuses a request: status, its own error code and text."""

    def __init__(
        self, message: str, *, code: int, status: int = 403, content_type: str = JSON
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.content_type = content_type


def _tail(code: int, message: str, timestamp: int) -> bytes:
    return b',"error_code":%d,"error_msg":%s,"warnings":[],"timestamp":%d}' % (
        code,
        dump(message),
        timestamp,
    )


def success(response: Any, timestamp: int) -> Reply:
    """Answer 200 with the response in its envelope."""
    return Reply(body=b'{"type":"regular","response":' + dump(response) + _tail(0, "", timestamp))


def streamed(pieces: Iterable[bytes], timestamp: int) -> Reply:
    """Answer 200 with a response that is already JSON and comes in pieces."""

    def body() -> Iterator[bytes]:
        yield b'{"type":"regular","response":'
        yield from pieces
        yield _tail(0, "", timestamp)

    return Reply(body=body())


def refused(refusal: Refusal, timestamp: int) -> Reply:
    """Answer a refusal: the same six keys, an empty response."""
    body = b'{"type":"regular","response":""' + _tail(refusal.code, refusal.message, timestamp)
    return Reply(status=refusal.status, body=body, content_type=refusal.content_type)

"""One request to a console, as the request ledger keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """What was asked and what came back, without any secret."""

    at: datetime
    method: str
    path: str
    summary: str
    """The query in short: tool, source, filters, window; never a key."""
    status: int
    """HTTP status; 0 when no answer came."""
    received: int
    """Bytes of the body."""
    seconds: float
    attempt: int
    """1 for the first try."""
    outcome: str
    """`ok`, or the fault in a few words."""


class RequestLog(Protocol):
    """Where requests are written down."""

    def record(self, request: RequestRecord) -> None:
        """Keep one request."""

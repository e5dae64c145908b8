"""One answer of a console, as it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, body and the few headers that matter."""

    status: int
    body: bytes = field(repr=False)
    seconds: float
    """From sending the request to the last byte of the body."""
    version: str = ""
    """The header `SecurityCenter`: the product's version."""
    content_type: str = ""
    location: str = ""
    date: float | None = None
    """The header `Date` in epoch seconds."""
    retry_after: str = ""

    @property
    def received(self) -> int:
        """Bytes of the body."""
        return len(self.body)


def epoch(date: str) -> float | None:
    """An HTTP date in epoch seconds; None when missing or broken."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None

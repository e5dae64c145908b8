"""What an authenticator app shows (RFC 6238)."""

from __future__ import annotations

import base64
import hmac
import time

_SECONDS = 30


def code(secret: str, ahead: int = 0) -> str:
    """What it shows now, or so many steps ahead."""
    step = int(time.time()) // _SECONDS + ahead
    told = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    at = told[-1] & 15
    return f"{(int.from_bytes(told[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"

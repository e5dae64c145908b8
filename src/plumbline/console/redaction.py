"""Takes secrets out of text before anyone sees it."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.domain.connection import Connection, Keys

MASK = "***"
_SHORTEST = 4
"""Shorter secrets are not searched for: masking every "a" would tell more than it hides."""
_SHAPES = (
    re.compile(r"(?i)((?:access|secret)[_-]?key[\"']?\s*[=:]\s*[\"']?)[^\s;,\"'&]+"),
    re.compile(r"(?i)((?:proxy-)?authorization[\"']?\s*[=:]\s*[\"']?(?:\w+\s+)?)[^\s;,\"']{4,}"),
    re.compile(r"(?i)((?:x-securitycenter|TNS_SESSIONID|(?:set-)?cookie)[\"']?\s*[=:]\s*)[^\s;,]+"),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s@]+(?=@)"),
)
"""What credentials look like even when they are not ours: keys, headers, names in addresses."""


class Redactor:
    """Masks the given secrets, and whatever has the shape of a credential."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        known = sorted((form for form in forms if len(form) >= _SHORTEST), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    @classmethod
    def of(cls, connection: Connection, keys: Keys | None) -> Redactor:
        """Masks all secrets of a connection: both keys and the proxy's credentials."""
        proxy = urlsplit(connection.address.proxy)
        name, word = unquote(proxy.username or ""), unquote(proxy.password or "")
        pair = b64encode(f"{name}:{word}".encode()).decode() if name or word else ""
        return cls([*((keys.access, keys.secret) if keys else ()), word, pair])

    def clean(self, text: str) -> str:
        """The text with each secret replaced by three asterisks."""
        if self._known:
            text = self._known.sub(MASK, text)
        for shape in _SHAPES:
            text = shape.sub(rf"\g<1>{MASK}", text)
        return text

    def line(self, text: str, limit: int = 300) -> str:
        """One clean line of at most `limit` characters, fit for a log or an error."""
        flat = " ".join(self.clean(text).split())
        return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def _forms(secret: str) -> set[str]:
    """The ways a secret may be spelt on the wire: as it is, stripped, percent-encoded."""
    return {secret, secret.strip(), quote(secret, safe="")}

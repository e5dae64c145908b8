"""Addresses and fingerprints as people give them, brought to the form they are kept in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from plumbline.domain.connection import Address
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_EXAMPLES = {
    "console": "write it like https://sc.example.com or https://sc.example.com:8443/prefix.",
    "proxy": "write it like http://proxy.example.com:3128.",
}
_PREFIX = re.compile(r"^sha-?256( fingerprint)?\s*[:=]?", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9a-f]{64}")


def console_url(text: str) -> str:
    """A console's base address: scheme and host in small letters, no `/rest`, no last slash.

    Raises:
        UsageError: it is no address of a console, or plain HTTP to another machine.
    """
    parts = _split(text, "console")
    if "@" in parts.netloc:
        raise _wrong("console", "it holds a user name", "leave it out; keys are given apart.")
    if parts.query or parts.fragment or text.rstrip().endswith(("?", "#")):
        raise _wrong("console", "it goes on after ? or #", "leave that part out.")
    url = urlunsplit((parts.scheme, parts.netloc.lower(), _prefix(parts.path), "", ""))
    if parts.scheme == "http" and not Address(url=url).is_loopback:
        raise _wrong(
            "console",
            "plain http would send the keys readable through the network",
            "use https://; http is only allowed to this very machine.",
        )
    return url


def proxy_url(text: str) -> str:
    """A proxy's address, perhaps with credentials.

    Raises:
        UsageError: it is no address of a proxy; its credentials are not repeated.
    """
    parts = _split(text, "proxy")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise _wrong(
            "proxy",
            "it goes on after host and port",
            "in user and password write / as %2F, ? as %3F, # as %23 and @ as %40.",
        )
    user, at, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user}{at}{host.lower()}"


def fingerprint(text: str) -> str:
    """A certificate's SHA-256 as 64 small hex digits, from any usual way to write it.

    Raises:
        UsageError: it is not one.
    """
    digits = re.sub(r"[\s:]", "", _PREFIX.sub("", text.strip())).lower()
    if not _DIGITS.fullmatch(digits):
        raise UsageError(
            f"The fingerprint is no SHA-256: 64 hex digits are needed, {len(digits)} signs given.",
            advice="take the SHA-256 (not SHA-1) as the console's administrator reads it, or see "
            "`plumbline connection fingerprint URL`.",
        )
    return digits


def _split(text: str, what: str) -> SplitResult:
    cleaned = text.strip()
    if any(sign.isspace() or not sign.isprintable() for sign in cleaned):
        raise _wrong(what, "it holds a space or a sign that cannot be seen", _EXAMPLES[what])
    try:
        parts = urlsplit(cleaned)
        port = parts.port
    except ValueError:
        raise _wrong(what, "its host or port is not valid", _EXAMPLES[what]) from None
    if parts.scheme not in {"http", "https"}:
        raise _wrong(what, "it does not begin with https:// (or http://)", _EXAMPLES[what])
    if not parts.hostname:
        raise _wrong(what, "it names no host", _EXAMPLES[what])
    if port == 0:
        raise _wrong(what, "port 0 cannot be reached", _EXAMPLES[what])
    return parts


def _prefix(path: str) -> str:
    return path.rstrip("/").removesuffix("/rest").rstrip("/")


def _wrong(what: str, why: str, advice: str) -> UsageError:
    return UsageError(f"The {what}'s address cannot be used: {why}.", advice=advice)

"""Ports and protocols."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from plumbline.domain.normalise.note import Normalised, Note
from plumbline.domain.normalise.text import scalar_text
from plumbline.domain.normalise.whole import whole

_ABSENT = frozenset({"", "-", "n/a", "-1"})
LAST_PORT = 65_535
_PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP"}


def port(value: Any) -> Normalised[int]:
    """A port, 0 to 65535; null, empty text, `-`, `N/A` and -1 are absent."""
    text = scalar_text(value)
    if text is not None and text.lower() in _ABSENT:
        return Normalised()
    number = whole(text)
    if number is None or not 0 <= number <= LAST_PORT:
        return Normalised(None, Note.PORT_UNREADABLE)
    return Normalised(number)


def protocol(value: Any) -> Normalised[str]:
    """A protocol in upper case; 6, 17 and 1 are TCP, UDP and ICMP."""
    text = scalar_text(value)
    return _protocol(str(value) if text is None else text)


@lru_cache(maxsize=1_024)
def _protocol(text: str) -> Normalised[str]:
    if text.lower() in _ABSENT:
        return Normalised()
    name = _PROTOCOLS.get(whole(text) or 0)
    return Normalised(name, Note.PROTOCOL_NUMBER) if name else Normalised(text.strip().upper())

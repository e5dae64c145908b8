"""Addresses, ranges and networks as they are written in filters and asset lists."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from ipaddress import ip_address, ip_network

Span = tuple[int, int, int]
"""IP version, first and last address as numbers."""


@lru_cache(maxsize=65_536)
def number(text: str) -> tuple[int, int] | None:
    """IP version and value of an address; None if it is none."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return address.version, int(address)


def spans(text: str) -> list[Span]:
    """Read addresses, ranges (`a-b`, `10.0.0.1-9`) and networks, split by commas or line breaks.

    Raises:
        ValueError: a part is none of these.
    """
    return [_span(part.strip()) for part in re.split(r"[,\r\n]+", text) if part.strip()]


def _span(part: str) -> Span:
    if "/" in part:
        network = ip_network(part, strict=False)
        return network.version, int(network.network_address), int(network.broadcast_address)
    head, dash, tail = part.partition("-")
    first = ip_address(head.strip())
    if not dash:
        return first.version, int(first), int(first)
    if tail.strip().isdigit() and first.version == 4:  # noqa: PLR2004 - the version of IP
        tail = head.strip().rpartition(".")[0] + "." + tail.strip()
    last = ip_address(tail.strip())
    if last.version != first.version or int(last) < int(first):
        raise ValueError(f"{part!r} is not a range")
    return first.version, int(first), int(last)


class Ranges:
    """Many spans merged, asked whether they hold an address."""

    def __init__(self, text: str) -> None:
        merged: list[Span] = []
        for version, first, last in sorted(spans(text)):
            if merged and merged[-1][0] == version and first <= merged[-1][2] + 1:
                merged[-1] = (version, merged[-1][1], max(last, merged[-1][2]))
            else:
                merged.append((version, first, last))
        self._spans = merged
        self._starts = [(version, first) for version, first, _ in merged]

    def __contains__(self, address: str) -> bool:
        value = number(address)
        if value is None:
            return False
        place = bisect_right(self._starts, value) - 1
        return (
            place >= 0 and self._spans[place][0] == value[0] and value[1] <= self._spans[place][2]
        )


def runs(addresses: set[str]) -> list[tuple[str, str]]:
    """Addresses in order, those that follow each other joined: pairs of first and last."""
    known = sorted((value, text) for text in addresses if (value := number(text)) is not None)
    joined: list[tuple[str, str]] = []
    before: tuple[int, int] | None = None
    for value, text in known:
        if before is not None and value == (before[0], before[1] + 1):
            joined[-1] = (joined[-1][0], text)
        else:
            joined.append((text, text))
        before = value
    return joined

"""Ranges of addresses: read from text, written, turned round and laid over each other."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import TYPE_CHECKING

from plumbline.domain.address import MemberKind, parse_member

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAST = {MemberKind.IPV4: 2**32 - 1, MemberKind.IPV6: 2**128 - 1}


@dataclass(frozen=True, slots=True, order=True)
class AddressRange:
    """Addresses of one kind from the first to the last, both included."""

    kind: MemberKind
    first: int
    last: int

    def __str__(self) -> str:
        """An address, a CIDR block where it is just that, or `first-last`."""
        first, last = self._address(self.first), self._address(self.last)
        if first == last:
            return str(first)
        [block, *more] = summarize_address_range(first, last)
        return f"{first}-{last}" if more else str(block)

    def _address(self, number: int) -> IPv4Address | IPv6Address:
        return IPv4Address(number) if self.kind is MemberKind.IPV4 else IPv6Address(number)


def read_range(text: str) -> AddressRange | None:
    """An address, a range or a CIDR block; none when the text is something else."""
    found = parse_member(text)
    if found.kind not in _LAST or found.first is None or found.last is None:
        return None
    return AddressRange(found.kind, found.first, found.last)


def complement(ranges: Iterable[AddressRange]) -> list[AddressRange]:
    """All addresses that are in none of the ranges, of both kinds, in order."""
    left: list[AddressRange] = []
    given = sorted(ranges)
    for kind, end in _LAST.items():
        start = 0
        for one in given:
            if one.kind is not kind:
                continue
            if one.first > start:
                left.append(AddressRange(kind, start, one.first - 1))
            start = max(start, one.last + 1)
        if start <= end:
            left.append(AddressRange(kind, start, end))
    return left


def overlap(one: AddressRange, others: Iterable[AddressRange]) -> list[AddressRange]:
    """The parts of a range that are in one of the others."""
    return [
        AddressRange(one.kind, max(one.first, other.first), min(one.last, other.last))
        for other in others
        if other.kind is one.kind and other.first <= one.last and one.first <= other.last
    ]

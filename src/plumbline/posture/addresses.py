"""Addresses as texts, compared as numbers by the engine itself."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

import ibis

from plumbline.domain.address import MemberKind, parse_member
from plumbline.domain.normalise.addresses import IPAddress, parsed

if TYPE_CHECKING:
    from ibis.expr import types as ir

_GROUPS = 8
_GROUP_DIGITS = 4
_IPV4_PLACES = (16_777_216, 65_536, 256, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """All addresses from one to another; both of one family."""

    first: IPv4Address | IPv6Address
    last: IPv4Address | IPv6Address

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read an address, a network `10.1.0.0/16` or a range `10.1.0.1-10.1.0.9`.

        Raises:
            ValueError: it is none of these.
        """
        if "/" in text:
            return cls._block(text)
        first, dash, last = text.partition("-")
        return cls.between(first, last if dash else first)

    @classmethod
    def _block(cls, text: str) -> Span:
        member = parse_member(text)
        if member.first is None or member.last is None:
            raise ValueError(member.reason)
        kind = IPv4Address if member.kind is MemberKind.IPV4 else IPv6Address
        return cls(kind(member.first), kind(member.last))

    @classmethod
    def between(cls, first: str, last: str) -> Span:
        """Read a range from its ends.

        Raises:
            ValueError: not two addresses of one family in ascending order.
        """
        low, high = _address(first), _address(last)
        if low.version != high.version:
            raise ValueError("the ends are of different families")
        if int(low) > int(high):
            raise ValueError("the range runs backwards")
        return cls(low, high)

    def holds(self, ip: ir.StringValue) -> ir.BooleanValue:
        """Whether a column's address lies in this span; false for what is no address."""
        if isinstance(self.first, IPv4Address):
            return ipv4_number(ip).between(int(self.first), int(self.last))
        return ipv6_digits(ip).between(_digits(self.first), _digits(self.last))


def _address(text: str) -> IPAddress:
    found = parsed(text.strip())
    if found is None:
        raise ValueError(f"{text!r} does not appear to be an IPv4 or IPv6 address")
    return found[0]


def _digits(address: IPv4Address | IPv6Address) -> str:
    return f"{int(address):032x}"


def ipv4_number(ip: ir.StringValue) -> ir.IntegerValue:
    """An IPv4 address as a number; null for anything else."""
    parts = ip.split(".")
    number = sum(
        parts[place].try_cast("int64") * weight for place, weight in enumerate(_IPV4_PLACES)
    )
    return ibis.cases((parts.length() == len(_IPV4_PLACES), number))


def ipv6_digits(ip: ir.StringValue) -> ir.StringValue:
    """An IPv6 address as 32 hex digits, the order of which is the order of addresses; else null.

    Embedded IPv4 (`::ffff:10.0.0.1`) is not read.
    """
    halves = ip.lower().split("::")
    left = _padded(halves[0])
    right = _padded(ibis.coalesce(halves[1], ""))
    missing = ibis.literal("0" * _GROUPS * _GROUP_DIGITS).substr(
        0, _GROUPS * _GROUP_DIGITS - left.length() - right.length()
    )
    return ibis.cases((ip.contains(":") & ~ip.contains("."), left + missing + right))


def _padded(groups: ir.StringValue) -> ir.StringValue:
    padded = groups.split(":").map(lambda group: group.lpad(_GROUP_DIGITS, "0")).join("")
    return ibis.cases((groups == "", ""), else_=padded)

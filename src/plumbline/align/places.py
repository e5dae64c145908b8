"""One number line for all by which a list can name a host.

Names, addresses and ids each get a stretch of the line, so that one sweep over sorted numbers
finds what lies in which range: DNS names (a range of one), `address|name` pairs (likewise), IPv4
addresses as they are, IPv6 addresses by their rank among all that occur, and ids (likewise one).
"""

from __future__ import annotations

from socket import AF_INET6, inet_pton
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align.groups import filled
from plumbline.terms.address import MemberKind, parse_address

if TYPE_CHECKING:
    from plumbline.align.groups import Marks, Numbers

DNS = 0
PAIR = 1 << 32
IPV4 = 2 << 32
IPV6 = 3 << 32
UUID = 4 << 32

_PLAIN_IPV4 = r"^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$"
_HALF = (1 << 64) - 1

Halves = npt.NDArray[np.uint64]
"""IPv6 addresses as rows of two 64-bit numbers."""


class Addresses:
    """A column of addresses as numbers; what is no address is neither."""

    def __init__(self, texts: pa.Array) -> None:
        plain = pc.match_substring_regex(texts, _PLAIN_IPV4)
        self.ipv4: Numbers = np.flatnonzero(_marks(plain))
        self.ipv4_numbers = _ipv4_numbers(texts.filter(plain))
        others = np.flatnonzero(~_marks(plain) & filled(texts))
        self._read(others, texts.take(pa.array(others)).to_pylist())

    def _read(self, rows: Numbers, texts: list[str]) -> None:
        """The rest one by one: IPv6, and IPv4 in unusual dress."""
        packed, where, late = bytearray(), [], []
        for row, text in zip(rows.tolist(), texts, strict=True):
            found = _packed(text)
            if found is None:
                continue
            kind, octets = found
            if kind is MemberKind.IPV6:
                packed += octets
                where.append(row)
            else:
                late.append((row, int.from_bytes(octets)))
        self.ipv6: Numbers = np.array(where, np.int64)
        halves = np.frombuffer(bytes(packed), ">u8").astype(np.uint64)
        self.ipv6_halves: Halves = halves.reshape(-1, 2)
        extra = np.array(late, np.int64).reshape(-1, 2)
        self.ipv4 = np.concatenate((self.ipv4, extra[:, 0]))
        self.ipv4_numbers = np.concatenate((self.ipv4_numbers, extra[:, 1]))


def ranks(halves: Halves) -> Numbers:
    """The place of each IPv6 address among the distinct ones."""
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    changed = np.any(halves[order[1:]] != halves[order[:-1]], axis=1)
    found = np.empty(len(halves), np.int64)
    found[order] = np.cumsum(np.concatenate(([False], changed)))[: len(halves)]
    return found


def hex_halves(texts: pa.Array) -> Halves:
    """Addresses of 32 hex digits as two 64-bit numbers each."""
    numbers = [int(text, 16) for text in texts.to_pylist()]
    pairs = [(number >> 64, number & _HALF) for number in numbers]
    return np.array(pairs, np.uint64).reshape(-1, 2)


def _ipv4_numbers(texts: pa.Array) -> Numbers:
    octets = pc.list_flatten(pc.split_pattern(texts, ".")).cast(pa.int64())
    quads: Numbers = octets.to_numpy(zero_copy_only=False).reshape(-1, 4)
    numbers: Numbers = quads @ np.array([1 << 24, 1 << 16, 1 << 8, 1])
    return numbers


def _packed(text: str) -> tuple[MemberKind, bytes] | None:
    try:
        octets = inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        found = parse_address(text.strip())
        return found and (found[0], found[1].to_bytes(16))
    if octets.startswith(_MAPPED):
        return MemberKind.IPV4, octets[12:]
    return MemberKind.IPV6, octets


_MAPPED = bytes(10) + b"\xff\xff"


def _marks(flags: pa.Array) -> Marks:
    marks: Marks = pc.fill_null(flags, fill_value=False).to_numpy(zero_copy_only=False)
    return marks

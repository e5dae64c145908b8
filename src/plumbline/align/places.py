"""One number line for all by which a list can name a host.

Names, addresses and ids each get a stretch of the line, so that one sweep over sorted numbers
finds what lies in which range: DNS names (a range of one), `address|name` pairs (likewise), IPv4
addresses as they are, IPv6 addresses by their rank among all that occur, and ids (likewise one).
"""

from __future__ import annotations

from itertools import repeat
from socket import AF_INET6, inet_pton
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align.groups import filled
from plumbline.domain.address import MemberKind, parse_address

if TYPE_CHECKING:
    from plumbline.align.groups import Marks, Numbers

DNS = 0
PAIR = 1 << 32
IPV4 = 2 << 32
IPV6 = 3 << 32
UUID = 4 << 32

_PLAIN_IPV4 = r"^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$"
_MAPPED = 0xFFFF
"""The upper half of an IPv6 address's lower half where it stands for an IPv4 one."""

Halves = npt.NDArray[np.uint64]
"""IPv6 addresses as rows of two 64-bit numbers."""


class Addresses:
    """A column of addresses as numbers; what is no address is neither."""

    def __init__(self, texts: pa.Array) -> None:
        plain = pc.match_substring_regex(texts, _PLAIN_IPV4)
        four = np.flatnonzero(_marks(plain))
        rest = np.flatnonzero(~_marks(plain) & filled(texts))
        rows, halves = _packed(rest, texts.take(pa.array(rest)).to_pylist())
        mapped = (halves[:, 0] == 0) & (halves[:, 1] >> np.uint64(32) == _MAPPED)
        low = (halves[mapped, 1] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        self.ipv4 = np.concatenate((four, rows[mapped]))
        self.ipv4_numbers = np.concatenate((_ipv4_numbers(texts.filter(plain)), low))
        self.ipv6 = rows[~mapped]
        self.ipv6_halves = halves[~mapped]


def ranks(halves: Halves) -> Numbers:
    """The place of each IPv6 address among the distinct ones."""
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    changed = np.any(halves[order[1:]] != halves[order[:-1]], axis=1)
    found = np.empty(len(halves), np.int64)
    found[order] = np.cumsum(np.concatenate(([False], changed)))[: len(halves)]
    return found


def hex_halves(texts: pa.Array) -> Halves:
    """Addresses of 32 hex digits as two 64-bit numbers each."""
    octets = bytes.fromhex("".join(texts.to_pylist()))
    return np.frombuffer(octets, ">u8").astype(np.uint64).reshape(-1, 2)


def _ipv4_numbers(texts: pa.Array) -> Numbers:
    octets = pc.list_flatten(pc.split_pattern(texts, ".")).cast(pa.int64())
    quads: Numbers = octets.to_numpy(zero_copy_only=False).reshape(-1, 4)
    numbers: Numbers = quads @ np.array([1 << 24, 1 << 16, 1 << 8, 1])
    return numbers


def _packed(rows: Numbers, texts: list[str]) -> tuple[Numbers, Halves]:
    """Addresses in 128 bits, IPv4 as mapped, and their rows; what is none is left out."""
    try:
        octets = b"".join(map(inet_pton, repeat(AF_INET6), texts))
    except (OSError, ValueError):
        # Some are in unusual dress: with a zone, in brackets, with blanks, or no address at all.
        found = [_octets(text) for text in texts]
        rows = rows[np.array([bool(one) for one in found], np.bool_)]
        octets = b"".join(found)
    return rows, np.frombuffer(octets, ">u8").astype(np.uint64).reshape(-1, 2)


def _octets(text: str) -> bytes:
    found = parse_address(text.strip())
    if found is None:
        return b""
    kind, number = found
    return (number + (_MAPPED << 32) if kind is MemberKind.IPV4 else number).to_bytes(16)


def _marks(flags: pa.Array) -> Marks:
    marks: Marks = pc.fill_null(flags, fill_value=False).to_numpy(zero_copy_only=False)
    return marks

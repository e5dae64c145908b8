"""One part of an asset list as it is written: an address, a range, an id or a name.

Definitions and viewable addresses come as free text: single addresses, ranges in full
(`10.8.16.26-10.8.16.30`) and in short (`10.8.16.26-27`), CIDR blocks, `address|name|` lines, ids
and DNS names, parted by commas and line breaks. Whatever cannot be read is kept as it came, with
the reason.
"""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv6Address, NetmaskValueError, ip_network
from socket import inet_aton
from typing import TYPE_CHECKING, NamedTuple

from plumbline.domain.normalise import Note, addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

_BREAKS = re.compile(r"[,;\r\n\v\f\x85\u2028\u2029]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_NO_NAME = re.compile(r"[0-9. -]*")
_LABEL = re.compile(r"\w(?:[\w-]{0,61}\w)?")
_LONGEST_NAME = 253
_OCTETS = 4
_PLAIN_SPAN = re.compile(f"({addresses.PLAIN_IPV4})(?: *- *({addresses.PLAIN_IPV4}))?", re.ASCII)
"""A canonical IPv4 address or range, which most parts are."""
_MAPPED = 0xFFFF << 32
"""The first of the IPv6 addresses that stand for IPv4 ones (`::ffff:0:0/96`)."""


class MemberKind(StrEnum):
    """What a part of a list names."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    DNS = "dns"
    UUID = "uuid"
    UNPARSED = "unparsed"


class Origin(StrEnum):
    """What a part of a list was read from, and so what can decide the list's members."""

    DEFINITION = "definition"
    VIEWABLE = "viewable"
    """The addresses that the console itself worked out, one text a repository."""


class Member(NamedTuple):
    """One part of a list, read. A tuple, for a list can have a million parts."""

    kind: MemberKind
    text: str
    """As it was written."""
    first: int | None = None
    """First address, as a number; none for names and ids."""
    last: int | None = None
    """Last address, itself included."""
    value: str = ""
    """An id with dashes and in lower case, or a DNS name in lower case without its last dot."""
    name: str = ""
    """What an `address|name|` line calls the host."""
    reason: str = ""
    """Why it could not be read."""


def members(text: str) -> Iterator[Member]:
    """Every part of a definition or of viewable addresses, in order; none is left out.

    Parts are parted by commas, semicolons and line breaks, and by blanks where each piece between
    them is an address, an id or a dotted name.
    """
    for part in _BREAKS.split(text):
        stripped = part.strip()
        if stripped:
            yield from _pieces(stripped)


def _pieces(part: str) -> Iterator[Member]:
    whole = parse_member(part)
    if whole.kind is not MemberKind.UNPARSED or "|" in part:
        yield whole
        return
    pieces = [parse_member(piece) for piece in part.split()]
    if all(map(_is_plain, pieces)):
        yield from pieces
    else:
        yield whole


def _is_plain(piece: Member) -> bool:
    """Whether it cannot be a word of some sentence."""
    if piece.kind is MemberKind.DNS:
        return "." in piece.value
    return piece.kind is not MemberKind.UNPARSED


def parse_member(text: str) -> Member:
    """Read one part of a list; what cannot be read becomes `unparsed`, never an error."""
    plain = _PLAIN_SPAN.fullmatch(text)
    if plain:
        low = _ipv4_number(plain[1])
        high = _ipv4_number(plain[2]) if plain[2] else low
        if low <= high:
            return Member(MemberKind.IPV4, text, low, high)
    head, bar, tail = text.partition("|")
    item = head.strip()
    name = tail.strip().rstrip("|").strip() if bar else ""
    found = _read(item)
    if isinstance(found, str):
        return Member(kind=MemberKind.UNPARSED, text=text, name=name, reason=found)
    kind, first, last, value = found
    return Member(kind=kind, text=text, first=first, last=last, value=value, name=name)


def parse_address(text: str) -> tuple[MemberKind, int] | None:
    """One address as a number, or none.

    As `domain.normalise.addresses` reads them, but for IPv4 with leading zeros: whoever wrote
    `010.0.0.1` into a list may have meant 8.0.0.1, and a membership is not guessed.
    """
    found = addresses.parsed(text)
    if found is None or found[1] is Note.ADDRESS_ZEROS:
        return None
    address, _ = found
    return MemberKind.IPV4 if address.version == 4 else MemberKind.IPV6, int(address)  # noqa: PLR2004


def _ipv4_number(text: str) -> int:
    return int.from_bytes(inet_aton(text))


_Found = tuple[MemberKind, int | None, int | None, str]


def _read(item: str) -> _Found | str:
    """Kind, first, last and value, or why not."""
    if "/" in item:
        return _read_block(item)
    address = parse_address(item)
    if address is not None:
        kind, number = address
        return kind, number, number, ""
    if _UUID.fullmatch(item):
        return MemberKind.UUID, None, None, dashed(item)
    left, dash, right = (piece.strip() for piece in item.partition("-"))
    start = parse_address(left) if dash else None
    if start is not None and (":" in left or _NO_NAME.fullmatch(right)):
        return _read_range(start, left, right)
    return _read_name(item)


def _read_block(item: str) -> _Found | str:
    base, _, prefix = (piece.strip() for piece in item.partition("/"))
    start = parse_address(base)
    if start is None:
        return "no address before the slash"
    kind, number = start
    mapped = kind is MemberKind.IPV4 and ":" in base
    shown = IPv6Address(number + _MAPPED) if mapped else _address(kind, number)
    try:
        network = ip_network(f"{shown}/{prefix}", strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return "no prefix length after the slash"
    first, last = int(network[0]), int(network[-1])
    if not mapped:
        return kind, first, last, ""
    if first < _MAPPED:
        return MemberKind.IPV6, first, last, ""
    return kind, first - _MAPPED, last - _MAPPED, ""


def _read_range(start: tuple[MemberKind, int], left: str, right: str) -> _Found | str:
    end = parse_address(right) or parse_address(_completed(left, right))
    if end is None:
        return "no address after the dash"
    if start[0] is not end[0]:
        return "the range starts as one kind of address and ends as another"
    if start[1] > end[1]:
        return "the range ends before it starts"
    return start[0], start[1], end[1], ""


def _completed(left: str, right: str) -> str:
    """The end of a short range in full: `10.8.16.26-27` ends at `10.8.16.27`."""
    octets, tail = left.split("."), right.split(".")
    if len(octets) != _OCTETS or len(tail) >= _OCTETS:
        return ""
    return ".".join([*octets[: _OCTETS - len(tail)], *tail])


def _read_name(item: str) -> _Found | str:
    name = item.removesuffix(".").lower()
    labels = name.split(".")
    if "*" in item:
        return "a wildcard names no single host"
    if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        return "neither an address, a range, an id nor a name"
    numeric = labels[-1][0].isdigit() if len(labels) > 1 else name.isdigit()
    if numeric:
        return "an address that is not whole or not in range"
    return MemberKind.DNS, None, None, name


def dashed(uuid: str) -> str:
    """An id of 32 hex digits, however dashed, in the usual form and in lower case."""
    digits = uuid.replace("-", "").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _address(kind: MemberKind, number: int) -> IPv4Address | IPv6Address:
    return IPv4Address(number) if kind is MemberKind.IPV4 else IPv6Address(number)

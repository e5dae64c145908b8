"""Addresses: IPv6 in its canonical form (RFC 5952), IPv4 without leading zeros.

Absent are null, empty text, `-` and `N/A`. IPv6 may stand in brackets, carry a zone id (dropped:
it names an interface of whoever wrote it, not the host), or stand for an IPv4 address, which it
becomes. Leading zeros in IPv4 are decimal here, never octal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any

from plumbline.domain.normalise.note import Normalised, Note
from plumbline.domain.normalise.text import scalar_text

IPAddress = IPv4Address | IPv6Address
PLAIN_IPV4 = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}"
"""A canonical IPv4 address, for those who look at whole columns."""
_ABSENT = frozenset({"", "-", "n/a"})
_PLAIN = re.compile(PLAIN_IPV4, re.ASCII)
_WITH_ZEROS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)


def address(value: Any) -> Normalised[str]:
    """One address in its canonical form; what is no address is left to the caller as it came."""
    text = scalar_text(value)
    return _NO_ADDRESS if text is None else _address(text)


def identity(text: str) -> str:
    """What an address adds to a key: its canonical form, or its text in lower case."""
    return _address(text.strip()).value or text.strip().lower()


def parsed(text: str) -> tuple[IPAddress, Note | None] | None:
    """An address as an object, with what had to be changed in it; None for anything else."""
    if ":" not in text:
        return _ipv4(text)
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    number, percent, zone = bare.partition("%")
    if ":" in zone or (percent and not zone):
        return None
    try:
        six = IPv6Address(number)
    except AddressValueError:
        return None
    if six.ipv4_mapped:
        return six.ipv4_mapped, Note.ADDRESS_ZONE if zone else Note.ADDRESS_MAPPED
    if zone:
        return six, Note.ADDRESS_ZONE
    return six, None if str(six) == text else Note.ADDRESS_REWRITTEN


def _ipv4(text: str) -> tuple[IPAddress, Note | None] | None:
    if _PLAIN.fullmatch(text):
        return IPv4Address(text), None
    if not _WITH_ZEROS.fullmatch(text):
        return None
    octets = [int(part) for part in text.split(".")]
    return (IPv4Address(bytes(octets)), Note.ADDRESS_ZEROS) if max(octets) <= _OCTET else None


_OCTET = 255
_NO_ADDRESS: Normalised[str] = Normalised(None, Note.ADDRESS_UNREADABLE)


@lru_cache(maxsize=65_536)
def _address(text: str) -> Normalised[str]:
    if _PLAIN.fullmatch(text):
        return Normalised(text)
    if text.lower() in _ABSENT:
        return Normalised()
    read = parsed(text)
    return Normalised(str(read[0]), read[1]) if read else _NO_ADDRESS

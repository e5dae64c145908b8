"""Invented repositories and the machines in them; some machines stand in two repositories."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING
from uuid import UUID

from plumbline.emulator.hosts import AGENT_KEY, IP_KEY, UNIVERSAL_KEY, Host, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 86_400


class Place(IntEnum):
    """The repositories of a generated estate, by id."""

    SERVERS = 1
    WORKSTATIONS = 2
    BRANCH = 3
    IPV6 = 4
    AGENTS = 5
    UNIVERSAL = 6
    LAB = 7
    EMPTY = 8
    MOBILE = 9


_FORMATS: dict[Place, tuple[str, str, str, str]] = {
    Place.SERVERS: ("Servers", "IPv4", "Local", "Data centre, scanned with credentials"),
    Place.WORKSTATIONS: ("Workstations", "IPv4", "Local", "Addresses come from DHCP"),
    Place.BRANCH: ("Branch offices", "IPv4", "Remote", "Same private addresses as the servers"),
    Place.IPV6: ("Data centre v6", "IPv6", "Local", ""),
    Place.AGENTS: ("Agents", "agent", "Local", "Nessus agents"),
    Place.UNIVERSAL: ("Universal", "universal", "Local", "Everything new"),
    Place.LAB: ("Laboratory", "universal", "Local", ""),
    Place.EMPTY: ("Staging", "IPv4", "Offline", "Nothing imported yet"),
    Place.MOBILE: ("Mobile devices", "mobile", "Local", ""),
}
_PATTERN = (
    *(Place.SERVERS, Place.WORKSTATIONS, Place.AGENTS, Place.UNIVERSAL, Place.IPV6, Place.BRANCH),
    *(Place.SERVERS, Place.WORKSTATIONS, Place.SERVERS, Place.AGENTS, Place.WORKSTATIONS),
    *(Place.SERVERS, Place.UNIVERSAL, Place.WORKSTATIONS, Place.SERVERS, Place.BRANCH),
    *(Place.WORKSTATIONS, Place.AGENTS, Place.SERVERS, Place.WORKSTATIONS),
)
_SYSTEMS = (
    ("Linux Kernel 5.14.0 on Red Hat Enterprise Linux 9", "cpe:/o:redhat:enterprise_linux:9"),
    ("Microsoft Windows Server 2022 Standard", "cpe:/o:microsoft:windows_server_2022"),
    ("Linux Kernel 6.8 on Ubuntu 24.04", "cpe:/o:canonical:ubuntu_linux:24.04"),
    ("Microsoft Windows 11 Enterprise", "cpe:/o:microsoft:windows_11"),
    ("", ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A host of a repository, how many findings it has beside others, and how old they are."""

    host: Host
    share: float = 1.0
    age: int = 0
    """Days since it was last scanned."""


def repositories(now: int) -> tuple[Repository, ...]:
    """Every kind of repository, two of them without findings."""
    return tuple(
        Repository(
            id=int(place),
            name=name,
            data_format=data_format,
            kind=kind,
            description=description,
            uuid=_uuid(f"repository/{place}"),
            created=now - 900 * DAY,
        )
        for place, (name, data_format, kind, description) in _FORMATS.items()
    )


def sightings(
    numbers: range, *, seed: int, now: int, repositories: tuple[Repository, ...]
) -> Iterator[Sighting]:
    """Invent machines by number and yield each where it is seen: once, twice, or moved.

    Machines of repositories that are not there are left out.
    """
    by_id = {repository.id: repository for repository in repositories}
    for number in numbers:
        place = _PATTERN[number % len(_PATTERN)]
        if place not in by_id:
            continue
        host = _host(number, place, by_id[place], seed=seed, now=now)
        yield Sighting(host=host, age=number % 5)
        yield from _again(number, place, host, by_id)


def _again(
    number: int, place: Place, host: Host, by_id: dict[int, Repository]
) -> Iterator[Sighting]:
    """The same machine elsewhere: same name and address, same host UUID, or before it moved."""
    if place is Place.AGENTS and number % 2 == 0 and Place.SERVERS in by_id:
        scanned = replace(host, repository=by_id[Place.SERVERS], uuid="", identity=IP_KEY)
        yield Sighting(host=scanned, share=0.5, age=6)
    if place is Place.UNIVERSAL and number % 3 == 0 and Place.LAB in by_id:
        yield Sighting(host=replace(host, repository=by_id[Place.LAB]), share=0.5, age=9)
    if place is Place.WORKSTATIONS and number % 3 == 1:
        left = replace(host, ip=_address(Place.WORKSTATIONS, number, 100), ips="")
        yield Sighting(host=left, share=0.3, age=25 + number % 20)


def moved(host: Host, number: int) -> Host:
    """The same machine at a new address that nothing had before."""
    return replace(host, ip=_address(Place.WORKSTATIONS, number, 172), ips="")


def _host(number: int, place: Place, repository: Repository, *, seed: int, now: int) -> Host:
    system, cpe = _SYSTEMS[number % 5 if place is not Place.AGENTS else number % 4]
    name = f"{place.name.lower()}-{number:06d}"
    agent, universal = place is Place.AGENTS, place is Place.UNIVERSAL
    scanned = now - (number % 5) * DAY - 3_600
    scored = number % 3 != 0
    ip = _address(place, _ordinal(place, number))
    return Host(
        repository=repository,
        ip=ip,
        dns=f"{name}.corp.example" if number % 9 != 8 else "",  # noqa: PLR2004 - one in nine is nameless
        netbios=f"{'CORP' if number % 4 else 'UNKNOWN'}\\{name.upper()[:15]}"
        if "Win" in system
        else "",
        mac=_mac(number) if number % 6 else "",
        uuid=_uuid(f"{seed}/agent/{number}") if agent else "",
        host_uuid=_uuid(f"{seed}/host/{number}") if agent or universal else "",
        system=system,
        ips=f"{ip},{_address(Place.IPV6, number)}" if number % 8 == 3 else ip,  # noqa: PLR2004 - some
        acr=f"{number % 10 + 1}.0" if scored else "",
        drivers='[{"device_type":"general_purpose"}]' if scored else "",
        exposure=str(number * 37 % 1000) if scored and number % 2 else "",
        acr_evaluated=str(scanned) if scored else "",
        identity=AGENT_KEY if agent else UNIVERSAL_KEY if universal else IP_KEY,
        cpe=cpe,
        bios=_uuid(f"{seed}/bios/{number}") if number % 2 else "",
        policy=f"{_uuid('policy')}-621/Full Safe Scan",
        plugin_set="202510150336",
        credentialed=scanned if agent or number % 4 else 0,
        uncredentialed=0 if agent else scanned,
        mobile=place is Place.WORKSTATIONS,
    )


def _ordinal(place: Place, number: int) -> int:
    """How many machines of this place come before the one with this number."""
    rounds, rest = divmod(number, len(_PATTERN))
    return rounds * _PATTERN.count(place) + _PATTERN[:rest].count(place)


def _address(place: Place, number: int, network: int = 10) -> str:
    """The address of a number in a network; branch offices repeat those of the servers."""
    if place is Place.IPV6:
        return f"2001:db8:{network:x}::{number + 1:x}"
    place = Place.SERVERS if place is Place.BRANCH else place
    high, low = divmod(number, 250)
    second = {Place.SERVERS: 10, Place.WORKSTATIONS: 20, Place.AGENTS: 30}.get(place, 40)
    return f"{network}.{(second + 50 * (high // 250)) % 256}.{high % 250}.{low + 1}"


def _mac(number: int) -> str:
    return f"00:0c:29:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def _uuid(name: str) -> str:
    return str(UUID(bytes=hashlib.blake2b(name.encode(), digest_size=16).digest()))

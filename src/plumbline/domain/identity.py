"""Keys of hosts and findings, taken from the row itself.

A console names in each row the fields that identify its host (`hostUniqueness`, on older consoles
`uniqueness`) and, since about 6.4, those that identify the finding (`vulnUniqueness`). A key is
the BLAKE2b-128 digest, 32 hex digits, of the console's name and of those fields with their values.
The encoding carries the length of every part, so two different identities never read alike.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from plumbline.domain.normalise import addresses, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REPOSITORY = "repository.id"
AGENT_IDENTITY = (REPOSITORY, "uuid")
ADDRESS_IDENTITY = ("dnsName", "ip", REPOSITORY)

_SPELLINGS = {
    "repositoryid": REPOSITORY,
    "repository": REPOSITORY,
    REPOSITORY: REPOSITORY,
    "ip": "ip",
    "dnsname": "dnsName",
    "mac": "macAddress",
    "macaddress": "macAddress",
    "netbiosname": "netbiosName",
    "uuid": "uuid",
    "hostuuid": "hostUUID",
    "port": "port",
    "protocol": "protocol",
    "pluginid": "pluginID",
    "vulnuuid": "vulnUUID",
}
_CASELESS = frozenset({"macAddress", "netbiosName", "uuid", "hostUUID", "vulnUUID"})
_CACHED_HOSTS = 32_768
"""Hosts remembered at once: some 25 MB, whatever the size of the estate."""


class HostFields(NamedTuple):
    """What a row says about its host, as the console wrote it; empty where it says nothing.

    A tuple, for it is made and hashed once a row.
    """

    repository_id: str
    ip: str = ""
    dns_name: str = ""
    mac: str = ""
    netbios_name: str = ""
    uuid: str = ""
    host_uuid: str = ""


_HOST_NAMES = (REPOSITORY, "ip", "dnsName", "macAddress", "netbiosName", "uuid", "hostUUID")
"""The console's names of the fields of `HostFields`, in the same order."""


class Identities:
    """Host keys of one console's rows, with the latest hosts remembered.

    The way for a stream of rows, together with `finding_key`: 100,000 rows a CPU second when
    every row brings a new host, three times as many in an ordinary estate. `alias_key` gives the
    same keys for a single row.
    """

    def __init__(self, console: str) -> None:
        self._console = console
        self._cached = lru_cache(maxsize=_CACHED_HOSTS)(self._alias)

    def alias(
        self, uniqueness: str, host: HostFields, others: Mapping[str, str] | None = None
    ) -> str:
        """Key of the row's host in its repository.

        `others` holds the row's remaining fields; it is looked at only when `uniqueness` names
        a field that `HostFields` has not, so that such hosts are not taken for one.
        """
        if others and not _known_to_hosts(uniqueness):
            return alias_key(self._console, uniqueness, {**others, **_named(host)})
        return self._cached(uniqueness, host)

    def _alias(self, uniqueness: str, host: HostFields) -> str:
        return alias_key(self._console, uniqueness, _named(host))


def alias_key(console: str, uniqueness: str | tuple[str, ...], values: Mapping[str, str]) -> str:
    """Key of a host in one repository, from the fields that `uniqueness` names.

    `values` is read by the console's names (`ip`, `dnsName`, `hostUUID`, …; the repository as
    `repository.id` or `repositoryID`). The order and case of the names do not matter, nor do
    the spelling of addresses, a name's final dot, and letter case. Where nothing is named, or
    every named field but the repository is empty, the fields are the agent's id, else address and
    DNS name, else all.
    """
    known = {field_name(name): value for name, value in values.items()}
    names = field_names(uniqueness)
    for candidate in (names, AGENT_IDENTITY, ADDRESS_IDENTITY):
        if any(known.get(name, "").strip() for name in candidate if name != REPOSITORY):
            return _digest(console, _pairs(candidate, known))
    return _digest(console, _pairs(sorted({*names, *_HOST_NAMES}), known))


def finding_key(alias: str, plugin_id: str, port: str, protocol: str, vuln_uuid: str = "") -> str:
    """Key of a finding: host, plugin, port and protocol, or host and the console's own id.

    Pass `vuln_uuid` only where `names_vuln_uuid` says that `vulnUniqueness` names it. The host's
    key is always part of it: `vulnUniqueness` names the bare address where `hostUniqueness` names
    address and DNS name, and two hosts behind one address would share their findings.
    """
    return key_of_tail(alias, finding_tail(plugin_id, port, protocol, vuln_uuid))


def finding_tail(plugin_id: str, port: str, protocol: str, vuln_uuid: str = "") -> str:
    """What a finding's key holds beside the key of its host."""
    if vuln_uuid:
        return f"v{vuln_uuid.lower()}"
    return f"p{len(port)}:{port}{len(protocol)}:{protocol}{plugin_id}"


def key_of_tail(alias: str, tail: str) -> str:
    """The key of a finding, by the key of its host and the rest of it."""
    return blake2b(f"{alias}{tail}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def twin_key(key: str, ordinal: int) -> str:
    """Key of one of several findings that share a key and yet are not the same; 0 keeps it."""
    return blake2b(f"{key}o{ordinal}".encode(), digest_size=16).hexdigest() if ordinal else key


@lru_cache(maxsize=1024)
def names_vuln_uuid(vuln_uniqueness: str) -> bool:
    """Whether a row's `vulnUniqueness` names the console's own id of the finding."""
    return "vulnUUID" in field_names(vuln_uniqueness)


@lru_cache(maxsize=1024)
def field_names(uniqueness: str | tuple[str, ...]) -> tuple[str, ...]:
    """The fields that a `hostUniqueness` or `vulnUniqueness` names, spelt alike and sorted."""
    names = uniqueness.split(",") if isinstance(uniqueness, str) else uniqueness
    return tuple(sorted({field_name(name) for name in names if name.strip()}))


@lru_cache(maxsize=1024)
def field_name(name: str) -> str:
    """A field's name as a row spells it: `repositoryID` is `repository.id` there."""
    stripped = name.strip()
    return _SPELLINGS.get(stripped.lower(), stripped)


@lru_cache(maxsize=1024)
def _known_to_hosts(uniqueness: str) -> bool:
    return set(field_names(uniqueness)) <= set(_HOST_NAMES)


def _named(host: HostFields) -> dict[str, str]:
    return dict(zip(_HOST_NAMES, host, strict=True))


def _pairs(names: Iterable[str], values: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, _comparable(name, values.get(name, ""))) for name in names]


def _comparable(name: str, value: str) -> str:
    if name == "ip":
        return addresses.identity(value)
    if name == "dnsName":
        return names.dns_name(value).value or value.strip().lower()
    return value.strip().lower() if name in _CASELESS else value


def _digest(console: str, pairs: Iterable[tuple[str, str]]) -> str:
    text = [f"{len(console)}:{console}"]
    text += [f"{len(name)}:{name}{len(value)}:{value}" for name, value in pairs]
    return blake2b("".join(text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

"""Repositories, and hosts as a repository knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from plumbline.emulator.wire import members

IP_KEY = "repositoryID,ip,dnsName"
AGENT_KEY = "repositoryID,uuid"
UNIVERSAL_KEY = "repositoryID,hostUUID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One store of findings; `data_format` is IPv4, IPv6, agent, universal or mobile."""

    id: int
    name: str
    data_format: str
    description: str = ""
    kind: str = "Local"
    uuid: str = ""
    created: int = 0

    def brief(self) -> dict[str, str]:
        """Write it as findings carry it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "description": self.description,
            "dataFormat": self.data_format,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host in one repository. The same machine in two repositories is two of these."""

    repository: Repository
    ip: str
    dns: str = ""
    netbios: str = ""
    mac: str = ""
    uuid: str = ""
    host_uuid: str = ""
    system: str = ""
    ips: str = ""
    acr: str = ""
    drivers: str = ""
    exposure: str = ""
    acr_evaluated: str = ""
    identity: str = IP_KEY
    """The fields that identify the host (`hostUniqueness`)."""
    cpe: str = ""
    bios: str = ""
    policy: str = ""
    plugin_set: str = ""
    credentialed: int = 0
    """Last credentialed scan in epoch seconds; 0 for never."""
    uncredentialed: int = 0
    mobile: bool = False
    """Whether its address comes from DHCP and may change."""

    @property
    def vuln_identity(self) -> str:
        """The fields that identify one of its findings (`vulnUniqueness`)."""
        host = "repositoryID,ip" if self.identity == IP_KEY else self.identity
        return host + ",port,protocol,pluginID"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPieces:
    """JSON of one host, cut where a finding's other values go between."""

    address: bytes
    names: bytes
    listed_names: bytes
    identity: bytes
    listed_identity: bytes
    uniqueness: bytes
    repository: bytes
    seed: bytes
    """What finding identifiers are derived from; empty where the repository gives none."""
    shown_ip: bytes


def host_pieces(host: Host) -> HostPieces:
    """Cut a host into the pieces of JSON that its findings are joined from."""
    universal = host.repository.data_format == "universal"
    return HostPieces(
        address=members({"ip": host.ip, "uuid": host.uuid}),
        names=members(_names(host) | {"operatingSystem": host.system, "ips": host.ips or host.ip}),
        listed_names=members(_names(host) | {"uniqueness": host.identity}),
        identity=members(_identity(host)),
        listed_identity=members(
            {
                "hostUniqueness": host.identity,
                "hostUUID": host.host_uuid,
                "acrScore": host.acr,
                "assetExposureScore": host.exposure,
            }
        ),
        uniqueness=members({"uniqueness": host.identity}),
        repository=members({"repository": host.repository.brief()}),
        seed=UUID(host.host_uuid).bytes if universal and host.host_uuid else b"",
        shown_ip=host.ip.encode(),
    )


def _names(host: Host) -> dict[str, Any]:
    return {"dnsName": host.dns, "macAddress": host.mac, "netbiosName": host.netbios}


def _identity(host: Host) -> dict[str, Any]:
    return {
        "hostUniqueness": host.identity,
        "hostUUID": host.host_uuid,
        "acrScore": host.acr,
        "keyDrivers": host.drivers,
        "assetExposureScore": host.exposure,
        "acrLastEvaluatedTime": host.acr_evaluated,
        "vulnUniqueness": host.vuln_identity,
    }

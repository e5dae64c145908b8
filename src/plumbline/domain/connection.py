"""What a connection to a console is: where it is, whom it trusts, what it reads and how gently."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from plumbline.domain.severity import Severity


class ConnectionKind(StrEnum):
    """Where the findings of a connection come from."""

    CONSOLE = "console"
    FILE = "file"
    """Files that somebody imports; it has neither address nor keys."""


class TrustKind(StrEnum):
    """How the console's certificate is judged."""

    SYSTEM = "system"
    CA_FILE = "ca-file"
    FINGERPRINT = "fingerprint"
    INSECURE = "insecure"


class WasMode(StrEnum):
    """Whether findings of web application scans are read (`wasVuln` of an analysis)."""

    EXCLUDE = "excludeWas"
    ONLY = "onlyWas"
    INCLUDE = "includeWas"


class PluginType(StrEnum):
    """What kind of plugin makes a finding, as an analysis filters it (`pluginType`)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    COMPLIANCE = "compliance"
    LCE = "lce"


class ListFilter(StrEnum):
    """Which asset lists the console is asked for (`filter` of `GET /rest/asset`)."""

    USABLE = "usable"
    MANAGEABLE = "manageable"
    EXCLUDE_ALL_DEFINED = "excludeAllDefined"
    EXCLUDE_WATCHLISTS = "excludeWatchlists"


LIST_FIELDS = (
    "assetDataFields",
    "canManage",
    "canUse",
    "context",
    "createdTime",
    "creator",
    "description",
    "groups",
    "id",
    "ipCount",
    "luminFields",
    "modifiedTime",
    "name",
    "organization",
    "owner",
    "ownerGroup",
    "repositories",
    "status",
    "tags",
    "targetGroup",
    "template",
    "type",
    "typeFields",
    "uuid",
    "viewableIPs",
)
"""The fields of an asset list that the console documents (`fields` of `GET /rest/asset`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom to believe: the machine's authorities, a CA file, a pinned certificate, or anyone."""

    kind: TrustKind = TrustKind.SYSTEM
    value: str = ""
    """Path of the CA file, or SHA-256 of the certificate as 64 lower-case hex digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """What this machine shows to a console that demands a certificate of its callers."""

    certificate: str
    """The certificate, and those between it and its authority, as PEM."""
    key: str = field(default="", repr=False)
    """Its private key as PEM, without a password; empty where it is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the console is and the way there."""

    url: str
    """Base address without a trailing slash and without `/rest`."""
    trust: Trust = field(default_factory=Trust)
    proxy: str = field(default="", repr=False)
    """Proxy address, perhaps with credentials; empty for a direct way."""
    no_proxy: tuple[str, ...] = ()
    client: ClientCertificate | None = None
    """Shown to consoles behind mutual TLS."""

    @property
    def proxy_shown(self) -> str:
        """The proxy without its credentials, fit for people and logs."""
        if not self.proxy:
            return ""
        parts = urlsplit(self.proxy)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))

    @property
    def is_loopback(self) -> bool:
        """Whether the console is on this very machine; only then plain HTTP is allowed."""
        host = urlsplit(self.url).hostname or ""
        if host == "localhost":
            return True
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which findings a connection reads; empty means all that the keys can see."""

    repositories: tuple[int, ...] = ()
    severities: tuple[Severity, ...] = ()
    asset_lists: tuple[int, ...] = ()
    families: tuple[int, ...] = ()
    look_back_days: int | None = None
    """Only findings seen in the last so many days."""
    was: WasMode = WasMode.EXCLUDE
    exclude_repositories: tuple[int, ...] = ()
    exclude_families: tuple[int, ...] = ()
    exclude_plugin_types: tuple[PluginType, ...] = ()
    exclude_addresses: tuple[str, ...] = ()
    """Addresses, ranges and CIDR blocks; hosts in them are not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """Which asset lists a connection reads, and with which fields beside the usual ones."""

    filters: tuple[ListFilter, ...] = (ListFilter.EXCLUDE_ALL_DEFINED, ListFilter.USABLE)
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How gently the console is treated."""

    page_size: int | None = None
    """Rows a page, never exceeded when given; without it pages adapt from 1,000 to 10,000."""
    connect_timeout: float = 10.0
    read_timeout: float = 300.0
    retries: int = 5
    requests_per_hour: int | None = None
    """Requests to the console within any hour; without it there is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One console as the user set it up. Holds no keys."""

    name: str
    address: Address
    kind: ConnectionKind = ConnectionKind.CONSOLE
    scope: Scope = field(default_factory=Scope)
    lists: ListRequest = field(default_factory=ListRequest)
    manners: Manners = field(default_factory=Manners)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """A user's API keys. Never shown: `repr` and `str` mask both."""

    access: str
    secret: str

    def __repr__(self) -> str:
        """Masked."""
        return "Keys(access=***, secret=***)"

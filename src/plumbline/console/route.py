"""The way to a console: its address taken apart, and whether a proxy stands between."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from plumbline.errors import ConfigurationError

if TYPE_CHECKING:
    from plumbline.domain.connection import Address

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A forward proxy; its credentials are kept out of the address and of `repr`."""

    scheme: str
    host: str
    port: int
    authorization: str = field(default="", repr=False)
    """Value of the `Proxy-Authorization` header; empty when the proxy asks for none."""

    @property
    def url(self) -> str:
        """The proxy's address, without credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that only the proxy may see."""
        return {"Proxy-Authorization": self.authorization} if self.authorization else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where requests go: scheme, host and port of the console, a path before `/rest`, a proxy."""

    scheme: str
    host: str
    port: int
    prefix: str = ""
    proxy: Proxy | None = None

    @property
    def hop(self) -> tuple[str, int]:
        """Host and port that the first TCP connection goes to."""
        return (self.proxy.host, self.proxy.port) if self.proxy else (self.host, self.port)

    @property
    def encrypted(self) -> bool:
        """Whether the way to the console is TLS."""
        return self.scheme == "https"


def plan(address: Address) -> Route:
    """Read an address.

    Raises:
        ConfigurationError: not an http(s) address, credentials in it, plain http to another
            machine, or a proxy of an unknown kind.
    """
    parts, port = _split(address.url)
    host = parts.hostname
    if parts.scheme not in _PORTS or not host:
        raise ConfigurationError(
            "The console's address is not an https:// address with a host name.",
            advice="Write it as https://securitycenter.example.com, without /rest.",
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            "The console's address holds more than scheme, host, port and path.",
            advice="Leave names, passwords, ? and # out of it; the API keys are given apart.",
        )
    if parts.scheme == "http" and not address.is_loopback:
        raise ConfigurationError(
            f"Plain http:// to {host} would show the API keys to the network.",
            advice="Use https://; plain http is allowed to this very machine only.",
            unchanged="Nothing was sent.",
        )
    return Route(
        scheme=parts.scheme,
        host=host,
        port=port or _PORTS[parts.scheme],
        prefix=parts.path.rstrip("/"),
        proxy=None if goes_direct(host, address) else _proxy(address.proxy),
    )


def goes_direct(host: str, address: Address) -> bool:
    """Whether no proxy is used: none set, the console on this machine, or listed in `no_proxy`.

    An entry of `no_proxy` is `*`, a host, a domain (its hosts included) or a CIDR block.
    """
    if not address.proxy or address.is_loopback:
        return True
    return any(_covers(entry.strip().lower(), host.lower()) for entry in address.no_proxy)


def _covers(entry: str, host: str) -> bool:
    """Whether one entry of `no_proxy` names the host."""
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        domain = entry.lstrip("*").lstrip(".")
        return entry == "*" or (bool(domain) and f".{host}".endswith(f".{domain}"))


def _split(url: str) -> tuple[SplitResult, int | None]:
    """The address's parts; a broken one is reported without being shown, for it may hold a secret.

    The original error is left out on purpose: it quotes the address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(
            "The address of the console or of the proxy cannot be read.",
            advice="Write it as https://host or https://host:port.",
        ) from None
    return parts, port


def _proxy(url: str) -> Proxy:
    parts, port = _split(url if "://" in url else f"http://{url}")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigurationError(
            "The proxy's address is not an http:// or https:// address with a host name.",
            advice="Write it as http://proxy.example.com:3128; SOCKS is not supported.",
        )
    return Proxy(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        authorization=_basic(parts),
    )


def _basic(parts: SplitResult) -> str:
    if not parts.username:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"

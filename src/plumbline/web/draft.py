"""A connection that somebody is setting up: kept with their session until its last step."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from plumbline.domain.connection import (
    Address,
    ClientCertificate,
    Connection,
    Keys,
    Trust,
    TrustKind,
)
from plumbline.errors import ConfigurationError
from plumbline.ledger import seal

if TYPE_CHECKING:
    from django.http import HttpRequest

_PLACE = "connecting"
_NEW = "the connection that is being set up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was told so far. Secrets are sealed, for sessions lie in the database."""

    name: str
    url: str
    proxy: str = field(default="", repr=False)
    """Sealed; empty without."""
    no_proxy: str = ""
    """What is reached without it, separated by commas."""
    client: str = ""
    """The client certificate as PEM."""
    client_key: str = field(default="", repr=False)
    """Sealed."""
    trust: str = ""
    """A kind of trust; empty as long as nobody chose."""
    believed: str = ""
    """What that kind believes: a file, or a fingerprint."""
    access: str = field(default="", repr=False)
    """Sealed."""
    secret: str = field(default="", repr=False)
    """Sealed."""

    @property
    def address(self) -> Address:
        """Where the console is, and whom to believe there."""
        trust = Trust(kind=TrustKind(self.trust or TrustKind.SYSTEM), value=self.believed)
        direct = tuple(filter(None, self.no_proxy.split(",")))
        return Address(
            url=self.url,
            trust=trust,
            proxy=_opened(self.proxy),
            no_proxy=direct,
            client=ClientCertificate(certificate=self.client, key=_opened(self.client_key))
            if self.client
            else None,
        )

    @property
    def connection(self) -> Connection:
        """The connection as it would be."""
        return Connection(name=self.name, address=self.address)

    @property
    def keys(self) -> Keys | None:
        """Its keys, if they were given and can still be opened."""
        if not self.access:
            return None
        try:
            return Keys(_opened(self.access), _opened(self.secret))
        except ConfigurationError:
            return None

    @property
    def encrypted(self) -> bool:
        """Whether there is a certificate to look at."""
        return self.url.startswith("https:")

    def with_client(self, client: ClientCertificate | None) -> Draft:
        """The same with a client certificate, its key sealed; or without any."""
        if client is None:
            return replace(self, client="", client_key="")
        return replace(self, client=client.certificate, client_key=sealed(client.key))

    def with_keys(self, keys: Keys) -> Draft:
        """The same with its keys, sealed."""
        return replace(self, access=sealed(keys.access), secret=sealed(keys.secret))

    def keep(self, request: HttpRequest, place: str = _PLACE) -> None:
        """Keep it for the next step."""
        request.session[place] = asdict(self)


def of(request: HttpRequest, place: str = _PLACE) -> Draft | None:
    """What this visitor is setting up."""
    told = request.session.get(place)
    return Draft(**told) if isinstance(told, dict) else None


def drop(request: HttpRequest, place: str = _PLACE) -> None:
    """Forget it."""
    request.session.pop(place, None)


def sealed(text: str) -> str:
    """A secret in a form that may lie in the database; empty stays empty."""
    if not text:
        return ""
    with seal.turn():
        return seal.seal(text).decode("ascii")


def _opened(text: str) -> str:
    return seal.unseal(text.encode("ascii"), _NEW) if text else ""

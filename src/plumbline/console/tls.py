"""Whom to believe: TLS settings for each kind of trust, and a look at a certificate untrusted.

Security Center comes with a certificate signed by itself, so its SHA-256 fingerprint, compared
by a person once, is often the best proof there is.
"""

from __future__ import annotations

import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, assert_never

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from plumbline.console import client_certificate
from plumbline.console.fault import ClientCertificateError, of_client_certificate, shortly
from plumbline.console.route import Route, plan
from plumbline.domain.connection import Trust, TrustKind
from plumbline.errors import ConfigurationError, UnreachableError

if TYPE_CHECKING:
    from datetime import datetime

    from plumbline.domain.connection import Address, ClientCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a host showed, believed or not."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    """64 lower-case hex digits over the certificate's DER form."""
    names: tuple[str, ...]
    """DNS names and addresses it speaks for."""

    @property
    def self_signed(self) -> bool:
        """Whether it vouches for itself."""
        return self.subject == self.issuer

    @property
    def fingerprint(self) -> str:
        """SHA-256 in the form people compare: `AB:CD:…`."""
        return ":".join(re.findall("..", self.sha256.upper()))


def context(trust: Trust, client: ClientCertificate | None = None) -> ssl.SSLContext:
    """The TLS settings of a trust, showing a client certificate where there is one.

    A pinned fingerprint is compared apart from them.

    Raises:
        ConfigurationError: the CA file or the client certificate cannot be used.
    """
    match trust.kind:
        case TrustKind.SYSTEM:
            settings = ssl.create_default_context()
        case TrustKind.CA_FILE:
            settings = _with_authority(trust.value)
        case TrustKind.FINGERPRINT | TrustKind.INSECURE:
            settings = _unverified()
        case _:
            assert_never(trust.kind)
    if client is not None:
        client_certificate.show(client, settings)
    return settings


def fingerprint(trust: Trust) -> str | None:
    """The pinned SHA-256 in lower-case hex, or None when the trust pins none.

    Raises:
        ConfigurationError: it is not 64 hex digits (colons and blanks are allowed between).
    """
    if trust.kind is not TrustKind.FINGERPRINT:
        return None
    digits = re.sub(r"[:\s]", "", trust.value).lower()
    if not re.fullmatch("[0-9a-f]{64}", digits):
        raise ConfigurationError(
            "The pinned fingerprint is not a SHA-256 of 64 hex digits.",
            advice="Copy the fingerprint that the connection test shows.",
        )
    return digits


def fetch_certificate(address: Address, timeout: float = 10.0) -> Certificate:
    """Look at the certificate a console shows, without believing it; no key is sent.

    Raises:
        UnreachableError: no TLS handshake within `timeout` seconds.
    """
    anyone = Trust(kind=TrustKind.INSECURE)
    der = _shake_hands(plan(address), context(anyone, address.client), timeout)
    return read_certificate(der)


def objection(address: Address, timeout: float = 10.0) -> str:
    """Why the address's trust does not hold for its certificate; empty when it does.

    Raises:
        ConfigurationError: the trust itself is broken.
        UnreachableError: the host cannot be reached at all, or does not accept our certificate.
    """
    pinned = fingerprint(address.trust)
    try:
        settings = context(address.trust, address.client)
        der = _shake_hands(plan(address), settings, timeout, verdict=True)
    except _DistrustError as error:
        return error.what
    if pinned and read_certificate(der).sha256 != pinned:
        return "the certificate is not the pinned one"
    return ""


def refusal(address: Address, timeout: float) -> ClientCertificateError | None:
    """What the console has against our client certificate, or its absence; nothing if it has not.

    A console that refuses it in TLS 1.3 cuts the line under the first request, and what it said
    is lost then; so it is listened to without a request.
    """
    try:
        settings = context(address.trust, address.client)
        _shake_hands(plan(address), settings, timeout, verdict=True)
    except ClientCertificateError as error:
        return error
    except UnreachableError:
        return None
    return None


def read_certificate(der: bytes) -> Certificate:
    """Read a certificate in DER form.

    Raises:
        UnreachableError: it is not an X.509 certificate.
    """
    try:
        found = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            sha256=found.fingerprint(SHA256()).hex(),
            names=_names(found),
        )
    except ValueError as error:
        raise UnreachableError(
            "The host showed a certificate that cannot be read.",
            advice="Ask the console's administrator to renew its certificate.",
        ) from error


def describe_client(client: ClientCertificate) -> Certificate:
    """What our own certificate says of itself."""
    return read_certificate(ssl.PEM_cert_to_DER_cert(_first(client.certificate)))


def _first(pem: str) -> str:
    end = "-----END CERTIFICATE-----"
    return f"{pem.partition(end)[0]}{end}\n"


class _DistrustError(UnreachableError):
    """The handshake ended because the certificate was not believed."""


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names: list[Any] = extension.value.get_values_for_type(x509.DNSName)
    return tuple(map(str, [*names, *extension.value.get_values_for_type(x509.IPAddress)]))


def _with_authority(path: str) -> ssl.SSLContext:
    try:
        settings = ssl.create_default_context(cafile=path)
    except OSError as error:
        raise ConfigurationError(
            f"The CA file {path} cannot be read as PEM certificates.",
            advice="Give a readable file with the authority's certificate in PEM form.",
        ) from error
    # The console's own certificate may be given as the authority, and old authorities lack the
    # extensions that strict mode asks for.
    settings.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    settings.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return settings


def _unverified() -> ssl.SSLContext:
    settings = ssl.create_default_context()
    settings.check_hostname = False
    settings.verify_mode = ssl.CERT_NONE
    return settings


_ALERT_SECONDS = 0.3
"""Wait for an objection to our certificate: TLS 1.3 tells it after the handshake has ended."""


def _shake_hands(
    route: Route, settings: ssl.SSLContext, timeout: float, *, verdict: bool = False
) -> bytes:
    """The certificate in DER form after one handshake, through the proxy where there is one.

    With `verdict` it is waited for what the host says of the certificate that we showed, or not.
    """
    if not route.encrypted:
        raise UnreachableError(f"{route.host} is addressed by plain http: it has no certificate.")
    if route.proxy and route.proxy.scheme != "http":
        raise UnreachableError(
            "A certificate cannot be looked at through a proxy that itself speaks TLS.",
            advice="Give the proxy's http:// port; the way to the console stays TLS.",
        )
    line = HTTPSConnection(*route.hop, timeout=timeout, context=settings)
    if route.proxy:
        line.set_tunnel(route.host, route.port, route.proxy.headers)
    try:
        line.connect()
        der = line.sock.getpeercert(binary_form=True)
        if verdict and line.sock.version() == "TLSv1.3":
            _await_alert(line.sock)
    except ssl.SSLCertVerificationError as error:
        raise _DistrustError(shortly(error)) from error
    except (OSError, HTTPException) as error:
        if isinstance(error, ssl.SSLError) and (refusal := of_client_certificate(error)):
            raise refusal from error
        raise UnreachableError(
            f"No TLS handshake with {route.host}:{route.port}: {shortly(error)}.",
            advice="Check address, port and proxy; the console listens on 443 by default.",
        ) from error
    finally:
        line.close()
    if der is None:
        raise UnreachableError(f"{route.host}:{route.port} showed no certificate.")
    return bytes(der)


def _await_alert(line: ssl.SSLSocket) -> None:
    line.settimeout(_ALERT_SECONDS)
    with suppress(TimeoutError):
        line.recv(1)

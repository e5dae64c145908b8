"""The site's certificate: its own, made at first start, until one is put in its place."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from plumbline.errors import ConfigurationError
from plumbline.web.private import write_once

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CERTIFICATE, KEY = "web.crt", "web.pem"
# What browsers and their systems accept at most for a certificate that is trusted by hand.
_DAYS = 825
_SOON = timedelta(days=30)
_YESTERDAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as files in PEM."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What the server speaks TLS with.

        Raises:
            ConfigurationError: the files cannot be read or do not belong together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        try:
            context.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"{self.certificate} and {self.key} cannot be used: {error.strerror or error}.",
                advice="a certificate (chain) and its key without a password, both as PEM.",
            ) from error
        return context

    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as browsers show it."""
        text = hashlib.sha256(self._first().public_bytes(serialization.Encoding.DER)).hexdigest()
        return ":".join(text[i : i + 2] for i in range(0, len(text), 2)).upper()

    def ends(self) -> datetime:
        """When it is over, UTC."""
        return self._first().not_valid_after_utc

    def signed_itself(self) -> bool:
        """Whether it is one of ours: what somebody else put there is never replaced."""
        found = self._first()
        return found.issuer == found.subject

    def _first(self) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificates(self.certificate.read_bytes())[0]
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"{self.certificate} holds no certificate that can be read: {error}."
            ) from error


def own(home: Path, names: Iterable[str]) -> Pair:
    """The certificate in the data folder; made at first start, and anew when it is nearly over.

    Raises:
        StorageError: it can be neither read nor made.
        ConfigurationError: the file holds none.
    """
    pair = Pair(home / CERTIFICATE, home / KEY)
    if pair.certificate.exists() and pair.signed_itself() and pair.ends() - _now() < _SOON:
        pair.certificate.unlink()
        pair.key.unlink(missing_ok=True)
    if not (pair.certificate.exists() and pair.key.exists()):
        certificate, key = _make(tuple(names))
        write_once(pair.key, lambda: key)
        write_once(pair.certificate, lambda: certificate)
    return pair


def _make(names: tuple[str, ...]) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Plumbline")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _YESTERDAY)
        .not_valid_after(_now() + timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return x509.DNSName(text)


def _now() -> datetime:
    return datetime.now(UTC)

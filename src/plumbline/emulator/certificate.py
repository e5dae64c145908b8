"""The emulator's own self-signed certificate for this machine's loopback names."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate with its private key, which `repr` does not show."""

    pem: str
    fingerprint: str
    """SHA-256 of the DER form, 64 lower-case hex digits."""
    context: ssl.SSLContext


def self_signed(clients: str = "") -> Certificate:
    """Make a certificate for localhost, 127.0.0.1 and ::1, and what serves with it.

    `clients` is an authority as PEM: callers have to show a certificate that it signed.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Emulated Security Center"),
            x509.NameAttribute(NameOID.COMMON_NAME, "localhost"),
        ]
    )
    names = [
        x509.DNSName("localhost"),
        *(x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")),
    ]
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    der = made.public_bytes(serialization.Encoding.DER)
    return Certificate(
        pem=pem.decode(),
        fingerprint=hashlib.sha256(der).hexdigest(),
        context=_context(pem, secret, clients),
    )


def _context(pem: bytes, secret: bytes, clients: str) -> ssl.SSLContext:
    """A server context; the library reads keys from files only, so they lie in one for a moment."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory() as folder:
        both = Path(folder) / "both.pem"
        both.touch(mode=0o600)
        both.write_bytes(pem + secret)
        context.load_cert_chain(both)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients)
    return context

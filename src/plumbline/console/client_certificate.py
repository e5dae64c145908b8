"""The certificate that is shown to consoles behind mutual TLS: read, described and put to use."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from plumbline.console.options import CLIENT_KEY_PASSWORD
from plumbline.domain.connection import ClientCertificate
from plumbline.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    import ssl

    from cryptography.hazmat.primitives.asymmetric.types import (
        PrivateKeyTypes,
        PublicKeyTypes,
    )

_KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_GIVE_PASSWORD = f"give its password in {CLIENT_KEY_PASSWORD}, or in a file."
_UNCHANGED = "Nothing was kept."


def read_client_certificate(
    certificate: bytes, key: bytes | None = None, password: str = ""
) -> ClientCertificate:
    """A certificate and its private key from PEM; the key may stand in the same text.

    The password opens the key and is not kept.

    Raises:
        UsageError: there is no certificate or no key, the password is missing or wrong, or the
            key belongs to another certificate.
    """
    chain = _certificates(certificate)
    private = _private_key(certificate if key is None else key, password)
    public = _public(private.public_key())
    leaf = next((one for one in chain if _public(one.public_key()) == public), None)
    if leaf is None:
        raise UsageError(
            "The private key does not belong to the client certificate.",
            advice="give the key that the certificate was made with.",
            unchanged=_UNCHANGED,
        )
    ordered = [leaf, *(one for one in chain if one is not leaf)]
    plain = private.private_bytes(
        Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in ordered)
    return ClientCertificate(certificate=pem.decode(), key=plain.decode())


def _certificates(content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise UsageError(
            "The client certificate is no certificate in PEM form.",
            advice="give a file that begins with -----BEGIN CERTIFICATE-----.",
            unchanged=_UNCHANGED,
        ) from None


def _private_key(content: bytes, password: str) -> PrivateKeyTypes:
    found = _KEY.search(content)
    if found is None:
        raise UsageError(
            "There is no private key for the client certificate.",
            advice="give the file with -----BEGIN PRIVATE KEY-----, too.",
            unchanged=_UNCHANGED,
        )
    block = found[0] + b"\n"
    locked = b"ENCRYPTED" in block
    if locked and not password:
        raise UsageError(
            "The private key of the client certificate has a password.",
            advice=_GIVE_PASSWORD,
            unchanged=_UNCHANGED,
        )
    try:
        return serialization.load_pem_private_key(block, password.encode() if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The original error is left out: it says nothing that people understand.
        what = "cannot be opened with this password" if locked else "cannot be read"
        raise UsageError(
            f"The private key of the client certificate {what}.",
            advice=_GIVE_PASSWORD if locked else "give it as PEM.",
            unchanged=_UNCHANGED,
        ) from None


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def show(client: ClientCertificate, settings: ssl.SSLContext) -> None:
    """Let TLS show the certificate.

    The library reads keys from files alone: the key lies in one for a moment, locked with a
    password that nobody else knows.

    Raises:
        ConfigurationError: the key is not here, or TLS cannot use it.
    """
    if not client.key:
        raise ConfigurationError(
            "The private key of the client certificate is not here.",
            advice="give the certificate again with `plumbline connection edit NAME "
            "--client-certificate FILE`.",
        )
    word = secrets.token_bytes(24).hex().encode()
    private = serialization.load_pem_private_key(client.key.encode(), None)
    locked = private.private_bytes(
        Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(word),
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "client.pem"
        file.touch(mode=0o600)
        file.write_bytes(client.certificate.encode() + locked)
        try:
            settings.load_cert_chain(file, password=word)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"TLS cannot use the client certificate: {error}.",
                advice="give a certificate with an RSA key of 2048 bits or more, or an EC key.",
            ) from error

"""Certificates of authorities that people upload: kept as files of their own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from plumbline.domain.connection import Trust, TrustKind
from plumbline.errors import UsageError
from plumbline.web.private import write_once

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 100_000
_FOLDER = "authorities"


def keep(home: Path, content: bytes) -> Trust:
    """Keep what is in a PEM file, its certificates alone, and trust that.

    The file is named by what is in it, so that the same one is kept once.

    Raises:
        UsageError: it is too large, holds a private key, or no certificate.
        StorageError: it cannot be kept.
    """
    text = "".join(_pem(one) for one in _read(content))
    name = hashlib.sha256(text.encode()).hexdigest()
    file = home / _FOLDER / f"{name}.pem"
    write_once(file, lambda: text)
    return Trust(kind=TrustKind.CA_FILE, value=str(file))


def _read(content: bytes) -> list[x509.Certificate]:
    if len(content) > MOST_BYTES:
        raise UsageError(f"The file is larger than {MOST_BYTES:,} bytes: it is no authority's.")
    if b"PRIVATE KEY" in content:
        raise UsageError("The file holds a private key; it was not kept. Give the certificate.")
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise UsageError("The file holds no certificate in PEM form.") from None


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")

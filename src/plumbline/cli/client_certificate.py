"""The client certificate of a connection, from the options of a command."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from plumbline.console.options import CLIENT_KEY_PASSWORD
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.cli.flags import Flags
    from plumbline.domain.connection import ClientCertificate

_MOST_BYTES = 1_000_000


def of_flags(flags: Flags, base: ClientCertificate | None, url: str) -> ClientCertificate | None:
    """The certificate as its files hold it now; they are not needed afterwards.

    Raises:
        UsageError: a file cannot be read, or they do not make a certificate with its key.
    """
    given = flags.client_certificate
    if given is None:
        if flags.client_key or flags.client_key_password_file:
            raise UsageError(
                "A private key without its certificate was given.",
                advice="give --client-certificate FILE, too.",
            )
        return base
    if given.strip().lower() in {"", "none"}:
        return None
    if urlsplit(url).scheme == "http":
        raise UsageError(
            f"--client-certificate speaks of TLS, but {url} has none.", advice="leave it out."
        )
    # cryptography, only when called
    from plumbline.console.client_certificate import read_client_certificate  # noqa: PLC0415

    password = os.environ.get(CLIENT_KEY_PASSWORD, "")
    if file := flags.client_key_password_file:
        text = _content("--client-key-password-file", file)
        password = text.decode("utf-8", "replace").rstrip("\r\n")
    key = _content("--client-key", flags.client_key) if flags.client_key else None
    return read_client_certificate(_content("--client-certificate", Path(given)), key, password)


def _content(option: str, file: Path) -> bytes:
    try:
        with file.expanduser().open("rb") as opened:
            return opened.read(_MOST_BYTES)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{option}: {file} cannot be read: {words}.", advice="give a readable file."
        ) from error


def warnings(client: ClientCertificate) -> list[str]:
    """What a careful person should know about the certificate."""
    from plumbline.console.tls import describe_client  # noqa: PLC0415 - likewise

    ends = describe_client(client).not_after
    if ends > datetime.now(UTC):
        return []
    return [f"The client certificate ended on {ends:%Y-%m-%d}: consoles will refuse it."]


def shown(client: ClientCertificate | None) -> dict[str, Any] | None:
    """What may be seen of a certificate: whose it is, until when, and its fingerprint."""
    if client is None:
        return None
    from plumbline.console.tls import describe_client  # noqa: PLC0415 - likewise

    found = describe_client(client)
    return {"subject": found.subject, "ends": found.not_after, "sha256": found.sha256}

"""Seals secrets for the database, and changes the keys they are sealed with.

MultiFernet (AES-128-CBC with HMAC-SHA256): the first key seals, every key opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.fernet import InvalidToken, MultiFernet
from django.db import transaction

from plumbline.errors import ConfigurationError
from plumbline.ledger import audit, keyring
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.locks import locked
from plumbline.ledger.models import SealedRow
from plumbline.ledger.opening import opened

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from plumbline.config.settings import Settings


def turn() -> AbstractContextManager[None]:
    """Keep a rotation away while secrets are sealed *and stored*."""
    path = opened().key_path
    return locked(path.with_name(path.name + ".lock"))


def seal(text: str) -> bytes:
    """Seal a text; makes the key file at first use. Call it within `turn`.

    Raises:
        ConfigurationError: the sealing keys cannot be used.
        StorageError: the key file cannot be made.
    """
    settings = opened()
    if not settings.secret_keys:
        keyring.create(settings.key_path)
    return _keys(settings).encrypt(text.encode())


def unseal(token: bytes, subject: str) -> str:
    """Open a sealed text of the connection `subject`.

    Raises:
        ConfigurationError: the sealing keys cannot be used, or none of them opens it.
    """
    try:
        return _keys(opened()).decrypt(token).decode()
    except InvalidToken:
        raise ConfigurationError(
            f"The secrets of connection {subject} were sealed with a key that is not here.",
            advice="restore the key file that belongs to this database, or give the keys again "
            f"with `plumbline connection rotate-keys {subject}`.",
        ) from None


@storage_faults()
def rotate() -> int:
    """Put a new sealing key first, seal everything anew and drop the old keys; tells how many.

    With keys from the environment the first of them is taken as the new one. Interrupted at any
    moment, everything can still be opened and the next rotation finishes the work.

    Raises:
        ConfigurationError: keys cannot be used, or a secret cannot be opened; nothing is changed.
        StorageError: the key file cannot be written.
    """
    settings = opened()
    if settings.secret_keys:
        return _reseal(_keys(settings))
    with turn():
        return _rotate_file(settings.key_path)


def _rotate_file(path: Path) -> int:
    keyring.create(path)
    old, new = keyring.texts(path), keyring.new_key()
    keyring.write(path, [new, *old])
    count = _reseal(MultiFernet(keyring.from_file(path)))
    keyring.write(path, [new])
    return count


def _reseal(keys: MultiFernet) -> int:
    with transaction.atomic():
        rows = list(SealedRow.objects.select_related("connection"))
        for row in rows:
            for name in ("keys", "proxy", "client_key"):
                setattr(row, name, _anew(bytes(getattr(row, name)), row.connection.name, keys))
            row.save()
        audit.note("rotate", "sealing keys", f"{len(rows)} connections sealed anew")
    return len(rows)


def _anew(token: bytes, subject: str, keys: MultiFernet) -> bytes:
    if not token:
        return b""
    try:
        return keys.rotate(token)
    except InvalidToken:
        raise ConfigurationError(
            f"The secrets of connection {subject} were sealed with a key that is not here, "
            "so they cannot be sealed anew.",
            advice="restore the missing key, or give its keys again with "
            f"`plumbline connection rotate-keys {subject}`.",
            unchanged="every sealed secret.",
        ) from None


def _keys(settings: Settings) -> MultiFernet:
    if settings.secret_keys:
        return MultiFernet(keyring.from_text(settings.secret_keys))
    return MultiFernet(keyring.from_file(settings.key_path))

"""The sealing keys: a file that only its owner reads, or an environment variable."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from plumbline.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def from_text(text: str) -> list[Fernet]:
    """Keys out of the environment variable, newest first.

    Raises:
        ConfigurationError: one of them is no key.
    """
    return _keys(text.split(","), "The environment variable PLUMBLINE_SECRET_KEYS")


def from_file(path: Path) -> list[Fernet]:
    """Keys out of the key file, newest first.

    Raises:
        ConfigurationError: the file is missing, readable by others, or holds something else.
    """
    return _keys(_read(path).split(), f"The key file {path}")


def write(path: Path, keys: Sequence[str]) -> None:
    """Replace the key file as a whole; it is on disk when this returns.

    Raises:
        StorageError: it cannot be written.
    """
    draft = path.with_name(path.name + ".new")
    try:
        draft.unlink(missing_ok=True)
        _create(draft, keys)
        draft.replace(path)
        _settle(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def create(path: Path) -> None:
    """Make the key file with a first key, unless it is there.

    Raises:
        StorageError: it cannot be written.
    """
    if path.exists():
        return
    write(path, [new_key()])


def new_key() -> str:
    """A fresh key as text."""
    return Fernet.generate_key().decode()


def texts(path: Path) -> list[str]:
    """The keys of the file as they are written there."""
    return _read(path).split()


def _create(path: Path, keys: Sequence[str]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if mode & _OTHERS:
            raise ConfigurationError(
                f"The key file {path} can be read or changed by others "
                f"(mode {stat.S_IMODE(mode):04o}).",
                advice=f"chmod 600 {path}; if somebody may have read it, run "
                "`plumbline secrets rotate` and make new keys in the console.",
            )
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise ConfigurationError(
            f"The key file {path} is missing, so sealed API keys cannot be read.",
            advice="restore it from a backup, or give the console's keys again with "
            "`plumbline connection rotate-keys NAME`.",
        ) from None
    except UnicodeDecodeError:
        raise _no_key(f"The key file {path}") from None
    except OSError as error:
        raise ConfigurationError(
            f"The key file {path} cannot be read: {error.strerror}.",
            advice="make this user its owner, with mode 0600.",
        ) from error


def _keys(given: Sequence[str], source: str) -> list[Fernet]:
    """Fernets of the keys; an error never repeats a key."""
    wanted = [text.strip() for text in given if text.strip()]
    if not wanted:
        raise _no_key(source)
    try:
        return [Fernet(text) for text in wanted]
    except ValueError:
        raise _no_key(source) from None


def _no_key(source: str) -> ConfigurationError:
    return ConfigurationError(
        f"{source} holds no valid sealing key.",
        advice="a key is 32 random bytes in URL-safe base64; restore the original, or make one "
        'with `python -c "from cryptography.fernet import Fernet; '
        'print(Fernet.generate_key().decode())"`.',
    )


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The key file {path} cannot be written: {error.strerror}.",
        advice="make its folder writable for this user and see that the disk is not full.",
        unchanged="the keys that were there.",
    )

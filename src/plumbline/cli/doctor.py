"""`plumbline doctor`: looks at the installation itself, without changing it."""

import os
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

import typer

from plumbline.cli import output, session, site
from plumbline.cli.sign import Health, Sign, ill, poor, well
from plumbline.errors import PlumblineError

if TYPE_CHECKING:
    from plumbline.config.settings import Settings

FAILED = 3
_FLOOR = (3, 11)
_PARQUET = b"PAR1"
_LOW, _NONE = 2 * 1024**3, 200 * 1024**2
_PARTS = ("duckdb", "ibis", "deltalake", "pyarrow", "cryptography", "django", "urllib3")


def doctor(*, as_json: output.AsJson = False) -> None:
    """Check this installation.

    Folders, disk, keys, database, lake, site and engine; ends with 3 when something fails.
    """
    signs = []
    for sign in _examine():
        signs.append(sign)
        if not as_json:
            _print(sign)
    if as_json:
        output.emit("doctor", signs)
    raise typer.Exit(FAILED if any(sign.health is Health.FAIL for sign in signs) else 0)


def _examine() -> Iterator[Sign]:
    yield _python()
    try:
        settings = session.settings()
    except PlumblineError as error:
        yield Sign(part="settings", health=Health.FAIL, finding=error.what, remedy=error.advice)
        return
    yield well("settings", str(settings.file) if settings.file.exists() else "all defaults")
    yield _home(settings.home)
    yield _disk(settings.home)
    yield _keys(settings)
    database = _database(settings)
    yield database
    if database.health is Health.OK and _begun(settings):
        yield _sealed()
        yield _lake(settings)
    yield from site.signs(settings)
    yield _parts()


def _python() -> Sign:
    found = sys.version_info[:3]
    text = ".".join(map(str, found))
    if found[:2] < _FLOOR:
        return ill("python", text, "install Python 3.11 or newer.")
    return well("python", text)


def _home(home: Path) -> Sign:
    if not home.exists():
        parent = next(folder for folder in home.parents if folder.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            return well("data folder", f"{home} will be made at first use")
        return ill("data folder", f"{home} cannot be made", f"make {parent} writable.")
    if not home.is_dir() or not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        return ill("data folder", f"{home} cannot be written", "make this user its owner.")
    if home.stat().st_mode & 0o077:
        return poor("data folder", f"{home} can be read by others", f"chmod 700 {home}")
    return well("data folder", str(home))


def _disk(home: Path) -> Sign:
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    text = f"{free / 1024**3:,.1f} GB free"
    if free < _NONE:
        return ill("disk", text, "free some space; a run needs room for its pages.")
    if free < _LOW:
        return poor("disk", text, "a large console needs more than 2 GB.")
    return well("disk", text)


def _keys(settings: "Settings") -> Sign:
    from plumbline.ledger import keyring  # noqa: PLC0415 - cryptography, only when called

    try:
        if settings.secret_keys:
            keyring.from_text(settings.secret_keys)
            return well("sealing keys", "from PLUMBLINE_SECRET_KEYS")
        if not settings.key_path.exists():
            return well("sealing keys", f"{settings.key_path} will be made at first use")
        keyring.from_file(settings.key_path)
    except PlumblineError as error:
        return ill("sealing keys", error.what, error.advice)
    return well("sealing keys", str(settings.key_path))


def _database(settings: "Settings") -> Sign:
    from plumbline.ledger import database, opening  # noqa: PLC0415 - Django, only when called

    try:
        file = database.file_of(database.describe(settings))
        if file is not None and not file.exists():
            return well("database", f"{file} will be made at first use")
        missing = opening.outdated(settings)
    except PlumblineError as error:
        return ill("database", error.what, error.advice)
    if missing:
        return poor("database", f"{missing} upgrades are due", "plumbline db upgrade")
    return well("database", str(file or database.server()))


def _begun(settings: "Settings") -> bool:
    from plumbline.ledger import database  # noqa: PLC0415 - Django, only when called

    file = database.file_of(database.describe(settings))
    return file is None or file.exists()


def _sealed() -> Sign:
    """Whether the consoles' keys can be read with the sealing keys that are here."""
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    try:
        names = [entry.connection.name for entry in connections.list_all() if entry.has_keys]
        for name in names:
            connections.get_keys(name)
    except PlumblineError as error:
        return ill("stored API keys", error.what, error.advice)
    return well("stored API keys", f"of {len(names)} connections")


def _lake(settings: "Settings") -> Sign:
    """Whether the files are there that the newest snapshots are made of."""
    from plumbline.ledger import snapshots  # noqa: PLC0415 - Django, only when called

    try:
        pins = [pin for one in snapshots.latest_all() for pin in one.tables.values()]
    except PlumblineError as error:
        return ill("lake", error.what, error.advice)
    files = [settings.lake / file for pin in pins for file in pin.files]
    broken = [file for file in files if not _is_whole(file)]
    if broken:
        return ill(
            "lake",
            f"{len(broken)} of {len(files)} files are gone or damaged, such as {broken[0]}",
            "restore them from a backup, or remove the connection and add it anew.",
        )
    return well("lake", f"{len(files)} files in {settings.lake}")


def _is_whole(file: Path) -> bool:
    """Whether a Parquet file is there from its first sign to its last."""
    try:
        with file.open("rb") as content:
            first = content.read(len(_PARQUET))
            content.seek(-len(_PARQUET), os.SEEK_END)
            return first == content.read() == _PARQUET
    except OSError:
        return False


def _parts() -> Sign:
    broken = []
    for name in _PARTS:
        try:
            import_module(name)
        except ImportError as error:
            broken.append(f"{name}: {error}")
    if broken:
        return ill("libraries", "; ".join(broken), "install plumbline-sc again.")
    return well("libraries", ", ".join(_PARTS))


def _print(sign: Sign) -> None:
    output.put(f"{_badge(sign.health)} {sign.part}: {output.clean(sign.finding)}")
    if sign.remedy:
        output.put(f"       remedy: {output.clean(sign.remedy)}")


def _badge(health: Health) -> str:
    match health:
        case Health.OK:
            return output.paint("✔ OK  ", output.GREEN, sys.stdout)
        case Health.WARN:
            return output.paint("! WARN", output.YELLOW, sys.stdout)
        case Health.FAIL:
            return output.paint("✘ FAIL", output.RED, sys.stdout)
        case _:
            assert_never(health)

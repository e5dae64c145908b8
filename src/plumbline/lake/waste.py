"""What lies on the disk and is needed by nobody any more: found, and removed file by file.

A file is needed as long as a snapshot pins it, or the newest version of its Delta table holds it:
other engines read that one. What is younger than a given time is left alone, for it may belong to a
run that has only begun.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from plumbline.errors import DamagedError
from plumbline.lake.staging import storage_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

LOG_FOLDER = "_delta_log"


class Why(StrEnum):
    """Why something is needed no more."""

    UNPINNED = "held by no snapshot"
    REMOVED = "its connection was removed"
    STAGED = "staged by a run that cannot go on"
    SPILLED = "left by an engine that was killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """A file or a folder that can go."""

    path: Path
    size: int
    why: Why


def in_tables(
    lake: Path, connection: str, pinned: Collection[str], before: datetime
) -> Iterator[Waste]:
    """Files of a connection's tables that nothing holds and that are older than a time.

    Raises:
        DamagedError: the log of a table cannot be read; nothing of that table may be removed.
    """
    for table in _folders(lake / connection):
        current = _current(table)
        for file in _files(table.rglob("*")):
            name = str(file.relative_to(lake))
            if name in pinned or name in current or not _is_older(file, before):
                continue
            if _is_ours(file):
                yield Waste(path=file, size=file.stat().st_size, why=Why.UNPINNED)


def of_removed(home: Path, connections: Collection[str], before: datetime) -> Iterator[Waste]:
    """Folders of connections that are no more, in the lake and among what is staged."""
    for place in (home / "lake", home / "staging"):
        for folder in _folders(place):
            if folder.name not in connections and _is_still(folder, before):
                yield Waste(path=folder, size=size(folder), why=Why.REMOVED)


def of_stopped(home: Path, connection: str, before: datetime) -> Iterator[Waste]:
    """What a run staged that was stopped too long ago to go on."""
    folder = home / "staging" / connection
    if folder.is_dir() and _is_still(folder, before):
        yield Waste(path=folder, size=size(folder), why=Why.STAGED)


def spilled(home: Path, before: datetime) -> Iterator[Waste]:
    """What engines had put aside for lack of memory when they were killed."""
    for file in _files((home / "spill").rglob("*")):
        if _is_older(file, before):
            yield Waste(path=file, size=file.stat().st_size, why=Why.SPILLED)


def remove(found: Iterable[Waste], gone: Callable[[Waste], None]) -> None:
    """Remove one thing after the other, and tell each that is gone.

    A folder is renamed before it is emptied, so that nobody takes a half of it for the whole.

    Raises:
        StorageError: the disk refuses; what is left is removed the next time.
    """
    for one in found:
        with storage_faults(one.path):
            if one.path.is_dir():
                away = one.path.with_name(f".gone-{one.path.name}-{one.path.stat().st_mtime_ns}")
                shutil.rmtree(one.path.rename(away))
            else:
                one.path.unlink(missing_ok=True)
        gone(one)


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in _files(folder.rglob("*")))


def _current(table: Path) -> set[str]:
    """The files of a table's newest version, relative to the lake."""
    try:
        uris = DeltaTable(str(table)).file_uris()
    except TableNotFoundError:
        return set()
    except DeltaError as fault:
        first_line = str(fault).partition("\n")[0]
        raise DamagedError(
            f"The log of the table {table} cannot be read: {first_line}",
            advice="bring the folder back from a backup, or sync with --full once it is away",
            unchanged="every file of that table",
        ) from fault
    # By their names: the way to the folder may lead over a link.
    names = (unquote(uri).rpartition("/")[2] for uri in uris)
    return {f"{table.parent.name}/{table.name}/{name}" for name in names}


def _is_ours(file: Path) -> bool:
    """Data files of a table; of its log only what a stopped writer left."""
    if LOG_FOLDER in file.parts:
        return file.suffix == ".tmp"
    return file.suffix == ".parquet"


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    return (path for path in paths if path.is_file())


def _is_older(path: Path, before: datetime) -> bool:
    return path.stat().st_mtime < before.timestamp()


def _is_still(folder: Path, before: datetime) -> bool:
    """Whether nothing in a folder, nor itself, was changed since a time."""
    return all(_is_older(path, before) for path in (folder, *folder.rglob("*")))

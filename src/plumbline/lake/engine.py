"""DuckDB over the pinned Parquet files of snapshots. Keeps no file of its own and no lock."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import duckdb
import pyarrow as pa

from plumbline.errors import DamagedError, StorageError
from plumbline.tables import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from plumbline.config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the machine the engine may take."""

    memory_mb: int = 256
    threads: int = 2
    spill: Path | None = None
    """Folder for what does not fit into memory."""
    remembers: bool = True
    """Keep what was read of files while there is room: worth it for who asks again and again."""

    @classmethod
    def of(cls, settings: Settings, *, remembers: bool = True) -> Self:
        """What the settings allow."""
        return cls(
            memory_mb=settings.engine_memory_mb,
            threads=settings.engine_threads or os.cpu_count() or 1,
            spill=settings.home / "spill",
            remembers=remembers,
        )


def connect(limits: Limits | None = None) -> duckdb.DuckDBPyConnection:
    """An engine in memory that never reaches for the network or extensions."""
    limits = limits or Limits()
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{limits.memory_mb}MB",
        "threads": limits.threads,
        "preserve_insertion_order": False,
        "enable_external_file_cache": limits.remembers,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if limits.spill is not None:
        settings["temp_directory"] = str(limits.spill)
    engine = duckdb.connect(":memory:", config=settings)
    engine.execute("SET TimeZone = 'UTC'")
    if limits.remembers:
        # Of files that never change: a fifth of what a question about one host takes.
        engine.execute("SET GLOBAL parquet_metadata_cache = true")
    return engine


@contextmanager
def engine_faults() -> Iterator[None]:
    """Tell faults of the engine in words.

    Raises:
        DamagedError: a file of ours cannot be read any more.
        StorageError: it has no room, or the disk refuses.
    """
    try:
        yield
    except (duckdb.InvalidInputException, pa.ArrowInvalid) as fault:
        raise _damaged(fault) from fault
    except (duckdb.Error, pa.ArrowException) as fault:
        raise _stopped(fault) from fault


def _damaged(fault: Exception) -> DamagedError:
    return DamagedError(
        f"A file of the data folder is damaged: {_first_line(fault)}",
        advice="sync again: what an unfinished run had staged is forgotten; if it is a file of "
        "the lake, bring it back from a backup",
        unchanged="what else was published",
    )


def _stopped(fault: Exception) -> StorageError:
    short = isinstance(fault, duckdb.OutOfMemoryException)
    return StorageError(
        f"The engine stopped: {_first_line(fault)}",
        advice="give it more room with the setting `engine_memory_mb`"
        if short
        else "look at the free space and rights of the data folder; `plumbline doctor`",
        unchanged="the last published snapshot",
    )


def _first_line(fault: Exception) -> str:
    return str(fault).partition("\n")[0]


def show_files(
    engine: duckdb.DuckDBPyConnection, name: str, files: Iterable[str], table: Table
) -> None:
    """Make a view of Parquet files; of no file, an empty table.

    Files of older versions lack columns that were declared since: those are null.
    """
    paths = list(files)
    if not paths:
        # A table, for an Arrow object is seen by the connection alone that it was given to.
        engine.register("nothing", table.empty())
        engine.execute(f"DROP VIEW IF EXISTS {name}")
        engine.execute(f"CREATE OR REPLACE TABLE {name} AS FROM nothing")
        engine.unregister("nothing")
        return
    held = engine.read_parquet(paths, union_by_name=True)
    lacking = [column for column in table.columns if column.name not in held.columns]
    if lacking:
        nulls = (f'NULL::{column.kind.sql} AS "{column.name}"' for column in lacking)
        held = held.project(", ".join(("*", *nulls)))
    held.create_view(name, replace=True)


def show_snapshot(
    engine: duckdb.DuckDBPyConnection, lake: Path, files: Mapping[str, Iterable[str]]
) -> None:
    """Make a view for every table from the files that a snapshot, or several, pin."""
    for table in TABLES:
        paths = [str(lake / file) for file in files.get(table.name, ())]
        show_files(engine, table.name, paths, table)

"""DuckDB over the pinned Parquet files of snapshots. Keeps no file of its own and no lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from plumbline.tables import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the machine the engine may take."""

    memory_mb: int = 256
    threads: int = 2
    spill: Path | None = None
    """Folder for what does not fit into memory."""


def connect(limits: Limits | None = None) -> duckdb.DuckDBPyConnection:
    """An engine in memory that never reaches for the network or extensions."""
    limits = limits or Limits()
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{limits.memory_mb}MB",
        "threads": limits.threads,
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if limits.spill is not None:
        settings["temp_directory"] = str(limits.spill)
    engine = duckdb.connect(":memory:", config=settings)
    engine.execute("SET TimeZone = 'UTC'")
    return engine


def show_files(
    engine: duckdb.DuckDBPyConnection, name: str, files: Iterable[str], table: Table
) -> None:
    """Make a view of Parquet files; of no file, an empty table."""
    paths = list(files)
    if not paths:
        engine.register(f"{name}_empty", table.empty())
        engine.execute(f"CREATE OR REPLACE VIEW {name} AS FROM {name}_empty")
        return
    engine.read_parquet(paths, union_by_name=True).create_view(name, replace=True)


def show_snapshot(
    engine: duckdb.DuckDBPyConnection, lake: Path, files: Mapping[str, Iterable[str]]
) -> None:
    """Make a view for every table from the files that a snapshot, or several, pin."""
    for table in TABLES:
        paths = [str(lake / file) for file in files.get(table.name, ())]
        show_files(engine, table.name, paths, table)

"""What a published snapshot holds fast."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One table at one version."""

    version: int
    files: tuple[str, ...]
    """Paths of the Parquet files, relative to the lake."""
    rows: int

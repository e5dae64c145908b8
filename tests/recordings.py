"""Recorded answers and real scan results that lie beside the checkout; not everybody has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[1].parent / "shared" / "data"


def recordings(ending: str) -> list[Path]:
    """The files of one kind, none where nothing was recorded; inputs of bug reports apart."""
    found = sorted(DATA.rglob(f"*.{ending}")) if DATA.is_dir() else []
    return [path for path in found if "reports" not in path.relative_to(DATA).parts]


def finding_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of findings in a JSON file, however deep they lie."""
    return list(_rows(json.loads(path.read_bytes())))


def _rows(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and {"pluginID", "pluginText", "port"} <= value.keys():
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _rows(inner)

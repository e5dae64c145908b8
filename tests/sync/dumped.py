"""Everything a snapshot holds, in a form that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab import Lab

NAMES = tuple(table.name for table in TABLES)
OF_RUNS = frozenset({"run", "at", "opened_run", "changed_run"})
"""Columns that tell runs apart and say nothing of the console."""


def dumped(
    lab: Lab, names: Iterable[str] = NAMES, *, without: frozenset[str] = OF_RUNS
) -> dict[str, list[str]]:
    """The rows of each table, sorted, without some columns."""
    columns = {t.name: [f'"{n}"::TEXT' for n in t.names if n not in without] for t in TABLES}
    return {
        name: sorted(map(repr, lab.ask(f"SELECT {', '.join(columns[name])} FROM {name}")))  # noqa: S608 - our own names
        for name in names
    }


STANDING = tuple(name for name in NAMES if name not in {"events", "facts"})
"""Tables that show how things stand, whatever happened before."""

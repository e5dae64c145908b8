"""Our counts beside the console's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from plumbline.console.query import Mark
from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.severity import Severity

if TYPE_CHECKING:
    import duckdb

Counts = Mapping[Source, Mapping[Severity, int]]
"""What the console counts in one repository."""


def count_staged(
    engine: duckdb.DuckDBPyConnection, files: Iterable[str]
) -> dict[tuple[int, Source], dict[Severity | None, int]]:
    """Distinct staged findings by repository, store and severity (none: an unreadable one)."""
    paths = list(files)
    found: dict[tuple[int, Source], dict[Severity | None, int]] = {}
    if not paths:
        return found
    rows = engine.execute(
        "SELECT repository_id, source, severity, count(DISTINCT finding) "
        "FROM read_parquet($files) GROUP BY ALL",
        {"files": paths},
    ).fetchall()
    for repository_id, source, severity, count in rows:
        key = (repository_id, Source(source))
        found.setdefault(key, {})[None if severity is None else Severity(severity)] = count
    return found


_MARKED = {
    Mark.ACCEPTED: "accepted",
    Mark.RECAST: "recast",
    Mark.MITIGATED_BEFORE: "mitigated_before",
}
_MARKS = ", ".join(f"count(DISTINCT finding) FILTER ({c})" for c in _MARKED.values())


def count_marks(
    engine: duckdb.DuckDBPyConnection, files: Iterable[str]
) -> dict[Mark, dict[Severity, int]]:
    """Distinct staged findings of the cumulative store by mark and severity."""
    paths = list(files)
    found: dict[Mark, dict[Severity, int]] = {mark: {} for mark in Mark}
    if not paths:
        return found
    rows = engine.execute(
        f"SELECT severity, {_MARKS} FROM read_parquet($files) "  # noqa: S608 - our own columns
        "WHERE source = 'cumulative' AND severity IS NOT NULL GROUP BY ALL",
        {"files": paths},
    ).fetchall()
    for severity, *counts in rows:
        for mark, count in zip(_MARKED, counts, strict=True):
            found[mark][Severity(severity)] = count
    return found


def prove(
    repository_id: int,
    console: Counts,
    ours: Mapping[tuple[int, Source], Mapping[Severity | None, int]],
) -> Iterator[Proof]:
    """One proof for each store and severity that either side counts, and for every store."""
    for source, theirs in console.items():
        held = placed(ours.get((repository_id, source), {}), theirs)
        for severity in sorted(Severity, reverse=True):
            yield Proof(
                repository_id=repository_id,
                source=source,
                severity=severity,
                ours=held.get(severity, 0),
                console=theirs.get(severity, 0),
            )


def placed(
    ours: Mapping[Severity | None, int], theirs: Mapping[Severity, int]
) -> dict[Severity, int]:
    """Our counts, rows with an unreadable severity counted where exactly they are missing.

    Where they do not make up what is missing, they count as informational: too many somewhere.
    """
    placed = {severity: count for severity, count in ours.items() if severity is not None}
    unread = ours.get(None, 0)
    missing = {s: theirs.get(s, 0) - placed.get(s, 0) for s in Severity}
    if unread and min(missing.values()) >= 0 and sum(missing.values()) == unread:
        return {severity: theirs.get(severity, 0) for severity in Severity}
    return placed | {Severity.INFO: placed.get(Severity.INFO, 0) + unread}

"""Our counts beside the console's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plumbline.console.query import Mark
from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.severity import Severity
from plumbline.errors import DamagedError

if TYPE_CHECKING:
    import duckdb

Counts = Mapping[Source, Mapping[Severity, int]]
"""What the console counts in one repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A finding of which the console has more rows than one, all of them alike."""

    source: Source
    severity: Severity | None
    finding: str
    times: int
    """Rows beyond the first."""
    marks: frozenset[Mark] = frozenset()
    place: str = ""
    """Where it is, for people."""


def find_repeats(engine: duckdb.DuckDBPyConnection, files: Iterable[str]) -> list[Repeat]:
    """Findings that lie more than once in one staged part: in one answer, which cannot drift."""
    paths = list(files)
    if not paths:
        return []
    rows = engine.execute(_REPEATS, {"files": paths}).fetchall()
    return [
        Repeat(
            source=Source(source),
            severity=None if severity is None else Severity(severity),
            finding=finding,
            times=times,
            marks=frozenset(mark for mark, has in zip(_MARKED, marks, strict=True) if has),
            place=place,
        )
        for source, severity, finding, times, place, *marks in rows
    ]


def count_repeats(repeats: Iterable[Repeat]) -> Counter[tuple[Source, Severity | None]]:
    """Rows beyond the first by store and severity."""
    found: Counter[tuple[Source, Severity | None]] = Counter()
    for one in repeats:
        found[one.source, one.severity] += one.times
    return found


_COUNTED_IN_MEMORY = 500_000
"""Keys that Arrow counts at once, in some 50 MB; more are left to the engine, which can spill."""


def count_distinct(engine: duckdb.DuckDBPyConnection, files: list[str], rows: int) -> int:
    """Count the different findings in staged parts that hold so many rows."""
    if not files:
        return 0
    if rows <= _COUNTED_IN_MEMORY:
        keys = map(_keys, files)
        chunks = [chunk for column in keys for chunk in column.chunks]
        return int(pc.count_distinct(pa.chunked_array(chunks, pa.string())).as_py())
    query = "SELECT count(DISTINCT finding) FROM read_parquet($files)"
    found = engine.execute(query, {"files": files}).fetchone()
    return int(found[0]) if found else 0


def _keys(file: str) -> pa.ChunkedArray:
    try:
        return pq.ParquetFile(file).read(columns=["finding"])["finding"]
    except OSError as fault:  # what Arrow raises for pages that do not unpack, too
        raise DamagedError(
            f"The staged part {file} cannot be read: {fault}",
            advice="sync again: what an unfinished run had staged is forgotten",
            unchanged="the last published snapshot",
        ) from fault


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
_HAS = ", ".join(f"bool_or({c}) AS {c}" for c in _MARKED.values())
_REPEATS = f"""
SELECT source, severity, finding, sum(n)::BIGINT AS times, min(place), {_HAS}
FROM (
  SELECT source, severity, finding, count(*) - 1 AS n, {_HAS},
    min(concat('plugin ', plugin_id, ' on ', ip)) AS place
  FROM read_parquet($files, filename = true)
  GROUP BY filename, source, severity, finding HAVING count(*) > 1
)
GROUP BY source, severity, finding ORDER BY source, finding
"""  # noqa: S608 - our own columns


def count_marks(
    engine: duckdb.DuckDBPyConnection, files: Iterable[str], repeats: Iterable[Repeat] = ()
) -> dict[Mark, dict[Severity, int]]:
    """Staged findings of the cumulative store by mark and severity, as the console counts them."""
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
    for one in repeats:
        if one.source is Source.CUMULATIVE and one.severity is not None:
            for mark in one.marks:
                found[mark][one.severity] += one.times
    return found


def prove(
    repository_id: int,
    console: Counts,
    ours: Mapping[tuple[int, Source], Mapping[Severity | None, int]],
    repeats: Mapping[tuple[Source, Severity | None], int] | None = None,
) -> Iterator[Proof]:
    """One proof for each store and severity that either side counts, and for every store."""
    for source, theirs in console.items():
        twice = {s: n for (where, s), n in (repeats or {}).items() if where is source}
        # An unreadable severity is counted under the lowest one, or where exactly it is missing.
        again = {s: twice.get(s, 0) for s in Severity}
        again[Severity.INFO] += twice.get(None, 0)
        left = {severity: theirs.get(severity, 0) - again[severity] for severity in Severity}
        held = placed(ours.get((repository_id, source), {}), left)
        for severity in sorted(Severity, reverse=True):
            yield Proof(
                repository_id=repository_id,
                source=source,
                severity=severity,
                ours=held.get(severity, 0),
                console=theirs.get(severity, 0),
                repeated=again[severity],
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

"""What became of each finding since the last snapshot: states, events and facts.

The fresh rows of a run are laid over the findings of the snapshot before. A finding that is in
neither store any more, in a repository or on a host that was read whole, has vanished; that is
never a fix. The rules are told in docs/lifecycle.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pyarrow as pa

from plumbline.align.rekey import show_rekeyed
from plumbline.domain.age import AGE_BANDS
from plumbline.domain.finding import Source
from plumbline.tables import FINDINGS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What was read whole in one store: a repository, or one address in it."""

    source: Source
    repository_id: int
    ip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one run adds to the history of a console."""

    run: int
    at: datetime
    """When the run began; ages are counted to this moment."""
    visible: tuple[int, ...]
    """Repositories the keys can see: the read ones and those that had not changed."""
    whole: tuple[Whole, ...] = ()
    """What was read whole; absence says something there alone."""
    since: Mapping[int, datetime] = field(default_factory=dict)
    """Repositories of which only what changed since then was read."""
    seen_from: datetime | None = None
    """What was last seen before that is not asked for."""
    blind: str = ""
    """Why less may be seen than by the run before, so that absence says nothing; else empty."""

    @property
    def whole_places(self) -> set[tuple[int, str | None]]:
        """Repositories, and addresses in them, that were read whole in both stores."""
        stores: dict[tuple[int, str | None], set[Source]] = {}
        for one in self.whole:
            stores.setdefault((one.repository_id, one.ip), set()).add(one.source)
        return {place for place, read in stores.items() if len(read) == len(Source)}


def lay(
    engine: duckdb.DuckDBPyConnection, staged: Iterable[str], step: Step, continued: pa.Table
) -> None:
    """Make the view `next_findings` from staged parts.

    Expects the tables `before` (findings of the last snapshot, perhaps none) and `alias_hosts`
    (alias, host). `continued` names the aliases whose findings have the keys of another one.
    """
    paths = list(staged)
    if paths:
        show_rekeyed(engine, "staged", engine.read_parquet(paths, filename=True), continued)
    else:
        engine.execute(_NOTHING_STAGED)
    tell(engine, step)
    for statement in (_REPEATED, _FRESH, _GONE, _NEXT):
        engine.execute(statement)


def tell(engine: duckdb.DuckDBPyConnection, step: Step) -> None:
    """Give the step to the engine as tables, so that no value is written into SQL."""
    engine.register(
        "step",
        pa.table(
            {
                "run": pa.array([step.run], pa.int64()),
                "at": pa.array([step.at], Kind.TIME.arrow),
                "seen_from": pa.array([step.seen_from], Kind.TIME.arrow),
                "blind": [step.blind],
                "absent": ["out_of_sight" if step.blind else "vanished"],
            }
        ),
    )
    engine.register("visible", pa.table({"repository_id": pa.array(step.visible, pa.int64())}))
    engine.register("part_read", _since(step.since))
    engine.register("read_now", _read(step.whole))
    engine.execute(_WHOLE_REPOSITORIES)
    engine.execute(_WHOLE_HOSTS)


def _since(since: Mapping[int, datetime]) -> pa.Table:
    columns = {
        "repository_id": pa.array(since.keys(), pa.int64()),
        "since": pa.array(since.values(), Kind.TIME.arrow),
    }
    return pa.table(columns)


def _read(whole: Iterable[Whole]) -> pa.Table:
    found = [(one.source.value, one.repository_id, one.ip) for one in whole]
    kinds = {"source": pa.string(), "repository_id": pa.int64(), "ip": pa.string()}
    columns = zip(*found, strict=True) if found else ((), (), ())
    return pa.table(
        {n: pa.array(values, kinds[n]) for n, values in zip(kinds, columns, strict=True)}
    )


_WHOLE_REPOSITORIES = """
CREATE OR REPLACE TEMP TABLE whole_repositories AS
SELECT repository_id, bool_or(source = 'cumulative') AS cumulative,
  bool_or(source = 'patched') AS patched
FROM read_now WHERE ip IS NULL GROUP BY repository_id
"""
_WHOLE_HOSTS = """
CREATE OR REPLACE TEMP TABLE whole_hosts AS
SELECT repository_id, ip, bool_or(source = 'cumulative') AS cumulative,
  bool_or(source = 'patched') AS patched
FROM read_now WHERE ip IS NOT NULL GROUP BY ALL
"""

_NOTHING_STAGED = """
CREATE VIEW staged AS
SELECT * EXCLUDE (patched_severity), NULL::TIMESTAMPTZ AS last_mitigated, '' AS filename
FROM before WHERE false
"""

# The same finding may have been read twice: on two pages, in two passes, in both stores.
_REPEATED = """
CREATE TEMP TABLE repeated AS
SELECT finding, bool_or(source = 'cumulative') AND bool_or(source = 'patched') AS in_both
FROM staged GROUP BY finding HAVING count(*) > 1
"""

# What was read last counts; a finding that is in both stores is open.
_FRESH = """
CREATE VIEW fresh AS
SELECT * EXCLUDE (filename), NULL::BIGINT AS patched_severity
FROM staged ANTI JOIN repeated USING (finding)
UNION ALL
SELECT * EXCLUDE (filename, place, in_both) FROM (
  SELECT staged.*, in_both,
    CASE WHEN in_both THEN first_value(
      CASE WHEN source = 'patched' THEN severity END IGNORE NULLS
    ) OVER (
      PARTITION BY finding ORDER BY filename DESC, last_seen DESC NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) END AS patched_severity,
    row_number() OVER (
      PARTITION BY finding ORDER BY source, filename DESC, last_seen DESC NULLS LAST
    ) AS place
  FROM staged JOIN repeated USING (finding)
) WHERE place = 1
"""

_STATE = """
CASE
  WHEN f.source = 'patched' THEN 'fixed'
  WHEN f.accepted THEN 'accepted'
  WHEN f.mitigated_before THEN 'reopened'
  ELSE 'open'
END
"""

_FIXED_AT = "CASE WHEN f.source = 'patched' THEN coalesce(f.last_mitigated, f.last_seen) END"
_FIXED_BY = """
CASE WHEN f.source = 'patched' THEN
  CASE WHEN f.last_mitigated IS NOT NULL THEN 'lastMitigated' ELSE 'lastSeen' END
END
"""
_CHANGED = f"""
CASE
  WHEN b.finding IS NULL OR b.state <> {_STATE}
    OR b.recast IS DISTINCT FROM f.recast OR b.severity IS DISTINCT FROM f.severity
  THEN step.run ELSE b.changed_run
END
"""
_READ_PATCHED = "coalesce(w.patched, false) OR coalesce(o.patched, false)"
_READ_BOTH = (
    f"(coalesce(w.cumulative, false) OR coalesce(o.cumulative, false)) AND ({_READ_PATCHED})"
)
_HIDDEN = "b.repository_id NOT IN (SELECT repository_id FROM visible)"
_TOO_OLD = "coalesce(b.last_seen < step.seen_from, false)"
_ABSENT_STATE = f"""
CASE
  WHEN b.state NOT IN ('open', 'reopened', 'accepted') THEN b.state
  WHEN {_HIDDEN} OR {_TOO_OLD} THEN 'out_of_sight'
  WHEN {_READ_BOTH} THEN step.absent
  ELSE b.state
END
"""
_WAS_TOLD = "coalesce(b.told, b.state NOT IN ('vanished', 'out_of_sight'))"
_STILL_TOLD = f"""
CASE
  WHEN {_HIDDEN} OR {_TOO_OLD} OR ({_READ_BOTH}) THEN false
  WHEN b.source = 'patched' AND ({_READ_PATCHED}) THEN false
  ELSE {_WAS_TOLD}
END
"""
_IN_PATCHED_TOO = f"CASE WHEN NOT ({_READ_PATCHED}) THEN b.patched_severity END"
_OWN = {
    "host": "coalesce(h.host, f.alias)",
    "state": _STATE,
    "told": "true",
    "patched_severity": f"""
CASE WHEN f.source = 'cumulative' THEN coalesce(f.patched_severity, {_IN_PATCHED_TOO}) END
""",
    "fixed_at": _FIXED_AT,
    "fixed_by": _FIXED_BY,
    "opened_run": "coalesce(b.opened_run, step.run)",
    "changed_run": _CHANGED,
}
_FRESH_COLUMNS = ", ".join(f"{_OWN.get(n, 'f.' + n)} AS {n}" for n in FINDINGS.names)
_ABSENT_OWN = {
    "host": "coalesce(h.host, b.host)",
    "state": _ABSENT_STATE,
    "told": _STILL_TOLD,
    "patched_severity": f"CASE WHEN {_STILL_TOLD} THEN {_IN_PATCHED_TOO} END",
    "changed_run": f"CASE WHEN b.state <> {_ABSENT_STATE} THEN step.run ELSE b.changed_run END",
}
_ABSENT_COLUMNS = ", ".join(f"{_ABSENT_OWN.get(n, 'b.' + n)} AS {n}" for n in FINDINGS.names)
_READ_OF = """
LEFT JOIN whole_repositories w ON w.repository_id = {0}.repository_id
LEFT JOIN whole_hosts o ON o.repository_id = {0}.repository_id AND o.ip = {0}.ip
"""

# What is in neither store any more.
_GONE = """
CREATE TEMP TABLE gone AS SELECT finding FROM before ANTI JOIN fresh USING (finding)
"""

# What has no severity or plugin stands with -1, which is but one more number: any may be told.
_IN_CHUNK = """
coalesce({0}.severity, -1) BETWEEN getvariable('least') AND getvariable('worst')
  AND coalesce({0}.plugin_id, -1) BETWEEN getvariable('first_plugin') AND getvariable('last_plugin')
"""
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
"""Of the numbers that a column can hold."""
# One chunk of the next findings, told by variables. A finding's key holds its plugin, so what it
# was before is looked for among the chunk's plugins alone.
_NEXT = f"""
CREATE VIEW next_findings AS
SELECT {_FRESH_COLUMNS}
FROM fresh f
CROSS JOIN step
LEFT JOIN alias_hosts h ON h.alias = f.alias
LEFT JOIN (
  SELECT finding, state, recast, severity, opened_run, changed_run, patched_severity FROM before
  WHERE coalesce(plugin_id, -1) BETWEEN getvariable('first_plugin') AND getvariable('last_plugin')
) b ON b.finding = f.finding
{_READ_OF.format("f")}
WHERE {_IN_CHUNK.format("f")}
UNION ALL
SELECT {_ABSENT_COLUMNS}
FROM (FROM before SEMI JOIN gone USING (finding)) b
CROSS JOIN step
LEFT JOIN alias_hosts h ON h.alias = b.alias
{_READ_OF.format("b")}
WHERE {_IN_CHUNK.format("b")}
"""  # noqa: S608 - put together from the names of our own columns

_SIZES = """
SELECT coalesce(severity, -1), coalesce(plugin_id, -1), count(*) FROM (
  SELECT severity, plugin_id FROM fresh
  UNION ALL
  SELECT severity, plugin_id FROM before SEMI JOIN gone USING (finding)
) GROUP BY ALL ORDER BY 1 DESC, 2
"""
_CHUNK = 100_000
"""Findings sorted at a time: the memory this takes does not grow with the estate."""

IN_ORDER = "SELECT * FROM next_findings ORDER BY severity DESC, plugin_id, host"
"""One chunk, in the order that compresses well and lets questions skip what is not severe."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some severities, and some plugins by their numbers; both ends belong to it."""

    least: int
    worst: int
    first_plugin: int
    last_plugin: int


def sizes(engine: duckdb.DuckDBPyConnection) -> list[tuple[int, int, int]]:
    """How many of the next findings each severity and plugin has, the most severe first."""
    found: list[tuple[int, int, int]] = engine.execute(_SIZES).fetchall()
    return found


def chunks(
    engine: duckdb.DuckDBPyConnection, sizes: Sequence[tuple[int, int, int]]
) -> Iterator[None]:
    """Point `next_findings` at one chunk after the other, the most severe first."""
    for chunk in cut(sizes):
        engine.execute("SET VARIABLE least = ?", [chunk.least])
        engine.execute("SET VARIABLE worst = ?", [chunk.worst])
        engine.execute("SET VARIABLE first_plugin = ?", [chunk.first_plugin])
        engine.execute("SET VARIABLE last_plugin = ?", [chunk.last_plugin])
        yield


def cut(sizes: Sequence[tuple[int, int, int]], most: int = _CHUNK) -> Iterator[Chunk]:
    """Cut severities and plugins, in order and with their sizes, into chunks."""
    if sum(size for _, _, size in sizes) <= most:
        yield Chunk(_LOWEST, _HIGHEST, _LOWEST, _HIGHEST)
        return
    for severity, plugins in groupby(sizes, key=itemgetter(0)):
        first: int | None = None
        last, rows = 0, 0
        for _, plugin, size in plugins:
            if first is not None and rows + size > most:
                yield Chunk(severity, severity, first, last)
                first, rows = None, 0
            first = plugin if first is None else first
            last, rows = plugin, rows + size
        if first is not None:
            yield Chunk(severity, severity, first, last)


_BAND = (
    "CASE " + " ".join(f"WHEN days <= {last} THEN '{name}'" for name, last in AGE_BANDS) + " END"
)
# Microseconds as plain numbers: an interval between two times is fifty times dearer.
FACTS_QUERY = f"""
WITH aged AS (
  SELECT n.console, n.host, n.repository_id, n.severity, n.state,
    coalesce(p.exploit OR p.kev, false) AS exploitable,
    CASE WHEN n.first_seen IS NOT NULL THEN
      greatest(0, (epoch_us(step.at) - epoch_us(n.first_seen)) // 86400000000)
    END AS days
  FROM findings n CROSS JOIN step LEFT JOIN plugins p ON p.plugin_id = n.plugin_id
),
per_host AS (
  SELECT console, host, repository_id, severity, state, {_BAND} AS age_band,
    count(*) AS findings, count(*) FILTER (exploitable) AS exploitable
  FROM aged GROUP BY ALL
)
SELECT p.console, step.run, step.at, p.repository_id, NULL::BIGINT AS list_id, p.severity,
  p.state, p.age_band, sum(p.findings)::BIGINT AS findings,
  sum(p.exploitable)::BIGINT AS exploitable
FROM per_host p CROSS JOIN step GROUP BY ALL
UNION ALL
SELECT p.console, step.run, step.at, NULL::BIGINT, m.list_id, p.severity, p.state, p.age_band,
  sum(p.findings)::BIGINT, sum(p.exploitable)::BIGINT
FROM per_host p CROSS JOIN step JOIN memberships m ON m.host = p.host GROUP BY ALL
"""  # noqa: S608 - put together from the names of our own bands
"""Counts by repository and by asset list; reads `plugins`, besides what `lifecycle` has laid."""

"""How staged rows of files become one row a finding, in SQL.

Staged rows are seen as `parts` (with `places` telling file and page of each part), what was
published before as `published…`, and without times to come as `known…`; `marks` holds the latest
scan of the files, whether they are behind what was known, and the latest moment that counts;
`complete` holds the runs whose files were everything.
"""

from __future__ import annotations

from plumbline.extract.sheet import KEY_PARTS, STAGED

# A clock that was wrong must not outlive the scans that come after it.
_TIMED = {
    "known": ("published", ("first_seen", "last_seen", "fixed_at")),
    "known_aliases": ("published_aliases", ("last_seen",)),
    "known_plugins": ("published_plugins", ("plugin_modified",)),
}


def _without_times_to_come(view: str, table: str, columns: tuple[str, ...]) -> str:
    capped = ", ".join(
        f"CASE WHEN {name} <= (SELECT latest FROM marks) THEN {name} END AS {name}"  # noqa: S608 - the same
        for name in columns
    )
    return f"CREATE VIEW {view} AS SELECT * REPLACE ({capped}) FROM {table}"  # noqa: S608 - names of our own


KNOWN = tuple(_without_times_to_come(view, *parts) for view, parts in _TIMED.items())
"""Views of what was published, in which times to come are absent."""

AHEAD = """
SELECT count(*), max(year(last_seen)) FROM published
WHERE last_seen > (SELECT latest FROM marks) AND finding NOT IN (SELECT finding FROM parts)
"""
"""Findings that stay published with a last sighting in the future."""

RAW = """
CREATE VIEW raw AS
SELECT parts.* EXCLUDE (filename, file_row_number), places.file, places.page,
  parts.file_row_number AS line
FROM parts JOIN places USING (filename)
"""
REPEATED = """
CREATE TEMP TABLE repeated AS
SELECT finding, min(first_seen) AS first_seen FROM raw GROUP BY finding HAVING count(*) > 1
"""
# The latest scan decides; of what one scan says several times, what is open and most severe.
PICKED = """
CREATE TEMP TABLE picked AS
SELECT * EXCLUDE (place) FROM (
  SELECT raw.* REPLACE (repeated.first_seen AS first_seen), row_number() OVER (
    PARTITION BY raw.finding
    ORDER BY last_seen DESC NULLS LAST, file DESC, source, severity DESC, page, line
  ) AS place
  FROM raw JOIN repeated USING (finding)
) WHERE place = 1
"""
SEVERAL_OUTPUTS = """
SELECT raw.finding, list(raw.output ORDER BY raw.page, raw.line)
FROM raw JOIN picked p ON raw.finding = p.finding AND raw.file = p.file
  AND raw.last_seen IS NOT DISTINCT FROM p.last_seen
WHERE raw.output IS NOT NULL
GROUP BY raw.finding
HAVING count(DISTINCT raw.output) > 1
"""
TEXTS = """
SELECT output, any_value(text) FROM told_outputs
WHERE output IN (SELECT unnest($keys)) GROUP BY output
"""

_ONCE = """
SELECT * FROM raw ANTI JOIN repeated USING (finding)
UNION ALL
SELECT * FROM picked
"""
_OLDER = """
coalesce(b.last_seen > f.last_seen OR (b.last_seen IS NOT NULL AND f.last_seen IS NULL), false)
"""
_MITIGATED = "CASE WHEN b.fixed_by = 'lastMitigated' THEN b.fixed_at END"
# The keys are final here, so that nothing is left to key them anew by.
_KEYED = dict.fromkeys((column.name for column in KEY_PARTS), "NULL")
_BEFORE = {
    **{name: f"b.{name}" for name in STAGED["findings"].names},
    **_KEYED,
    "last_mitigated": _MITIGATED,
}
_NOW = {
    **{name: f"f.{name}" for name in STAGED["findings"].names},
    **_KEYED,
    "output": "coalesce(o.output, f.output)",
}
# The engine's own `least` and `greatest` leave nulls out.
_SPAN = {
    "first_seen": "least(f.first_seen, b.first_seen)",
    "last_seen": "greatest(f.last_seen, b.last_seen)",
}
_CHOSEN = {
    name: f"CASE WHEN {_OLDER} THEN {_BEFORE[name]} ELSE {_NOW[name]} END"
    for name in STAGED["findings"].names
} | _SPAN
_COLUMNS = ", ".join(f"{chosen} AS {name}" for name, chosen in _CHOSEN.items())
# What was missing from files that were everything does not come back by a scan older than those.
FINDINGS = f"""
SELECT {_COLUMNS}
FROM ({_ONCE}) f
LEFT JOIN folded o ON o.finding = f.finding
LEFT JOIN known b ON b.finding = f.finding
LEFT JOIN complete c ON c.run = b.changed_run
WHERE NOT coalesce(b.state = 'vanished' AND f.last_seen <= c.horizon, false)
"""  # noqa: S608 - put together from the names of our own columns
"""One row for each finding the files tell."""

# Absence says nothing of what was seen after the latest of these scans.
FINDINGS_AND_REST = f"""
{FINDINGS}
UNION ALL
SELECT {", ".join(f"{_BEFORE[name]} AS {name}" for name in STAGED["findings"].names)}
FROM known b CROSS JOIN marks
WHERE b.state IN ('open', 'reopened', 'accepted') AND b.last_seen > marks.newest
  AND b.finding NOT IN (SELECT finding FROM raw)
"""  # noqa: S608 - the same
"""Those, and the known ones that were seen after every scan in the files."""

ALIASES = f"""
SELECT {", ".join(f"k.{name}" for name in STAGED["aliases"].names)}
FROM known_aliases k JOIN (
  SELECT alias, max(last_seen) AS last_seen FROM told_aliases GROUP BY alias
) t ON t.alias = k.alias
WHERE k.last_seen > t.last_seen OR t.last_seen IS NULL
"""  # noqa: S608 - the same
"""Hosts of which more is known than the files tell: their newest word is kept."""

_LATER = """
coalesce(
  b.plugin_modified > f.plugin_modified
  OR (b.plugin_modified IS NOT NULL AND f.plugin_modified IS NULL)
  OR (b.plugin_modified IS NOT DISTINCT FROM f.plugin_modified AND marks.behind),
  false
)
"""
# The flag is false, not null, where no references were told.
_KEV = "CASE WHEN {0}.xrefs IS NULL AND {1}.plugin_id IS NOT NULL THEN {1}.kev ELSE {0}.kev END"


def _plugin(name: str) -> str:
    if name == "kev":
        ours, theirs = _KEV.format("f", "b"), _KEV.format("b", "f")
    else:
        ours, theirs = f"coalesce(f.{name}, b.{name})", f"coalesce(b.{name}, f.{name})"
    return f"CASE WHEN {_LATER} THEN {theirs} ELSE {ours} END AS {name}"


PLUGINS = f"""
SELECT {", ".join(map(_plugin, STAGED["plugins"].names))}
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY plugin_id ORDER BY plugin_modified DESC NULLS LAST, filename DESC
  ) AS place FROM told_plugins WHERE plugin_id IS NOT NULL
) f
CROSS JOIN marks
LEFT JOIN known_plugins b ON b.plugin_id = f.plugin_id
WHERE f.place = 1
"""  # noqa: S608 - the same
"""Each plugin as its latest revision tells it; what that does not tell stays as it was known."""

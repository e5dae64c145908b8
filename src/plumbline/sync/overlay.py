"""What was read of a repository, laid over what was known of it, in SQL."""

from __future__ import annotations

_OF_A_ROW = """
finding, source, ip, severity, plugin_id, accepted, recast, mitigated_before,
concat_ws('|', alias, plugin_id, port, protocol,
  CASE WHEN vuln_uniqueness ILIKE '%vulnuuid%' THEN vuln_uuid END) AS place
"""
STANDING = f"""
CREATE OR REPLACE TEMP TABLE standing AS
SELECT {_OF_A_ROW}, patched_severity
FROM before
WHERE repository_id = $home
  AND coalesce(told, state NOT IN ('vanished', 'out_of_sight'))
  AND NOT coalesce(last_seen < $seen_from, false)
"""  # noqa: S608 - put together from the names of our own columns
# What was read last counts, as when the findings are laid.
FRESH_OF = f"""
CREATE OR REPLACE TEMP TABLE fresh_of AS
SELECT {_OF_A_ROW} FROM read_parquet(?, filename = true)
QUALIFY row_number() OVER (
  PARTITION BY finding, source ORDER BY filename DESC, last_seen DESC NULLS LAST
) = 1
"""  # noqa: S608 - put together from the names of our own columns
# What is known under another name has its keys by its first one.
REKEYED_OF = """
UPDATE fresh_of SET finding = r.becomes FROM rekeyed r WHERE r.finding = fresh_of.finding
"""
CONTINUED = "SELECT alias, first_alias FROM before_aliases WHERE first_alias IS NOT NULL"
NEWLY_NAMED = """
SELECT DISTINCT l.ip FROM read_parquet(?) l
ANTI JOIN before_aliases b ON b.alias = l.alias
SEMI JOIN (FROM before_aliases WHERE repository_id = ?) k ON k.ip = l.ip
"""
"""Addresses that were known, at which the console tells an alias that was not."""
FRESH_OF_NOTHING = """
CREATE OR REPLACE TEMP TABLE fresh_of AS
SELECT * EXCLUDE (patched_severity) FROM standing WHERE false
"""
MERGED = """
CREATE OR REPLACE TEMP TABLE merged AS
WITH left_alone AS (
  SELECT s.*, r.ip IS NOT NULL OR list_contains($stores, 'patched') AS read_patched
  FROM standing s
  LEFT JOIN read_hosts r ON r.source = 'patched' AND r.ip = s.ip
)
SELECT f.*, true AS fresh, 1 + coalesce(r.times, 0) AS rows
FROM fresh_of f LEFT JOIN repeats_now r USING (source, finding)
UNION ALL
SELECT s.* EXCLUDE (patched_severity, read_patched), false, 1 + coalesce(r.times, 0)
FROM left_alone s LEFT JOIN repeats_before r USING (source, finding)
WHERE NOT EXISTS (FROM fresh_of f WHERE f.finding = s.finding)
  AND NOT EXISTS (FROM read_hosts r WHERE r.source = s.source AND r.ip = s.ip)
  AND NOT list_contains($stores, s.source)
UNION ALL
SELECT finding, 'patched', ip, patched_severity, plugin_id, accepted, recast, mitigated_before,
  place, false, 1 + coalesce(r.times, 0)
FROM left_alone s
LEFT JOIN (SELECT finding, times FROM repeats_before WHERE source = 'patched') r USING (finding)
WHERE patched_severity IS NOT NULL AND NOT read_patched
  AND NOT EXISTS (FROM fresh_of f WHERE f.finding = s.finding AND f.source = 'patched')
"""
BY_SEVERITY = "SELECT source, severity, count(*) FROM merged GROUP BY ALL"
REPEATS = """
SELECT source, severity, finding, rows - 1, concat('plugin ', plugin_id, ' on ', ip)
FROM merged WHERE rows > 1
"""
SCANNED_BEFORE = """
CREATE OR REPLACE TEMP TABLE scanned_before AS
SELECT ip, max(epoch(last_seen))::BIGINT AS at
FROM before_aliases WHERE repository_id = $home AND ip IS NOT NULL GROUP BY ip
"""
UNFIT = """
SELECT count(*) FROM merged
WHERE ip IS NULL OR ip = '' OR plugin_id IS NULL OR severity IS NULL
"""
_MARKED = """
SELECT source AS kind, ip, severity, plugin_id, rows FROM merged
UNION ALL
SELECT 'accepted', ip, severity, plugin_id, rows
FROM merged WHERE source = 'cumulative' AND accepted
UNION ALL
SELECT 'recast', ip, severity, plugin_id, rows
FROM merged WHERE source = 'cumulative' AND recast
UNION ALL
SELECT 'mitigated before', ip, severity, plugin_id, rows
FROM merged WHERE source = 'cumulative' AND mitigated_before
"""
DIFFERING_HOSTS = f"""
SELECT DISTINCT kind, ip FROM (
  SELECT kind, ip, severity, sum(n) AS n FROM (
    SELECT kind, ip, severity, sum(rows)::BIGINT AS n FROM ({_MARKED})
    WHERE list_contains(?, kind) GROUP BY ALL
    UNION ALL
    SELECT kind, ip, severity, -n FROM console_hosts
  ) GROUP BY ALL
) WHERE n <> 0
"""  # noqa: S608 - put together from our own words
BY_PLUGIN = f"""
SELECT plugin_id::VARCHAR, sum(rows)::BIGINT FROM ({_MARKED}) WHERE kind = ? GROUP BY ALL
"""  # noqa: S608 - put together from our own words
BY_MARK = f"""
SELECT kind, severity, sum(rows)::BIGINT FROM ({_MARKED}) WHERE list_contains(?, kind) GROUP BY ALL
"""  # noqa: S608 - put together from our own words
TWINS = """
SELECT DISTINCT ip FROM merged SEMI JOIN (
  SELECT source, place FROM merged GROUP BY ALL HAVING count(*) > 1 AND bool_or(fresh)
) USING (source, place)
WHERE NOT EXISTS (
  FROM read_hosts r WHERE r.ip = merged.ip AND r.source = merged.source
)
"""

-- What the published findings hold of each store, as the console counts it.
-- A finding that lies in both stores is one row here and counts in both, with each one's severity.
-- Older snapshots do not say whether the console still reports a finding; its state does.
WITH reported AS (
  SELECT repository_id, source, severity, patched_severity
  FROM findings
  WHERE coalesce(told, state NOT IN ('vanished', 'out_of_sight'))
),
in_stores AS (
  SELECT repository_id, source, severity
  FROM reported
  UNION ALL
  SELECT repository_id, 'patched', patched_severity
  FROM reported
  WHERE source = 'cumulative' AND patched_severity IS NOT NULL
)
SELECT repository_id, source, severity, count(*) AS findings
FROM in_stores
GROUP BY ALL

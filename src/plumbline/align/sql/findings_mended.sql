-- The findings of the last snapshot, each once where both halves of a split host had it: as the
-- newer half knows it, since the older half does.
CREATE OR REPLACE TEMP TABLE mended AS
SELECT * EXCLUDE (is_newer, since) REPLACE (since AS opened_run)
FROM (
  SELECT b.* REPLACE (coalesce(r.becomes, b.finding) AS finding),
    r.becomes IS NOT NULL AS is_newer,
    min(b.opened_run) OVER (PARTITION BY coalesce(r.becomes, b.finding)) AS since
  FROM before AS b
  LEFT JOIN rekeyed AS r ON r.finding = b.finding
)
QUALIFY row_number() OVER (PARTITION BY finding ORDER BY is_newer DESC) = 1

-- What is known of all aliases behind a reading, whose renames are in `renames`.
-- Names of one host that are reported at once are several hosts: one of them keeps what was known.
WITH reported_at_once AS (
  SELECT k.first_alias,
    CASE WHEN bool_or(t.alias = k.first_alias) THEN k.first_alias
      ELSE arg_max(t.alias, k.recency) END AS keeper
  FROM names_reported AS t
  JOIN names_before AS k ON k.alias = t.alias
  WHERE EXISTS (
    FROM complete_places AS r
    WHERE r.repository_id = t.repository_id AND coalesce(r.ip, t.ip) = t.ip
  )
  GROUP BY k.first_alias
  HAVING count(*) > 1
)
SELECT * FROM names_before ANTI JOIN names_reported USING (alias)
UNION ALL BY NAME
SELECT t.* EXCLUDE (names),
  CASE WHEN s.keeper <> t.alias THEN t.alias
    ELSE coalesce(k.first_alias, r.first_alias, t.alias) END AS first_alias,
  coalesce(k.evidence, coalesce(r.old_name, 'no name') || ' at ' || r.ip) AS evidence,
  true AS present,
  {
    'seen': greatest(coalesce(epoch_us(t.last_seen), 0), coalesce(epoch_us(k.last_seen), 0)),
    'reading': $reading::INTEGER,
    'present': true
  } AS recency
FROM names_reported AS t
LEFT JOIN names_before AS k ON k.alias = t.alias
LEFT JOIN renames AS r ON r.alias = t.alias
LEFT JOIN reported_at_once AS s ON s.first_alias = k.first_alias

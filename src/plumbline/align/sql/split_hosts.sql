-- Hosts that an earlier version took for two when their name changed: in one run everything open
-- on the old name vanished, and the new name at the same address came with its first findings.
WITH vanished AS (
  SELECT alias, max(changed_run) AS run
  FROM before
  WHERE state = 'vanished'
  GROUP BY alias
),
opened AS (
  SELECT alias, min(opened_run) AS run
  FROM before
  GROUP BY alias
),
pairs AS (
  SELECT n.alias, o.alias AS first_alias, coalesce(o.dns_name, o.netbios_name) AS old_name, n.ip,
    count(*) OVER (PARTITION BY n.alias) AS of_new,
    count(*) OVER (PARTITION BY o.alias) AS of_old
  FROM names_before AS n
  JOIN names_before AS o
    ON o.repository_id = n.repository_id AND o.ip = n.ip AND o.alias <> n.alias
  JOIN vanished AS v ON v.alias = o.alias
  JOIN opened AS b ON b.alias = n.alias AND b.run = v.run
  WHERE n.by_address AND o.by_address
    AND n.first_alias = n.alias AND o.first_alias = o.alias
    AND n.alias IN (SELECT alias FROM names_reported)
    AND o.alias NOT IN (SELECT alias FROM names_reported)
    AND o.alias NOT IN (
      SELECT alias FROM before WHERE state IN ('open', 'reopened', 'accepted')
    )
    AND coalesce(n.host_id = o.host_id, true)
    AND coalesce(n.agent_id = o.agent_id, true)
    AND (n.mac IS NULL OR o.mac IS NULL
      OR list_has_any(string_split(n.mac, ','), string_split(o.mac, ',')))
    AND NOT EXISTS (FROM names_reported AS e WHERE e.dns = o.dns AND e.ip <> n.ip)
)
SELECT alias, first_alias, coalesce(old_name, 'no name') || ' at ' || ip AS evidence
FROM pairs
WHERE of_new = 1 AND of_old = 1

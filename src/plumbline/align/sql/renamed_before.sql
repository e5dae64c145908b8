-- Hosts that were known, whose name changed: under an alias that they had once, or under the same
-- alias, where the name is no part of what identifies it. There, a missing name says nothing.
WITH reported AS (
  SELECT t.*, k.first_alias, count(*) OVER (PARTITION BY k.first_alias) AS at_once
  FROM names_reported AS t
  JOIN names_before AS k ON k.alias = t.alias
),
latest AS (
  SELECT first_alias,
    arg_max(alias, recency) AS alias,
    arg_max({'dns': dns, 'dns_name': dns_name, 'netbios_name': netbios_name}, recency) AS named,
    max(last_seen) AS last_seen
  FROM names_before
  GROUP BY first_alias
),
compared AS (
  SELECT t.alias, t.repository_id, t.ip, t.by_address, t.alias = l.alias AS is_same,
    t.dns <> l.named.dns AS other_dns,
    upper(t.netbios_name) <> upper(l.named.netbios_name) AS other_netbios,
    l.named.dns_name AS was_dns, t.dns_name AS dns_name,
    l.named.netbios_name AS was_netbios, t.netbios_name AS netbios_name
  FROM reported AS t
  JOIN latest AS l ON l.first_alias = t.first_alias
  WHERE t.at_once = 1 AND t.names = 1 AND coalesce(t.last_seen >= l.last_seen, true)
)
SELECT alias, repository_id, ip, by_address, coalesce(was_dns, was_netbios) AS old_name,
  coalesce(dns_name, netbios_name) AS new_name
FROM compared
WHERE NOT is_same AND coalesce(was_dns, was_netbios) IS DISTINCT FROM coalesce(dns_name, netbios_name)
UNION ALL
SELECT alias, repository_id, ip, by_address,
  CASE WHEN other_dns THEN was_dns ELSE was_netbios END,
  CASE WHEN other_dns THEN dns_name ELSE netbios_name END
FROM compared
WHERE is_same AND (other_dns OR other_netbios)

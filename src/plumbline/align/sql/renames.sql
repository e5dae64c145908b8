-- Aliases of one reading that are hosts which kept their address and got another name.
--
-- names_before  every alias known before the reading, with the first alias of its host
-- names_reported   every alias of the reading, once
-- complete_places   repositories, and single addresses in them, of which the reading tells every host
--
-- An alias continues the only host at its address, when that host is not in the reading under any
-- of its names and nothing says that they are two machines.
WITH newcomers AS (
  SELECT *, count(*) OVER (PARTITION BY repository_id, ip) AS at_address
  FROM names_reported
  WHERE by_address AND alias NOT IN (SELECT alias FROM names_before)
),
current_hosts AS (
  SELECT repository_id, ip, first_alias,
    bool_or(alias IN (SELECT alias FROM names_reported)) AS is_reported,
    max_by(dns_name, recency) AS dns_name,
    max_by(netbios_name, recency) AS netbios_name,
    max_by(dns, recency) AS dns,
    max(last_seen) AS last_seen,
    max(host_id) AS host_id,
    max(agent_id) AS agent_id,
    flatten(list(string_split(mac, ',')) FILTER (mac IS NOT NULL)) AS macs
  FROM names_before
  WHERE by_address
  GROUP BY repository_id, ip, first_alias
  HAVING bool_or(present) OR is_reported
),
at_addresses AS (
  SELECT *, count(*) OVER (PARTITION BY repository_id, ip) AS at_address
  FROM current_hosts
)
SELECT n.alias, o.first_alias, n.repository_id, n.ip, n.by_address,
  coalesce(o.dns_name, o.netbios_name) AS old_name,
  coalesce(n.dns_name, n.netbios_name) AS new_name,
  -- An old file may report a name that was left long ago; and an alias may be another spelling.
  coalesce(n.last_seen >= o.last_seen, true)
    AND coalesce(o.dns_name, o.netbios_name)
      IS DISTINCT FROM coalesce(n.dns_name, n.netbios_name) AS is_renamed
FROM newcomers AS n
JOIN at_addresses AS o ON o.repository_id = n.repository_id AND o.ip = n.ip
WHERE n.at_address = 1
  AND o.at_address = 1
  -- Both names in one reading are two hosts.
  AND NOT o.is_reported
  AND EXISTS (
    FROM complete_places AS r
    WHERE r.repository_id = n.repository_id AND coalesce(r.ip, n.ip) = n.ip
  )
  -- Another id or another network card is another machine.
  AND coalesce(n.host_id = o.host_id, true)
  AND coalesce(n.agent_id = o.agent_id, true)
  AND (n.mac IS NULL OR len(o.macs) IS NULL OR len(o.macs) = 0
    OR list_has_any(string_split(n.mac, ','), o.macs))
  -- The old name is at another address now: its machine moved there.
  AND NOT EXISTS (FROM names_reported AS e WHERE e.dns = o.dns AND e.ip <> n.ip)
  -- The new name was at another address, and left it: its machine moved here.
  AND NOT EXISTS (
    FROM names_before AS e
    WHERE e.dns = n.dns AND e.dns IS DISTINCT FROM o.dns AND e.ip <> n.ip AND e.present
      AND e.alias NOT IN (SELECT alias FROM names_reported)
  )

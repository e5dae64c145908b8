-- Every alias of one reading once: a reading may tell one in several rows, and the newest counts.
CREATE OR REPLACE TEMP TABLE names_reported AS
SELECT * EXCLUDE (recency_rank)
FROM (
  SELECT *,
    count(DISTINCT coalesce(dns, '')) OVER (PARTITION BY alias) AS names,
    row_number() OVER (
      PARTITION BY alias
      ORDER BY last_seen DESC NULLS LAST, dns_name, netbios_name, mac, uuid, host_uuid
    ) AS recency_rank
  FROM aliases_reported
)
WHERE recency_rank = 1

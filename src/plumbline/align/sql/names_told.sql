-- Every alias of one reading once: a reading may tell one in several rows, and the newest counts.
CREATE OR REPLACE TEMP TABLE names_told AS
SELECT * EXCLUDE (place)
FROM (
  SELECT *,
    count(DISTINCT coalesce(dns, '')) OVER (PARTITION BY alias) AS names,
    row_number() OVER (
      PARTITION BY alias
      ORDER BY last_seen DESC NULLS LAST, dns_name, netbios_name, mac, uuid, host_uuid
    ) AS place
  FROM told_now
)
WHERE place = 1

-- Published findings of the newer half of a split host: what their keys are made of.
SELECT b.finding, s.alias, s.first_alias, b.plugin_id, b.port, b.protocol, b.vuln_uuid,
  b.vuln_uniqueness
FROM before AS b
JOIN split_hosts AS s ON s.alias = b.alias

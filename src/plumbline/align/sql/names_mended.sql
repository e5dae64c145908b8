-- Names of a host that were two hosts are one.
UPDATE names_known
SET first_alias = s.first_alias, evidence = s.evidence
FROM split_hosts AS s
WHERE s.alias = names_known.alias

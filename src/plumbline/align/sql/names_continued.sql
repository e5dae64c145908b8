-- Aliases that continue a host which was first known under another one.
SELECT alias, first_alias, evidence
FROM names_known
WHERE alias <> first_alias
ORDER BY alias

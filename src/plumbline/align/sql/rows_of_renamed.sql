-- Staged findings of hosts that continue another alias: what their keys are made of.
SELECT DISTINCT s.finding, c.first_alias, s.tail, s.twin
FROM rekey_rows AS s
JOIN continued AS c ON c.alias = s.alias
-- Rows of imported files come with their final keys, and without these parts.
WHERE s.tail IS NOT NULL

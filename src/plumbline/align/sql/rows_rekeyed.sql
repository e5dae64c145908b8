-- Staged findings under the keys that they have for good.
SELECT s.* EXCLUDE (tail, twin) REPLACE (coalesce(r.becomes, s.finding) AS finding)
FROM rekey_rows AS s
LEFT JOIN rekeyed AS r ON r.finding = s.finding

-- Of the different findings that files report, how many the published table holds.
SELECT f.repository_id, f.source, f.severity,
  count(DISTINCT f.finding) AS reported,
  count(DISTINCT p.finding) AS published
FROM file_rows AS f
LEFT JOIN findings AS p ON p.finding = f.finding
GROUP BY ALL

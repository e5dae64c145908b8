-- One event for each host that got another name; it belongs to no finding.
SELECT a.console, step.run, step.at, NULL AS finding, a.host, r.repository_id,
  NULL::BIGINT AS plugin_id, NULL::BIGINT AS severity, 'renamed' AS event,
  coalesce(r.old_name, 'no name') AS before, coalesce(r.new_name, 'no name') AS after,
  coalesce(r.old_name, 'no name') || ' became ' || coalesce(r.new_name, 'no name')
    || coalesce(' at ' || r.ip, '') AS cause,
  CASE WHEN r.by_address
    THEN 'rule renamed: it kept its address, and nothing says that it is another machine'
    ELSE 'the same id'
  END AS evidence
FROM renamed_hosts AS r
JOIN aliases_now AS a ON a.alias = r.alias
CROSS JOIN step

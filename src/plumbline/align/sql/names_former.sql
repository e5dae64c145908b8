-- Aliases that their hosts do not bear any more: of each host's, all but the most recent.
SELECT alias
FROM names_known
WHERE first_alias IN (SELECT first_alias FROM names_known WHERE alias <> first_alias)
QUALIFY row_number() OVER (PARTITION BY first_alias ORDER BY recency DESC, alias) > 1
ORDER BY alias

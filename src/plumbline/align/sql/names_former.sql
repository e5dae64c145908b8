-- Aliases that their hosts do not bear any more: of each host's, all but the most recent.
SELECT alias
FROM names_of_several
QUALIFY row_number() OVER (PARTITION BY first_alias ORDER BY recency DESC, alias) > 1
ORDER BY alias

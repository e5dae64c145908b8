-- Every alias of the last snapshot, with the first alias of its host and how recent it is.
SELECT * REPLACE (
    coalesce(first_alias, alias) AS first_alias,
    coalesce(present, true) AS present
  ),
  {
    'seen': coalesce(epoch_us(last_seen), 0), 'reading': 0, 'present': coalesce(present, true)
  } AS recency
FROM aliases_before

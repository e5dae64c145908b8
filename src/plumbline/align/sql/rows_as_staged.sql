-- Staged findings whose keys are final, for no host of theirs got another name.
SELECT * EXCLUDE (tail, twin)
FROM rekey_rows

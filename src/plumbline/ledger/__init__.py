"""Small transactional facts in a relational database: connections, sealed keys, runs, audit.

A Django app that needs no web server. `opening.open_ledger` points it at a database; the modules
`connections`, `seal`, `runs`, `evidence`, `snapshots`, `requests` and `audit` are functions that
take and return frozen values.
"""

from plumbline.ledger.frame import prepare

# Models can only be imported once Django is configured, whichever module is imported first.
prepare()

"""Small transactional facts in a relational database: connections, sealed keys, runs, audit."""

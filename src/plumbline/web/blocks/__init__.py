"""The parts that pages are made of: each asks what it needs and hands values to its template."""

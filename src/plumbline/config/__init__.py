"""One table of settings; file, environment and documentation are derived from it.

Add a setting in `settings`, read them all with `reading.load`.
"""

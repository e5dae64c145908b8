"""One table of settings; file, environment and documentation are derived from it."""

"""Which slices make a run, pages to typed columns, and the proof of completeness."""

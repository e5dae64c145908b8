"""One file a page, or a family of them: asks, and gives a template what it shows."""

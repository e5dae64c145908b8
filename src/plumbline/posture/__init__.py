"""The questions asked of the data."""

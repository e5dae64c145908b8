"""Host identity, membership of asset lists, and what did not match with the reason."""

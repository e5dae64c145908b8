"""Delta tables, published snapshots and the engine that reads them."""

"""Delta tables, published snapshots and the engine that reads them."""

import os

# The engine's allocator keeps what is freed for ten seconds, 100 MB of it in a run. It can be told
# otherwise only before the engine is loaded; giving back at once would cost a third more CPU.
os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", "dirty_decay_ms:100,muzzy_decay_ms:0,narenas:2")

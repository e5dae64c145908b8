"""Findings of renamed hosts under the keys that they have under the first alias of their host.

The key of a finding is made of the key of its alias and of what the row says of plugin, port and
protocol (`tail`). A host that got another name has another alias; its findings are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from plumbline.domain.identity import key_of_tail, twin_key
from plumbline.lake.sql import statement

if TYPE_CHECKING:
    import duckdb

_BATCH = 16_384
_KEY = ("first_alias", "tail", "twin")
"""What a key is made of."""


def rekey(
    engine: duckdb.DuckDBPyConnection, rows: duckdb.DuckDBPyRelation, continued: pa.Table
) -> bool:
    """Make the table `rekeyed` (`finding`, `becomes`) for staged rows.

    `continued` names aliases and the first alias of their host. Whether any row has such an alias.
    """
    rows.create_view("rekey_rows", replace=True)
    engine.execute("CREATE OR REPLACE TEMP TABLE rekeyed (finding TEXT, becomes TEXT)")
    if not continued.num_rows:
        return False
    engine.register("continued", continued)
    found = engine.execute(statement("plumbline.align", "rows_of_renamed")).to_arrow_table()
    engine.unregister("continued")
    for batch in found.to_batches(_BATCH):
        keys = [
            twin_key(key_of_tail(first, tail), twin)
            for first, tail, twin in zip(*(batch[n].to_pylist() for n in _KEY), strict=True)
        ]
        pairs = {"finding": batch["finding"], "becomes": pa.array(keys, pa.string())}
        engine.register("rekeyed_now", pa.table(pairs))
        engine.execute("INSERT INTO rekeyed FROM rekeyed_now")
        engine.unregister("rekeyed_now")
    return bool(found.num_rows)


def show_rekeyed(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    rows: duckdb.DuckDBPyRelation,
    continued: pa.Table,
) -> None:
    """Make a view of staged rows under the keys that they have for good."""
    renamed = rekey(engine, rows, continued)
    rekeyed = "rows_rekeyed" if renamed else "rows_as_staged"
    engine.sql(statement("plumbline.align", rekeyed)).create_view(name, replace=True)

"""Findings of renamed hosts under the keys that they have under the first alias of their host.

The key of a finding is made of the key of its alias and of what the row says of plugin, port and
protocol (`tail`). A host that got another name has another alias; its findings are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from plumbline.domain.identity import finding_tail, key_of_tail, names_vuln_uuid, twin_key
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


def mend_known(engine: duckdb.DuckDBPyConnection) -> None:
    """Key the published findings in `before` anew where their host had been split in two.

    Keys that this version would not make are left alone: the rows were odd when they came.
    """
    found = engine.execute(statement("plumbline.align", "findings_of_split")).to_arrow_table()
    kept: dict[str, list[str]] = {"finding": [], "becomes": []}
    for row in found.to_pylist():
        named = names_vuln_uuid(row["vuln_uniqueness"] or "")
        parts = (row["plugin_id"], row["port"], row["protocol"], row["vuln_uuid"] if named else "")
        tail = finding_tail(*("" if part is None else str(part) for part in parts))
        if key_of_tail(row["alias"], tail) == row["finding"]:
            kept["finding"].append(row["finding"])
            kept["becomes"].append(key_of_tail(row["first_alias"], tail))
    pairs = {name: pa.array(keys, pa.string()) for name, keys in kept.items()}
    engine.register("rekeyed", pa.table(pairs))
    engine.execute(statement("plumbline.align", "findings_mended"))
    engine.unregister("rekeyed")
    engine.execute("CREATE OR REPLACE VIEW before AS FROM mended")

"""The peer: pyTenable's iterator over both stores into SQLite, each row kept as JSON with a key.

Reads the console from the environment; prints how many rows it stored.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

from tenable.sc import TenableSC

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = """
CREATE TABLE findings (
  source TEXT, repository TEXT, ip TEXT, dns TEXT, uuid TEXT, plugin INTEGER, port INTEGER,
  protocol TEXT, severity INTEGER, first_seen INTEGER, last_seen INTEGER, record TEXT,
  PRIMARY KEY (source, repository, ip, dns, uuid, plugin, port, protocol)
)
"""


def values(source: str, row: dict[str, Any]) -> tuple[object, ...]:
    return (
        source,
        row["repository"]["id"],
        row["ip"],
        row["dnsName"],
        row["uuid"],
        int(row["pluginID"]),
        int(row["port"]),
        row["protocol"],
        int(row["severity"]["id"]),
        int(row["firstSeen"]),
        int(row["lastSeen"]),
        json.dumps(row),
    )


def rows(console: TenableSC) -> Iterator[tuple[object, ...]]:
    for source in ("cumulative", "patched"):
        for row in console.analysis.vulns(tool="vulndetails", source=source):
            yield values(source, row)


if __name__ == "__main__":
    console = TenableSC(
        url=os.environ["CONSOLE_URL"],
        access_key=os.environ["PLUMBLINE_ACCESS_KEY"],
        secret_key=os.environ["PLUMBLINE_SECRET_KEY"],
    )
    database = sqlite3.connect(sys.argv[1])
    database.execute(SCHEMA)
    with database:
        database.executemany(
            "INSERT OR REPLACE INTO findings VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", rows(console)
        )
    print(database.execute("SELECT count(*) FROM findings").fetchone()[0])

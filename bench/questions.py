"""Latency of the usual questions on a snapshot of a million findings.

    python bench/questions.py [--findings 1000000] [--hosts 10000] [--plugins 3000] [--folder DIR]

Prints the median of five warm runs of each question; its first run, which compiles it and makes the
sums that are kept while a snapshot is open, is left out. The snapshot is made with a
fixed seed, written as Parquet files as a lake holds them, and read through views of DuckDB.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from plumbline import tables
from plumbline.posture import explore, filters, questions
from plumbline.posture.engine import Estate
from plumbline.posture.findings import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.tables import Table

RUNS = 5
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LISTS = 60
REPOSITORIES = 6
SORTED = [("severity", "descending"), ("plugin_id", "ascending"), ("host", "ascending")]
PARQUET = {"compression": "zstd", "row_group_size": 131_072}
"""As the lake writes."""
STATES = ("open", "reopened", "fixed", "accepted", "vanished")
STATE_SHARES = (0.62, 0.05, 0.28, 0.03, 0.02)
SEVERITY_SHARES = (0.55, 0.08, 0.2, 0.12, 0.05)


def filled(table: Table, columns: dict[str, object], rows: int) -> pa.Table:
    """A table of the declared shape; columns that are not given are null."""
    arrays = [
        pa.array(columns[c.name], c.kind.arrow)
        if c.name in columns
        else pa.nulls(rows, c.kind.arrow)
        for c in table.columns
    ]
    return pa.table(arrays, schema=table.schema)


def keys(numbers: np.ndarray) -> list[str]:
    """32 hex digits for each number, spread like hashes."""
    spread = (numbers.astype(np.uint64) + 1) * np.uint64(0x9E3779B97F4A7C15)
    return [f"{int(n):016x}{int(n) ^ 0x5BD1E995:016x}" for n in spread]


def times(rng: np.random.Generator, days: int, rows: int) -> pa.Array:
    """Moments spread over the last so many days, most of them recent."""
    ago = rng.beta(1, 3, rows) * days * 86_400
    stamps = (NOW.timestamp() - ago).astype(np.int64) * 1_000_000
    return pa.array(stamps, pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def make_hosts(rng: np.random.Generator, hosts: int) -> dict[str, pa.Table]:
    """Hosts, the lists they are in and the repositories."""
    host = keys(np.arange(hosts))
    addresses = [f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(hosts)]
    seen = times(rng, 120, hosts)
    made = {
        "hosts": filled(
            tables.HOSTS,
            {
                "console": ["main"] * hosts,
                "host": host,
                "ip": addresses,
                "ips": [[ip] for ip in addresses],
                "dns_name": [f"srv-{n}.example.test" for n in range(hosts)],
                "os": [("Linux", "Windows Server 2022", "Debian 12")[n % 3] for n in range(hosts)],
                "repositories": [[1 + n % REPOSITORIES] for n in range(hosts)],
                "first_seen": seen,
                "last_seen": seen,
                "credentialed": [n % 4 > 0 for n in range(hosts)],
                "rule": ["single"] * hosts,
                "aliases": [1] * hosts,
            },
            hosts,
        ),
        "aliases": filled(
            tables.ALIASES,
            {
                "console": ["main"] * hosts,
                "alias": host,
                "host": host,
                "rule": ["single"] * hosts,
                "repository_id": [1 + n % REPOSITORIES for n in range(hosts)],
                "ip": addresses,
            },
            hosts,
        ),
        "repositories": filled(
            tables.REPOSITORIES,
            {
                "console": ["main"] * REPOSITORIES,
                "repository_id": list(range(1, REPOSITORIES + 1)),
                "name": [f"Repository {n}" for n in range(REPOSITORIES)],
            },
            REPOSITORIES,
        ),
        "asset_lists": filled(
            tables.ASSET_LISTS,
            {
                "console": ["main"] * LISTS,
                "list_id": list(range(LISTS)),
                "name": [f"List {n}" for n in range(LISTS)],
                "type": ["static"] * LISTS,
                "prepared": [True] * LISTS,
                "decided_by": ["definition"] * LISTS,
            },
            LISTS,
        ),
    }
    members = [(n, (n * 7 + place * 13) % LISTS) for n in range(hosts) for place in range(10)]
    made["memberships"] = filled(
        tables.MEMBERSHIPS,
        {
            "console": ["main"] * len(members),
            "list_id": [number for _, number in members],
            "host": [host[n] for n, _ in members],
            "reason": ["range"] * len(members),
        },
        len(members),
    )
    return made


def make_plugins(rng: np.random.Generator, plugins: int) -> pa.Table:
    """Plugins; a third of them without a score."""
    scored = rng.random(plugins) < 0.66
    score = np.round(rng.beta(4, 2, plugins) * 10, 1)
    return filled(
        tables.PLUGINS,
        {
            "console": ["main"] * plugins,
            "plugin_id": list(range(10_000, 10_000 + plugins)),
            "name": [f"Product {n % 400} < {n % 9}.{n % 7} multiple flaws" for n in range(plugins)],
            "family": [f"Family {n % 50}" for n in range(plugins)],
            "cvss3": pa.array(score, mask=~scored),
            "vpr": pa.array(score, mask=rng.random(plugins) < 0.5),
            "epss": pa.array(rng.beta(1, 20, plugins), mask=~scored),
            "exploit": rng.random(plugins) < 0.2,
            "kev": rng.random(plugins) < 0.03,
            "cves": [[f"CVE-2026-{n}", f"CVE-2025-{n}"] for n in range(plugins)],
            "description": ["What it is, at length. " * 60] * plugins,
            "solution": ["Update the product."] * plugins,
        },
        plugins,
    )


def make_findings(
    rng: np.random.Generator, rows: int, hosts: pa.Table, plugins: pa.Table
) -> pa.Table:
    """Findings, skewed like real ones: most are informational, few plugins make most rows."""
    host = rng.integers(0, hosts.num_rows, rows)
    plugin = (rng.beta(0.6, 3, rows) * plugins.num_rows).astype(np.int64)
    by_plugin = rng.choice(5, plugins.num_rows, p=SEVERITY_SHARES)
    first = times(rng, 500, rows)
    state = rng.choice(5, rows, p=STATE_SHARES)
    return filled(
        tables.FINDINGS,
        {
            "console": pa.array(["main"]).take(pa.array(np.zeros(rows, np.int64))),
            "finding": keys(np.arange(rows)),
            "host": hosts["host"].take(pa.array(host)).combine_chunks(),
            "alias": hosts["host"].take(pa.array(host)).combine_chunks(),
            "ip": hosts["ip"].take(pa.array(host)).combine_chunks(),
            "repository_id": 1 + host % REPOSITORIES,
            "plugin_id": plugins["plugin_id"].take(pa.array(plugin)).combine_chunks(),
            "port": rng.choice([0, 22, 80, 443, 445, 3389, 8443], rows),
            "protocol": pa.array(["TCP"]).take(pa.array(np.zeros(rows, np.int64))),
            "severity": by_plugin[plugin],
            "state": pa.array(STATES).take(pa.array(state)),
            "accepted": state == 3,
            "recast": np.zeros(rows, bool),
            "first_seen": first,
            "last_seen": times(rng, 30, rows),
            "opened_run": np.ones(rows, np.int64),
        },
        rows,
    )


def make(findings: int, hosts: int, plugins: int) -> dict[str, pa.Table]:
    """The whole estate."""
    rng = np.random.default_rng(66)
    made = make_hosts(rng, hosts)
    made["plugins"] = make_plugins(rng, plugins)
    made["findings"] = make_findings(rng, findings, made["hosts"], made["plugins"])
    return made


def write(folder: Path, made: dict[str, pa.Table]) -> None:
    """Write the estate as Parquet, findings in four files."""
    for table in tables.TABLES:
        rows = made.get(table.name, table.empty())
        parts = 4 if table.name == "findings" else 1
        size = -(-rows.num_rows // parts) or 1
        for part in range(parts):
            path = folder / f"{table.name}-{part}.parquet"
            pq.write_table(rows.slice(part * size, size), path, **PARQUET)


def estate(folder: Path) -> Estate:
    """The estate over views of the files."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in tables.TABLES:
        files = [str(path) for path in sorted(folder.glob(f"{table.name}-*.parquet"))]
        connection.from_parquet(files).create_view(table.name)
    engine = ibis.duckdb.from_connection(connection)
    return Estate(
        tables={table.name: engine.table(table.name) for table in tables.TABLES},
        as_of={"main": NOW},
    )


def measure(name: str, ask: Callable[[], object]) -> None:
    """Print the median time of a question."""
    ask()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - start)
    print(f"{statistics.median(seconds) * 1000:8.1f} ms  {name}")


USUAL = (
    "summary",
    "open-by-severity",
    "severity-by-age",
    "top-hosts",
    "top-plugins",
    "by-list",
    "by-repository",
    "by-family",
    "exploitable",
    "coverage",
    "unaligned",
)
QUERIES = (
    "severity:critical state:open",
    'asset_list:"List 3" severity:>=high state:open',
    "ip:10.0.1.0/24",
    "-family:Family* age:>30d kev:yes",
    "risk:>=9 state:open,reopened",
    "srv-77",
)


def asked(made: Estate, name: str, *arguments: str) -> pa.Table:
    """The rows of an answer."""
    return questions.ask(made, name, arguments).fetch()


def paged(made: Estate, request: explore.Request) -> pa.Table:
    """The rows of a page."""
    return explore.rows(FINDINGS, made, request).fetch()


def show(made: Estate) -> None:
    """Ask and print."""
    print("questions; what is summed up once for a snapshot is so in the warming run")
    for name in USUAL:
        measure(name, partial(asked, made, name))
    host, plugin = "10.0.0.7", "10100"
    measure(f"host {host}", partial(asked, made, "host", host))
    measure(f"plugin {plugin}", partial(asked, made, "plugin", plugin))
    print("a page of 50 findings, filtered and sorted; and how many there are")
    for query in QUERIES:
        parsed = filters.parse(query)
        measure(query, partial(paged, made, explore.Request(query=parsed, limit=50)))
        measure(f"  count {query}", partial(explore.total, FINDINGS, made, parsed))


def main() -> None:
    """Make the estate, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--plugins", type=int, default=3_000)
    parser.add_argument("--folder", type=Path, help="keep the files here, and use them again")
    parser.add_argument("--sorted", action="store_true", help="findings sorted by severity first")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.glob("findings-*")):
            made = make(options.findings, options.hosts, options.plugins)
            if options.sorted:
                made["findings"] = made["findings"].sort_by(SORTED)
            write(folder, made)
        show(estate(folder))


if __name__ == "__main__":
    main()

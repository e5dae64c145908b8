"""A small estate, made by plain Python from a fixed seed, and the engine over it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from plumbline import tables
from plumbline.posture.engine import Estate

NAMELESS = 8
"""Of the hosts of a console the one that has no name at all."""
Rows = list[dict[str, Any]]
AS_OF = {
    "north": datetime(2026, 11, 20, 6, 0, tzinfo=UTC),
    "south": datetime(2026, 11, 10, 6, 0, tzinfo=UTC),
}
STATES = ("open", "open", "open", "reopened", "fixed", "accepted", "vanished", "out_of_sight")


def key(*parts: object) -> str:
    return sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Made:
    """The rows an estate is made of, for counting by hand."""

    rows: dict[str, Rows]
    estate: Estate

    def of(self, table: str) -> Rows:
        return self.rows[table]

    def open(self) -> Rows:
        return [row for row in self.of("findings") if row["state"] in {"open", "reopened"}]

    def plugin(self, finding: dict[str, Any]) -> dict[str, Any]:
        wanted = finding["console"], finding["plugin_id"]
        return next(p for p in self.of("plugins") if (p["console"], p["plugin_id"]) == wanted)

    def lists_of(self, host: dict[str, Any]) -> list[str]:
        names = {(r["console"], r["list_id"]): r["name"] for r in self.of("asset_lists")}
        return sorted(
            names[row["console"], row["list_id"]]
            for row in self.of("memberships")
            if (row["console"], row["host"]) == (host["console"], host["host"])
        )


def engine_over(rows: dict[str, Rows], as_of: dict[str, datetime] | None = None) -> Estate:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    for table in tables.TABLES:
        filled = [{name: row.get(name) for name in table.names} for row in rows.get(table.name, [])]
        made = pa.Table.from_pylist(filled, schema=table.schema)
        connection.register(f"{table.name}_rows", made)
        connection.execute(f"CREATE TABLE {table.name} AS FROM {table.name}_rows")
    engine = ibis.duckdb.from_connection(connection)
    return Estate(
        tables={table.name: engine.table(table.name) for table in tables.TABLES},
        as_of=AS_OF if as_of is None else as_of,
    )


def plugins_of(console: str, dice: random.Random) -> Rows:
    return [
        {
            "console": console,
            "plugin_id": 1000 + n,
            "name": f"Product {n} < 2.{n} flaw {console}" if n else "=cmd()|'calc' \x1b[31mred",
            "family": ("Web Servers", "Windows", "Debian", None)[n % 4],
            "risk_factor": ("None", "Low", "Medium", "High", "Critical")[n % 5],
            "vpr": dice.choice([None, 3.4, 5.9, 9.2]),
            "cvss4": dice.choice([None, None, 8.7]),
            "cvss3": dice.choice([None, 5.3, 7.5, 9.8]),
            "cvss2": dice.choice([None, 5.0, 10.0]),
            "epss": dice.choice([None, 0.001, 0.2, 0.97]),
            "kev": dice.choice([None, False, False, True]),
            "exploit": dice.choice([None, False, True]),
            "cves": [] if n % 3 == 0 else [f"CVE-2026-{n}", f"CVE-2025-{n}0"],
            "xrefs": [f"IAVA #2026-A-{n:04}", f"CWE #{n}"] if n % 2 else [],
            "synopsis": f"Something {n} is wrong.",
            "solution": f"Update it to 2.{n}.",
        }
        for n in range(16)
    ]


def hosts_of(console: str, dice: random.Random) -> Rows:
    now = AS_OF[console]
    hosts = []
    for n in range(14):
        six = n == 13
        ip = f"2001:db8::{n:x}" if six else f"10.{n % 3}.0.{n + 1}"
        hosts.append(
            {
                "console": console,
                "host": key(console, "host", n),
                "ip": ip,
                "ips": [ip] if n % 5 else [ip, f"192.168.7.{n}"],
                "dns_name": None if n % 4 == 0 else f"Srv-{n}.{console}.example.test",
                "netbios_name": None if n == NAMELESS else f"{console.upper()}\\SRV{n}",
                "mac": f"00:50:56:{n:02x}:0a:0b" if n % 2 else None,
                "os": ("Debian 12", "Windows Server 2022", None)[n % 3],
                "acr": dice.choice([None, 4.0, 9.0]),
                "first_seen": now - timedelta(days=400),
                "last_seen": None if n == 12 else now - timedelta(days=(1, 8, 31, 200)[n % 4]),
                "credentialed": (True, False, None)[n % 3],
                "repositories": [1, 2] if n == 3 else [1 + n % 2],
                "aliases": 2 if n == 3 else 1,
                "rule": "host-uuid" if n == 3 else "single",
            }
        )
    return hosts


def aliases_of(hosts: Rows) -> Rows:
    return [
        {
            "console": host["console"],
            "alias": key(host["host"], repository),
            "host": host["host"],
            "rule": host["rule"],
            "repository_id": repository,
            # The first two hosts share an address, each in its own repository.
            "ip": "10.9.9.9" if place in {0, 1} else host["ip"],
            "dns_name": host["dns_name"],
        }
        for place, host in enumerate(hosts)
        for repository in host["repositories"]
    ]


def finding_of(console: str, n: int, host: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    now = AS_OF[console]
    state = dice.choice(STATES)
    plugin = dice.randrange(15)
    repository = dice.choice(host["repositories"])
    first = now - timedelta(days=dice.choice([0, 1, 7, 8, 30, 31, 89, 91, 365, 366]), hours=3)
    return {
        "console": console,
        "finding": key(console, "finding", n),
        "host": host["host"],
        "alias": key(host["host"], repository),
        "repository_id": repository,
        "ip": host["ip"],
        "plugin_id": 1000 + plugin,
        "port": dice.choice([0, 22, 443, 8443]),
        "protocol": dice.choice(["TCP", "UDP"]),
        "severity": plugin % 5,
        "state": state,
        "accepted": state == "accepted",
        "recast": n % 17 == 0,
        "mitigated_before": state == "reopened",
        "first_seen": None if n % 29 == 0 else first,
        "last_seen": now - timedelta(days=n % 5, minutes=n),
        "fixed_at": now - timedelta(hours=1) if state == "fixed" else None,
        "output": key("output", n % 7),
        "opened_run": 1,
        "changed_run": 1,
    }


def lists_of(console: str, hosts: Rows) -> dict[str, Rows]:
    lists = [
        {"list_id": 1, "name": "Servers", "type": "static", "prepared": True, "unparsed": []},
        {"list_id": 2, "name": 'Retail, "EU"', "type": "dynamic", "prepared": True},
        {"list_id": 3, "name": "Empty", "type": "static", "prepared": True, "unparsed": []},
        {"list_id": 4, "name": "Odd", "type": "static", "prepared": True, "unparsed": ["10.x"]},
        {"list_id": 5, "name": "Later", "type": "combination", "prepared": False},
        {"list_id": 6, "name": "Far away", "type": "static", "prepared": True, "unparsed": []},
    ]
    members = [(1, host) for host in hosts[:9]] + [(2, host) for host in hosts[5:12]]
    viewable = (2, 5)
    return {
        "asset_lists": [
            {
                "console": console,
                "decided_by": "viewable" if row["list_id"] in viewable else "definition",
                **row,
            }
            for row in lists
        ],
        "memberships": [
            {"console": console, "list_id": number, "host": host["host"], "reason": "range"}
            for number, host in members
        ],
        "ranges": [
            {"console": console, "list_id": n, "origin": origin, "kind": kind, "text": text}
            for n, origin, kind, text in (
                (1, "definition", "ipv4", "10.0.0.0/8"),
                (1, "definition", "unparsed", "10.x"),
                (1, "viewable", "ipv4", "10.0.0.1-10.0.0.9"),
                (2, "viewable", "ipv4", "10.0.0.0/8"),
                (6, "definition", "ipv4", "172.16.0.0/12"),
            )
        ],
    }


def rows_of(console: str, dice: random.Random) -> dict[str, Rows]:
    hosts = hosts_of(console, dice)
    # The last host has no finding, the last plugin neither.
    findings = [finding_of(console, n, dice.choice(hosts[:-1]), dice) for n in range(180)]
    # The console holds no two findings alike in host, plugin, port and protocol.
    alike = ("alias", "plugin_id", "port", "protocol")
    findings = list({tuple(row[name] for name in alike): row for row in findings}.values())
    return {
        "plugins": plugins_of(console, dice),
        "hosts": hosts,
        "aliases": aliases_of(hosts),
        "findings": findings,
        "outputs": [
            {"console": console, "output": key("output", n), "text": f"Output {n}\nline two"}
            for n in range(7)
        ],
        "repositories": [
            {"console": console, "repository_id": n, "name": f"Repo {n} {console}"}
            for n in (1, 2, 3)
        ],
        **lists_of(console, hosts),
        **history_of(console),
    }


def history_of(console: str) -> dict[str, Rows]:
    """What trends are made of: a run ten days before, and the newest one."""
    now = AS_OF[console]
    runs = ((1, now - timedelta(days=10)), (2, now))
    return {
        "facts": [
            {
                "console": console,
                "run": run,
                "at": at,
                "repository_id": 1,
                "severity": 3,
                "state": "open",
                "age_band": "0-7",
                "findings": 10 * run,
            }
            for run, at in runs
        ],
        "events": [
            {"console": console, "run": run, "at": at, "finding": key(run), "event": "opened"}
            for run, at in runs
        ],
    }


def make() -> Made:
    dice = random.Random(66)  # noqa: S311 - a repeatable estate
    halves = [rows_of(console, dice) for console in AS_OF]
    rows = {name: halves[0][name] + halves[1][name] for name in halves[0]}
    return Made(rows=rows, estate=engine_over(rows))

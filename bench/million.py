"""A published lake of a million open findings, made without a console: 13 runs, 10,000 hosts.

Made once and kept in the folder that `PLUMBLINE_BENCH` names, else under the system's temporary
folder; about a minute and a half, 150 MB.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import questions
from plumbline import tables
from plumbline.align.lifecycle import FACTS_QUERY
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.run import RunMode, RunState
from plumbline.lake.engine import Limits, connect
from plumbline.lake.store import Store

NAME = "main"
HOSTS, PLUGINS, WEEKS = 10_000, 3_000, 13
OUTPUTS = 40_000


def settings(findings: int) -> Settings:
    """Where the lake of so many open findings is, or will be."""
    folder = os.environ.get("PLUMBLINE_BENCH") or Path(tempfile.gettempdir()) / "plumbline-bench"
    return Settings(home=Path(folder) / f"pages-{findings}")


def publish(where: Settings, findings: int) -> None:
    """Make the lake; the ledger is open already. Nothing of it stays when it ends half-way."""
    try:
        _publish(where, _made(findings))
    except BaseException:
        shutil.rmtree(where.home, ignore_errors=True)
        raise


def _made(findings: int) -> dict[str, pa.Table]:
    """Every table but those that runs add to; two findings of three are open."""
    found = questions.make(findings * 3 // 2, HOSTS, PLUGINS)
    rows = found["findings"]
    fixed = pc.equal(rows["state"], "fixed")
    run = np.random.default_rng(1).integers(1, WEEKS + 1, rows.num_rows)
    texts = [f"{n % OUTPUTS:032x}" for n in range(rows.num_rows)]
    given = {
        "source": pc.if_else(fixed, "patched", "cumulative"),
        "told": pc.is_valid(rows["state"]),
        "mitigated_before": pc.equal(rows["state"], "reopened"),
        "fixed_at": pc.if_else(fixed, rows["last_seen"], None),
        "output": pa.chunked_array([texts], pa.string()),
        "opened_run": pa.chunked_array([run], pa.int64()),
    }
    arrays = [given.get(name, rows[name]) for name in rows.column_names]
    found["findings"] = pa.table(arrays, schema=rows.schema).sort_by(questions.SORTED)
    found["outputs"] = questions.filled(
        tables.OUTPUTS,
        {
            "console": [NAME] * OUTPUTS,
            "output": [f"{n:032x}" for n in range(OUTPUTS)],
            "text": [f"Version : {n}\n" + "Path : /opt/product\n" * 40 for n in range(OUTPUTS)],
            "characters": [800] * OUTPUTS,
        },
        OUTPUTS,
    )
    return found


def _publish(where: Settings, rows: dict[str, pa.Table]) -> None:
    # Not before the site has brought up Django.
    from plumbline.ledger import connections, runs, snapshots  # noqa: PLC0415
    from plumbline.ledger.records import Publication  # noqa: PLC0415

    address = Address(url="https://console.example")
    connections.add(Connection(name=NAME, address=address), Keys("access", "secret"))
    store = Store.of(where, NAME)
    pins = {t.name: store.replace(t, rows.get(t.name, t.empty())) for t in tables.TABLES}
    for week in range(WEEKS):
        at = questions.NOW - timedelta(weeks=WEEKS - 1 - week)
        run = runs.start(NAME, RunMode.FULL, at=at).number
        for table, added in _added(rows, run, at).items():
            pins[table.name] = store.append(table, added, pins[table.name])
        publication = Publication(as_of=at, tables=dict(pins))
        snapshots.publish(run, RunState.COMPLETE, {"open": 1_000_000}, publication)
        snapshots.date_back(run, at + timedelta(minutes=20))


# As it was then: what was fixed since was open.
_THEN = """
CREATE VIEW findings AS
SELECT f.* REPLACE (CASE WHEN fixed_at > step.at THEN 'open' ELSE state END AS state)
FROM every_finding f CROSS JOIN step WHERE first_seen <= step.at
"""
_HAPPENED = """
SELECT f.console, step.run, step.at, finding, host, repository_id, plugin_id, severity,
  '{event}' AS event, {was} AS before, '{state}' AS after, 'told by the console' AS cause,
  NULL AS evidence
FROM every_finding f CROSS JOIN step
WHERE {when} > step.at - INTERVAL 7 DAYS AND {when} <= step.at
"""
_OPENED = {"event": "opened", "was": "NULL", "state": "open", "when": "first_seen"}
_FIXED = {"event": "fixed", "was": "'open'", "state": "fixed", "when": "fixed_at"}


def _added(rows: dict[str, pa.Table], run: int, at: datetime) -> dict[tables.Table, pa.Table]:
    """What a run adds: counts as a run counts them, and what happened within the week."""
    engine = connect(Limits(memory_mb=2_000))
    engine.register("every_finding", rows["findings"])
    engine.register("memberships", rows["memberships"])
    engine.register("plugins", rows["plugins"])
    step = {"run": pa.array([run], pa.int64()), "at": pa.array([at], tables.Kind.TIME.arrow)}
    engine.register("step", pa.table(step))
    engine.execute(_THEN)
    happened: list[Any] = [
        _cast(engine.execute(_HAPPENED.format(**one)).to_arrow_table(), tables.EVENTS)
        for one in (_OPENED, _FIXED)
    ]
    facts = _cast(engine.execute(FACTS_QUERY).to_arrow_table(), tables.FACTS)
    return {tables.EVENTS: pa.concat_tables(happened), tables.FACTS: facts}


def _cast(rows: pa.Table, table: tables.Table) -> pa.Table:
    return rows.select(table.names).cast(table.schema)

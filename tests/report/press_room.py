"""What tests of reports share: published runs, and what stands on the pages of a PDF."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pypdf import PdfReader

from plumbline import tables
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.severity import Severity
from plumbline.lake.store import Store
from plumbline.ledger import connections, evidence, runs, snapshots
from plumbline.ledger.records import Publication
from plumbline.posture.opening import estate_of
from plumbline.report.reports import Asked, sight
from small import AS_OF

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.posture.engine import Estate
    from small import Made

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Published:
    """Two runs of each connection, a week apart; the later one found more."""

    settings: Settings
    estate: Estate

    def asked(self, query: str = "", **more: Any) -> Asked:
        earlier = estate_of(self.settings, sight.before(self.estate))
        return Asked(estate=self.estate, earlier=earlier, query=query, **more)


def publish(folder: Path, made: Made) -> Published:
    settings = Settings(home=folder)
    for console, at in AS_OF.items():
        address = Address(url=f"https://{console}.example")
        connections.add(Connection(name=console, address=address), Keys("access", "secret"))
        rows = {name: list(found) for name, found in made.rows.items()}
        rows["findings"] = rows["findings"][::2]
        for when, held in ((at - WEEK, rows), (at, made.rows)):
            run = runs.start(console, RunMode.FULL)
            store = Store.of(settings, console)
            pins = {t.name: store.replace(t, table_of(t, console, held)) for t in tables.TABLES}
            evidence.record_proofs(run.number, proofs(wrong=console == "south"))
            publication = Publication(as_of=when, tables=pins)
            snapshots.publish(run.number, RunState.COMPLETE, {"open": 1}, publication)
    return Published(settings, estate_of(settings, snapshots.latest_all()))


def table_of(table: tables.Table, console: str, rows: dict[str, list[dict[str, Any]]]) -> pa.Table:
    mine = [row for row in rows.get(table.name, []) if row["console"] == console]
    filled = [{name: row.get(name) for name in table.names} for row in mine]
    return pa.Table.from_pylist(filled, schema=table.schema)


def proofs(*, wrong: bool) -> list[Proof]:
    return [
        Proof(
            repository_id=1,
            source=Source.CUMULATIVE,
            severity=severity,
            ours=7,
            console=8 if wrong and severity is Severity.HIGH else 7,
        )
        for severity in Severity
    ]


def pages(made: bytes) -> list[str]:
    """The text of each page, on one line."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(made)).pages]

"""A home of its own with a connection to an emulated console, and the truth to compare with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from blank import settle
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys, Manners, Scope, WasMode
from plumbline.domain.finding import Source
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.lake.engine import Limits, connect, show_snapshot
from plumbline.ledger import connections, opening, snapshots
from plumbline.ledger.opening import open_ledger
from plumbline.sync.run import Report, Synchroniser
from plumbline.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from plumbline.emulator.estate import View

Fact = tuple[Any, ...]


@dataclass(slots=True)
class Lab:
    """One home with one connection to one emulated console."""

    settings: Settings
    emulator: Emulator

    def sync(self, *, full: bool = False, name: str = "lab") -> Report:
        """One run, without waiting for anything."""
        return Synchroniser(settings=self.settings, sleep=lambda _s: None).run(name, full=full)

    def again(self, name: str) -> None:
        """Another connection to the same console, with the same scope."""
        old, keys = connections.get("lab"), connections.get_keys("lab")
        connections.add(replace(old, name=name), keys)

    def truth(self) -> Counter[Fact]:
        """What the console holds, as it would write it."""
        rows = ((s, row) for s in Source for row in self.emulator.estate.rows(s))
        return Counter(fact_of(source, row) for source, row in rows)

    def shown(self, *states: str) -> Counter[Fact]:
        """What the snapshot shows, in the same form."""
        wanted = states or ("open", "reopened", "accepted", "fixed")
        return Counter(tuple(row) for row in self.ask(_SHOWN, wanted=list(wanted)))

    def ask(self, query: str, *, connection: str = "lab", **values: Any) -> list[tuple[Any, ...]]:
        """Rows of the published snapshot."""
        snapshot = snapshots.latest(connection)
        assert snapshot is not None
        engine = connect(Limits(threads=1))
        files = {t.name: snapshot.tables[t.name].files for t in TABLES}
        show_snapshot(engine, self.settings.lake, files)
        return engine.execute(query, values or None).fetchall()

    def change(self, **scope: Any) -> None:
        """Edit the connection's scope."""
        scope.setdefault("was", WasMode.INCLUDE)
        old = connections.get("lab")
        connections.edit(
            Connection(name="lab", address=old.address, manners=old.manners, scope=Scope(**scope))
        )


def only(estate: Estate, *repositories: int) -> Estate:
    """The estate without its other repositories, for tests that make many runs."""

    def cut(view: View) -> View:
        hosts = view.stock.hosts.items
        inside = np.array([host.repository.id in repositories for host in hosts])
        for source in Source:
            rows = view.findings(source)
            view = view.holding(source, rows.take(inside[rows.host]))
        kept = tuple(one for one in view.repositories if one.id in repositories)
        return replace(view, repositories=kept)

    estate.publish(cut)
    return estate


_SHOWN = """
SELECT f.source, f.repository_id, f.ip, coalesce(a.dns_name, ''), coalesce(a.uuid, ''),
  f.plugin_id, f.port, f.protocol, f.severity, f.accepted, f.recast,
  epoch(f.first_seen)::BIGINT, epoch(f.last_seen)::BIGINT, coalesce(o.text, '')
FROM findings f
JOIN aliases a USING (alias)
LEFT JOIN outputs o ON o.output = f.output
WHERE list_contains($wanted, f.state)
"""


def fact_of(source: Source, row: dict[str, Any]) -> Fact:
    """A row of the console in the form of a fact."""
    return (
        source.value,
        int(row["repository"]["id"]),
        row["ip"],
        row["dnsName"],
        row["uuid"],
        int(row["pluginID"]),
        int(row["port"]),
        row["protocol"],
        int(row["severity"]["id"]),
        row["acceptRisk"] == "1",
        row["recastRisk"] == "1",
        int(row["firstSeen"]),
        int(row["lastSeen"]),
        row["pluginText"],
    )


MakeLab = Callable[..., Lab]


@contextmanager
def labs(folder: Path) -> Iterator[MakeLab]:
    """Labs whose home is in a folder."""
    running: list[Emulator] = []

    def make(
        *faults: str,
        estate: Estate | None = None,
        page: int | None = None,
        clients: str = "",
        **scope: Any,
    ) -> Lab:
        estate = estate or Estate.generated(hosts=6, seed=3)
        emulator = Emulator(estate, http=not clients, clients=clients)
        emulator.start()
        running.append(emulator)
        for fault in faults:
            emulator.add_fault(fault)
        settings = Settings(home=folder / "home", engine_threads=1)
        settle(settings.home)
        open_ledger(settings)
        scope.setdefault("was", WasMode.INCLUDE)
        connection = Connection(
            name="lab",
            address=Address(url=emulator.url),
            manners=Manners(page_size=page),
            scope=Scope(**scope),
        )
        connections.add(connection, Keys(emulator.access_key, emulator.secret_key))
        return Lab(settings, emulator)

    try:
        yield make
    finally:
        for emulator in running:
            emulator.stop()
        opening.close()

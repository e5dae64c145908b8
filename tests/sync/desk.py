"""A home of its own, and files to import into it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.lake.engine import Limits, connect, show_snapshot
from plumbline.ledger import snapshots
from plumbline.sync.imports import Imported, Importer
from plumbline.sync.order import Order
from plumbline.tables import TABLES
from scans import DAY, START, Host, Item, nessus

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.config.settings import Settings


@dataclass(slots=True)
class Desk:
    """A home, and files to import into it."""

    folder: Path
    settings: Settings
    made: int = 0

    def file(self, content: bytes, name: str = "") -> Path:
        self.made += 1
        path = self.folder / (name or f"scan-{self.made}.nessus")
        path.write_bytes(content)
        return path

    def take(self, *files: bytes | Path, name: str = "files", **order: Any) -> Imported:
        paths = [self.file(one) if isinstance(one, bytes) else one for one in files]
        importer = Importer(settings=self.settings)
        return importer.run(Order(files=tuple(paths), connection=name, **order))

    def ask(self, query: str, name: str = "files") -> list[tuple[Any, ...]]:
        snapshot = snapshots.latest(name)
        assert snapshot is not None
        engine = connect(Limits(threads=1))
        files = {t.name: snapshot.tables[t.name].files for t in TABLES}
        show_snapshot(engine, self.settings.lake, files)
        return engine.execute(query).fetchall()

    def states(self) -> dict[int, tuple[str, int, int]]:
        """Plugin to state, first and last seen in days after the start."""
        query = "SELECT plugin_id, state, epoch(first_seen), epoch(last_seen) FROM findings"
        return {
            plugin: (state, int(first - START) // DAY, int(last - START) // DAY)
            for plugin, state, first, last in self.ask(query)
        }

    def events(self) -> Counter[str]:
        return Counter(event for (event,) in self.ask("SELECT event FROM events"))


def scan(day: int, *plugins: int, ip: str = "10.0.0.1", **more: Any) -> bytes:
    items = tuple(Item(plugin=plugin, **more) for plugin in plugins)
    return nessus(Host(ip=ip, end=START + day * DAY, items=items))

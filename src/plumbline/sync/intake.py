"""Files read into the staging folder, row by row accounted for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from plumbline.console.rows import RowDecoder
from plumbline.domain.proof import Proof
from plumbline.domain.severity import Severity
from plumbline.extract.columns import Columns
from plumbline.extract.files.interface import Tally
from plumbline.extract.files.pages import pages, read_file
from plumbline.lake.staging import Outcome, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import duckdb

    from plumbline.domain.finding import Source
    from plumbline.extract.columns import PageColumns
    from plumbline.extract.files.interface import Row
    from plumbline.lake.staging import SliceStage, Staging
    from plumbline.sync.progress import Progress

Place = tuple[int, "Source", Severity]
"""Repository, store and severity: what rows are counted by."""


class Homes:
    """The repositories of a connection that takes files, numbered in the order they were met."""

    def __init__(self, known: Mapping[str, int], default: str, *, only: bool) -> None:
        self.known = dict(known)
        self.met: set[int] = set()
        """Those that rows were given for."""
        self._default = default
        self._only = only

    def number(self, name: str) -> int:
        """The repository that a row goes to, by what the row says."""
        home = self._default if self._only or not name else name
        found = self.known.setdefault(home, len(self.known) + 1)
        self.met.add(found)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """One file and its account."""

    path: Path
    tally: Tally
    stage: SliceStage
    findings: int
    """Different findings among its rows."""


@dataclass(slots=True, kw_only=True)
class Intake:
    """Reads files one after the other."""

    console: str
    staging: Staging
    engine: duckdb.DuckDBPyConnection
    homes: Homes
    latest: int
    """Epoch seconds: what was seen later was seen by a clock that is wrong."""
    progress: Progress
    beat: Callable[[], None]
    told: Counter[Place] = field(default_factory=Counter)
    """Rows as the files tell them, counted before they become columns."""

    def read(self, files: Mapping[str, Path]) -> Iterator[ReadFile]:
        """Read files, each by the name it is shown by.

        Raises:
            UsageError: one of them is nothing that can be taken.
            StorageError: the disk refuses.
        """
        decoder = RowDecoder()
        columns = Columns(self.console, decoder, twins=False, latest=self.latest)
        for place, (name, path) in enumerate(files.items(), start=1):
            self.progress.stage(f"Reading {name}")
            tally = Tally(name, self.latest)
            stage = self.staging.slice(f"f{place:06d}")
            rows = self._counted(read_file(path, tally))
            for number, one in enumerate(pages(rows, decoder, self.homes.number, name)):
                read = columns.read(one.page, one.source, 0, one.places.__getitem__)
                _stage(stage, number, read)
                tally.odd.update(read.odd)
                self.progress.read(len(one.page.rows))
                self.beat()
            yield self._closed(path, tally, stage)

    def _counted(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            home = self.homes.number(row.repository)
            self.told[home, row.source, Severity(row.severity)] += 1
            yield row

    def _closed(self, path: Path, tally: Tally, stage: SliceStage) -> ReadFile:
        parts = stage.files("findings", (0,))
        distinct = 0
        if parts:
            query = "SELECT count(DISTINCT finding) FROM read_parquet($files)"
            found = self.engine.execute(query, {"files": parts}).fetchone()
            distinct = int(found[0]) if found else 0
        outcome = Outcome(
            whole=tally.whole, expected=tally.met, distinct=distinct, passes=(0,), rows=tally.given
        )
        stage.close(outcome)
        return ReadFile(path=path, tally=tally, stage=stage, findings=distinct)

    def prove(self, parts: list[str]) -> Iterator[Proof]:
        """Beside each count of rows that were told, the rows that lie staged."""
        query = (
            "SELECT repository_id, source, severity, count(*) FROM read_parquet($files) "
            "GROUP BY ALL"
        )
        found = self.engine.execute(query, {"files": parts}).fetchall() if parts else []
        staged = {(home, source, severity): count for home, source, severity, count in found}
        told = {(home, source.value, int(s)): n for (home, source, s), n in self.told.items()}
        kinds = {source.value: source for _, source, _ in self.told}
        for home, source, severity in sorted(told.keys() | staged.keys(), key=str):
            yield Proof(
                repository_id=home,
                source=kinds[source],
                severity=Severity(severity),
                ours=staged.get((home, source, severity), 0),
                console=told.get((home, source, severity), 0),
            )


def _stage(stage: SliceStage, number: int, read: PageColumns) -> None:
    rows = read.findings.num_rows
    receipt = Receipt(
        number=number,
        start=0,
        end=rows,
        rows=rows,
        total=None,
        received=0,
        seconds=0.0,
        odd=read.odd.plain(),
    )
    tables = {
        "findings": read.findings,
        "aliases": read.aliases,
        "plugins": read.plugins,
        "outputs": read.outputs,
    }
    stage.stage(0, receipt, tables)

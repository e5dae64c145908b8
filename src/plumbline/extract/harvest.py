"""A slice of findings, pass by pass, until it is proven whole.

There is no cursor at the console: pages are windows over a result that may change between them.
So a slice is whole only when the distinct findings of one pass are as many as the console said on
every page of it, and the row that two neighbouring windows share was the same in both. Otherwise
it is read again, in one single page where that fits: one answer cannot drift. Where the order
changes from page to page and nothing else does, the findings of all passes together may reach the
total.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plumbline.console.query import Tool
from plumbline.domain.oddities import Oddities
from plumbline.errors import DamagedError
from plumbline.extract.pager import Pager
from plumbline.lake.staging import Outcome, Receipt, SliceStage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import duckdb

    from plumbline.extract.columns import Columns, PageColumns
    from plumbline.extract.pages import PageReader, Reading, ReadPage
    from plumbline.extract.slices import Asking, Slice

_REMEMBERED_ROWS = 8
"""The shared row may not be the very last: some consoles give a row more, or rows twice."""
_COUNTED_IN_MEMORY = 500_000
"""Keys that Arrow counts at once, in some 50 MB; more are left to the engine, which can spill."""
MOST_PASSES = 4
"""A console that changes all the time is not read for ever."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass over a slice; its first page is asked for already."""

    part: Slice
    stage: SliceStage
    attempt: int
    known: list[Receipt]
    reading: Reading | None
    """Nothing when an earlier run had read the pass to its end."""


@dataclass(slots=True, kw_only=True)
class Harvest:
    """Reads slices into their stages; what stays the same over a run."""

    reader: PageReader
    asking: Asking
    columns: Columns
    engine: duckdb.DuckDBPyConnection
    progress: Callable[[Slice, Receipt], None] = lambda _slice, _receipt: None
    pause: Callable[[float], None] = lambda _seconds: None
    odd: Oddities = field(default_factory=Oddities)
    gave_up: bool = False
    """Whether some slice never became whole: the run cannot be proven any more, so the others
    are not waited for."""

    def read_all(
        self, parts: Iterable[tuple[Slice, SliceStage]]
    ) -> Iterator[tuple[Slice, Outcome]]:
        """Read slices one after the other, each until it is whole or as often as is reasonable.

        Goes on behind the last staged page when an earlier run was stopped. An outcome says
        whether its slice is whole; it is no error here if it is not.

        Raises:
            PlumblineError: the console cannot be asked any more, or the disk refuses.
        """
        waiting = deque(parts)
        begun: list[_Pass] = []

        def begin_next() -> None:
            if waiting:
                part, stage = waiting.popleft()
                begun.append(self._begin(part, stage, max(0, stage.passes() - 1)))

        begin_next()
        while begun:
            current = begun.pop()
            outcome = self._until_whole(current, begin_next)
            if not begun:
                begin_next()
            yield current.part, outcome

    def _begin(self, part: Slice, stage: SliceStage, attempt: int) -> _Pass:
        known = stage.receipts(attempt)
        pager = self._pager(part, attempt, known)
        query = self.asking.query(Tool.VULNDETAILS, part)
        reading = self.reader.begin(query, pager) if pager else None
        return _Pass(part, stage, attempt, known, reading)

    def _until_whole(self, begun: _Pass, at_last: Callable[[], None]) -> Outcome:
        outcome = self._perform(begun, at_last)
        attempt = begun.attempt
        while not outcome.whole and not self.gave_up and attempt + 1 < MOST_PASSES:
            attempt += 1
            self.pause(0.5 * 2**attempt)
            outcome = self._perform(self._begin(begun.part, begun.stage, attempt))
        self.gave_up = self.gave_up or not outcome.whole
        begun.stage.close(outcome)
        return outcome

    def _perform(self, one: _Pass, at_last: Callable[[], None] = lambda: None) -> Outcome:
        pages = self.reader.pages(one.reading, at_last) if one.reading else ()
        for read in pages:
            columns = self.columns.read(read.page, one.part.source, one.part.repository_id)
            receipt = _receipt(len(one.known), read, columns)
            one.known.append(one.stage.stage(one.attempt, receipt, _tables(columns)))
            self.progress(one.part, receipt)
        return self._judge(one.stage, one.attempt)

    def _pager(self, part: Slice, attempt: int, known: Sequence[Receipt]) -> Pager | None:
        """Where to begin: behind the last staged page, or nowhere if the pass had ended."""
        total = part.expected
        if known:
            total = known[-1].total or 0
            if not known[-1].rows or known[-1].end >= total:
                return None
        pager = Pager(self.reader.size, at_once=total + total // 50 + 10 if attempt else None)
        return pager.from_row(pager.behind(known[-1].end)) if known else pager

    def _judge(self, stage: SliceStage, attempt: int) -> Outcome:
        """Whether a pass alone, or all passes together, hold what the console has."""
        passes = [stage.receipts(number) for number in range(attempt + 1)]
        rows = sum(receipt.rows for receipts in passes for receipt in receipts)
        total = _steady(passes[-1])
        alone = _distinct(self.engine, stage, (attempt,))
        if alone == total and _seamless(passes[-1]):
            return Outcome(whole=True, expected=total, distinct=alone, passes=(attempt,), rows=rows)
        together = tuple(range(attempt + 1))
        distinct = _distinct(self.engine, stage, together)
        steady = total is not None and all(_steady(receipts) == total for receipts in passes)
        return Outcome(
            whole=steady and distinct == total,
            expected=total if total is not None else _last_total(passes[-1]),
            distinct=distinct if steady else alone,
            passes=together if steady else (attempt,),
            rows=rows,
            note=_note(passes, steady=steady),
        )


def _note(passes: Sequence[Sequence[Receipt]], *, steady: bool) -> str:
    if steady and all(map(_short, passes)):
        return f"the console gave fewer rows than it announced, {len(passes)} times over"
    if steady:
        return f"the order of rows changed from page to page; {len(passes)} passes taken together"
    return f"the console changed while it was read, {len(passes)} times over"


def _short(receipts: Sequence[Receipt]) -> bool:
    """Whether a page had fewer rows than lay in its window."""
    return any(one.rows < min(one.end, one.total or 0) - one.start for one in receipts)


def _seamless(receipts: Sequence[Receipt]) -> bool:
    """Whether each page began with a row that the page before had ended with."""
    return all(after.first in before.last for before, after in pairwise(receipts))


def _steady(receipts: Sequence[Receipt]) -> int | None:
    """The total, if every page of the pass told the same."""
    totals = {receipt.total for receipt in receipts}
    return totals.pop() if len(totals) == 1 else None


def _last_total(receipts: Sequence[Receipt]) -> int | None:
    return receipts[-1].total if receipts else None


def _distinct(engine: duckdb.DuckDBPyConnection, stage: SliceStage, passes: tuple[int, ...]) -> int:
    """Count the different findings that lie staged."""
    files = stage.files("findings", passes)
    if not files:
        return 0
    rows = sum(receipt.rows for number in passes for receipt in stage.receipts(number))
    if rows <= _COUNTED_IN_MEMORY:
        keys = map(_keys, files)
        chunks = [chunk for column in keys for chunk in column.chunks]
        return int(pc.count_distinct(pa.chunked_array(chunks, pa.string())).as_py())
    query = "SELECT count(DISTINCT finding) FROM read_parquet($files)"
    found = engine.execute(query, {"files": files}).fetchone()
    return int(found[0]) if found else 0


def _keys(file: str) -> pa.ChunkedArray:
    try:
        return pq.ParquetFile(file).read(columns=["finding"])["finding"]
    except OSError as fault:  # what Arrow raises for pages that do not unpack, too
        raise DamagedError(
            f"The staged part {file} cannot be read: {fault}",
            advice="sync again: what an unfinished run had staged is forgotten",
            unchanged="the last published snapshot",
        ) from fault


def _receipt(number: int, read: ReadPage, columns: PageColumns) -> Receipt:
    keys = columns.findings["finding"]
    return Receipt(
        number=number,
        first=keys[0].as_py() if len(keys) else "",
        last=tuple(keys[-_REMEMBERED_ROWS:].to_pylist()),
        start=read.window.start,
        end=read.window.end,
        rows=len(read.page.rows),
        total=read.page.total,
        received=read.received,
        seconds=read.seconds,
        odd=columns.odd.plain(),
    )


def _tables(columns: PageColumns) -> dict[str, pa.Table]:
    return {
        "findings": columns.findings,
        "aliases": columns.aliases,
        "plugins": columns.plugins,
        "outputs": columns.outputs,
    }

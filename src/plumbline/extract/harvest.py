"""A slice of findings, pass by pass, until it is proven whole.

There is no cursor at the console: pages are windows over a result that may change between them.
So a slice is whole only when the distinct findings of one pass are as many as the console said on
every page of it, and the row that two neighbouring windows share was the same in both. Otherwise
it is read again, in one single page where that fits: one answer cannot drift. Where the order
changes from page to page and nothing else does, the findings of all passes together may reach the
total; if two passes do not, the slice is cut by filters into pieces that fit one page each. A row
that one answer holds more than once, each time it is read, is a row that the console repeats.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from plumbline.console.query import Tool
from plumbline.domain.oddities import Oddities
from plumbline.extract.cuts import Cutter
from plumbline.extract.pager import Pager
from plumbline.extract.proof import count_distinct, find_repeats
from plumbline.lake.staging import Cause, Outcome, Receipt, SliceStage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import duckdb
    import pyarrow as pa

    from plumbline.extract.columns import Columns, PageColumns
    from plumbline.extract.cuts import Knife
    from plumbline.extract.pages import PageReader, Reading, ReadPage
    from plumbline.extract.slices import Asking, Slice

_REMEMBERED_ROWS = 8
"""The shared row may not be the very last: some consoles give a row more, or rows twice."""
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
    exact: bool = False
    """Whether there must be as many rows as planned: a piece that was counted before."""


@dataclass(slots=True, kw_only=True)
class Harvest:
    """Reads slices into their stages; what stays the same over a run."""

    reader: PageReader
    asking: Asking
    columns: Columns
    engine: duckdb.DuckDBPyConnection
    knife: Knife | None = None
    """Without it nothing is cut."""
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

    def _begin(self, part: Slice, stage: SliceStage, attempt: int, *, exact: bool = False) -> _Pass:
        known = stage.receipts(attempt)
        pager = self._pager(part, known, at_once=exact or attempt > 0)
        query = self.asking.query(Tool.VULNDETAILS, part)
        reading = self.reader.begin(query, pager) if pager else None
        return _Pass(part, stage, attempt, known, reading, exact)

    def _until_whole(self, begun: _Pass, at_last: Callable[[], None]) -> Outcome:
        outcome = self._read(begun, at_last)
        self.gave_up = self.gave_up or not outcome.whole
        begun.stage.close(outcome)
        return outcome

    def _read(self, begun: _Pass, at_last: Callable[[], None] = lambda: None) -> Outcome:
        """Pass after pass, and from the second one on in pieces where nothing else helps."""
        outcome, part, attempt = self._perform(begun, at_last), begun.part, begun.attempt
        knife, uncut = None if begun.exact else self.knife, ""
        while not outcome.whole and not self.gave_up:
            if begun.exact and outcome.expected != part.expected:
                break
            if knife and attempt and outcome.cause is Cause.ORDER:
                cut = self._cut(knife, begun, outcome)
                if cut and cut.cause is not Cause.CHANGED:
                    return cut
                knife, uncut = (knife, "") if cut else (None, "; no filter of the console cuts it")
            attempt += 1
            if attempt >= MOST_PASSES:
                break
            self.pause(0.5 * 2**attempt)
            part = replace(part, expected=outcome.expected or part.expected)
            again = self._begin(part, begun.stage, attempt, exact=begun.exact)
            outcome = self._perform(again)
        return msgspec.structs.replace(outcome, note=outcome.note + uncut) if uncut else outcome

    def _perform(self, one: _Pass, at_last: Callable[[], None] = lambda: None) -> Outcome:
        pages = self.reader.pages(one.reading, at_last) if one.reading else ()
        for read in pages:
            columns = self.columns.read(read.page, one.part.source, one.part.repository_id)
            receipt = _receipt(len(one.known), read, columns)
            one.known.append(one.stage.stage(one.attempt, receipt, _tables(columns)))
            self.progress(one.part, receipt)
            if one.exact and receipt.total != one.part.expected:
                break
        return self._judge(one.stage, one.attempt)

    def _pager(self, part: Slice, known: Sequence[Receipt], *, at_once: bool) -> Pager | None:
        """Where to begin: behind the last staged page, or nowhere if the pass had ended."""
        total = part.expected
        if known:
            total = known[-1].total or 0
            if not known[-1].rows or known[-1].end >= total:
                return None
        pager = Pager(self.reader.size, at_once=total + total // 50 + 10 if at_once else None)
        return pager.from_row(pager.behind(known[-1].end)) if known else pager

    def _cut(self, knife: Knife, begun: _Pass, before: Outcome) -> Outcome | None:
        """The slice from pieces; nothing where it cannot be cut."""
        cutter = Cutter(knife=knife, reader=self.reader, engine=self.engine, read=self._read_piece)
        found = cutter.read_cut(replace(begun.part, expected=before.expected or 0), begun.stage)
        if found is None or found.whole:
            return found and msgspec.structs.replace(found, rows=found.rows + before.rows)
        rows = found.rows + before.rows
        found = msgspec.structs.replace(found, passes=before.passes, rows=rows)
        distinct = count_distinct(self.engine, begun.stage.files_of("findings", found), rows)
        whole = distinct == found.expected and found.cause is not Cause.CHANGED
        cause = None if whole else found.cause
        return msgspec.structs.replace(found, whole=whole, distinct=distinct, cause=cause)

    def _read_piece(self, part: Slice, stage: SliceStage) -> Outcome:
        """Read exactly what was planned, and end as soon as the console tells another total."""
        outcome = self._read(self._begin(part, stage, max(0, stage.passes() - 1), exact=True))
        stage.close(outcome)
        return outcome

    def _judge(self, stage: SliceStage, attempt: int) -> Outcome:
        """Whether a pass alone, or all passes together, hold what the console has."""
        passes = [stage.receipts(number) for number in range(attempt + 1)]
        rows = sum(receipt.rows for receipts in passes for receipt in receipts)
        total = _steady(passes[-1])
        alone = self._distinct(stage, (attempt,))
        if alone == total and _seamless(passes[-1]):
            return Outcome(whole=True, expected=total, distinct=alone, passes=(attempt,), rows=rows)
        together = tuple(range(attempt + 1))
        distinct = self._distinct(stage, together)
        steady = total is not None and all(_steady(receipts) == total for receipts in passes)
        if steady and attempt and distinct == alone and _seamless(passes[-1]):
            repeated = self._repeated(stage, attempt) if _full(passes[-1]) else 0
            if repeated and alone + repeated == total:
                return Outcome(
                    whole=True,
                    expected=total,
                    distinct=alone,
                    passes=(attempt,),
                    rows=rows,
                    note=f"the console tells {repeated} rows more than once",
                    repeated=repeated,
                )
        whole = steady and distinct == total
        cause, note = _why(passes, steady=steady)
        return Outcome(
            whole=whole,
            expected=total if total is not None else _last_total(passes[-1]),
            distinct=distinct if steady else alone,
            passes=together if steady else (attempt,),
            rows=rows,
            note=note,
            cause=None if whole else cause,
        )

    def _distinct(self, stage: SliceStage, passes: tuple[int, ...]) -> int:
        rows = sum(receipt.rows for number in passes for receipt in stage.receipts(number))
        return count_distinct(self.engine, stage.files("findings", passes), rows)

    def _repeated(self, stage: SliceStage, attempt: int) -> int:
        """Rows that one answer held more than once."""
        files = stage.files("findings", (attempt,))
        return sum(one.times for one in find_repeats(self.engine, files))


def _why(passes: Sequence[Sequence[Receipt]], *, steady: bool) -> tuple[Cause, str]:
    """What kept the passes from being whole."""
    times = f", {len(passes)} times over" if len(passes) > 1 else ""
    told = [receipt.total for receipts in passes for receipt in receipts]
    if None in told:
        return Cause.UNTOLD, f"the console did not say how many rows there are{times}"
    if not steady:
        totals = f"{min(filter(None, told), default=0)} to {max(filter(None, told), default=0)}"
        return Cause.CHANGED, f"the console told {totals} rows while it was read{times}"
    in_pages = any(len(receipts) > 1 for receipts in passes)
    if all(map(_short, passes)) or (not in_pages and any(map(_short, passes))):
        return Cause.SHORT, f"the console gave fewer rows than it announced{times}"
    if in_pages:
        together = f"; {len(passes)} passes taken together" if len(passes) > 1 else ""
        return Cause.ORDER, f"the order of rows changed from page to page{together}"
    return Cause.REPEATED, f"one answer held rows twice, and not the same ones each time{times}"


def _full(receipts: Sequence[Receipt]) -> bool:
    """Whether every page had exactly the rows of its window."""
    return all(one.rows == min(one.end, one.total or 0) - one.start for one in receipts)


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

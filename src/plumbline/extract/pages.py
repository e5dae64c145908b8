"""Pages of one query: the next is asked for while the last is decoded, one request in flight."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from plumbline.console.rows import FindingPage, RowDecoder, peek_total
from plumbline.errors import IncompleteError, RetriableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.console.query import Analysis
    from plumbline.console.reply import Reply
    from plumbline.extract.pager import Pager, PageSize, Window

FEW_RETRIES = 2
"""A page that keeps failing is made smaller before all patience is spent on it."""
MOST_ASKED = 4
"""How often a window is asked for whose answers cannot be used."""


class Answering(Protocol):
    """What reading needs of a console."""

    def analysis(
        self, query: Analysis, start: int, end: int, *, retries: int | None = None
    ) -> Reply:
        """One window of a query."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A window that was answered, perhaps a smaller one than wished for."""

    window: Window
    reply: Reply


@dataclass(frozen=True, slots=True)
class ReadPage:
    """An answer, decoded."""

    window: Window
    reply: Reply
    page: FindingPage


class PageReader:
    """Reads the pages of queries with a size that adapts over all of them."""

    def __init__(self, console: Answering, decoder: RowDecoder, size: PageSize) -> None:
        self._console = console
        self._decoder = decoder
        self.size = size

    def pages(self, query: Analysis, pager: Pager) -> Iterator[ReadPage]:
        """The pages from the pager's first window to the total last told, or an empty page.

        Raises:
            IncompleteError: a window's answers cannot be used.
            PlumblineError: the console cannot be asked any more.
        """
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="console") as asker:
            pending: Future[Answer] | None = asker.submit(self._ask, query, pager.first(), pager)
            while pending is not None:
                answer = pending.result()
                ahead = pager.after(answer.window, peek_total(answer.reply.body))
                pending = asker.submit(self._ask, query, ahead, pager) if ahead else None
                read = self._decode(query, answer, pager, pending)
                self._learn(read)
                yield read
                if not read.page.rows:
                    return
                if pending is None:
                    ahead = pager.after(read.window, read.page.total)
                    pending = asker.submit(self._ask, query, ahead, pager) if ahead else None

    def _ask(self, query: Analysis, window: Window, pager: Pager) -> Answer:
        """Ask for a window; after a fault that lasts, for a smaller one at the same place."""
        while True:
            retries = FEW_RETRIES if pager.may_shrink(window) else None
            try:
                reply = self._console.analysis(query, window.start, window.end, retries=retries)
            except RetriableError:
                if retries is None:
                    raise
                window = pager.smaller(window)
            else:
                return Answer(window, reply)

    def _decode(
        self, query: Analysis, answer: Answer, pager: Pager, pending: Future[Answer] | None
    ) -> ReadPage:
        """Decode an answer; one that cannot be used is asked for again, a few times."""
        fault = RetriableError("")
        for attempt in range(MOST_ASKED):
            try:
                page = self._decoder.page(answer.reply.body)
            except RetriableError as broken:
                fault = broken
            else:
                if page.rows or page.total is not None:
                    return ReadPage(answer.window, answer.reply, page)
                fault = RetriableError("The console answered an empty page without a total.")
            if attempt + 1 < MOST_ASKED:
                _wait_for(pending)
                answer = Answer(answer.window, self._ask(query, answer.window, pager).reply)
        raise IncompleteError(
            f"Rows {answer.window.start} to {answer.window.end} of {query.summary} could not be "
            f"read, asked {MOST_ASKED} times. {fault.what}",
            advice="look at the console's own health, then sync again",
            unchanged="the last published snapshot",
        )

    def _learn(self, read: ReadPage) -> None:
        self.size.learn(
            asked=read.window.end - read.window.start,
            rows=len(read.page.rows),
            received=read.reply.received,
            seconds=read.reply.seconds,
        )


def _wait_for(pending: Future[Answer] | None) -> None:
    """Let a request that is under way end, so that there is never a second one beside it."""
    if pending is not None:
        pending.exception()

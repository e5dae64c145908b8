"""Pages of one query: the next is asked for while the last is decoded, one request in flight."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from plumbline.console.rows import FindingPage, RowDecoder, peek_total
from plumbline.errors import IncompleteError, RetriableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plumbline.console.query import Analysis
    from plumbline.console.reply import Reply
    from plumbline.extract.pager import Pager, PageSize, Window

T = TypeVar("T")
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
    """An answer, decoded; without its body, which is as large as the page again."""

    window: Window
    page: FindingPage
    received: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A query that is under way."""

    query: Analysis
    pager: Pager
    first: Future[Answer]


class PageReader:
    """Reads the pages of queries with a size that adapts over all of them.

    Asks in a thread of its own, one request after the other. Close it at the end.
    """

    def __init__(self, console: Answering, decoder: RowDecoder, size: PageSize) -> None:
        self._console = console
        self._decoder = decoder
        self._asker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="console")
        self.size = size

    def __enter__(self) -> Self:
        """The reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ask no more."""
        self._asker.shutdown(cancel_futures=True)

    def begin(self, query: Analysis, pager: Pager) -> Reading:
        """Ask for the first page of a query, to be read when its turn comes."""
        return Reading(query, pager, self._submit(query, pager.first(), pager))

    def pages(
        self, reading: Reading, at_last: Callable[[], None] = lambda: None
    ) -> Iterator[ReadPage]:
        """The pages from the pager's first window to the total last told, or an empty page.

        `at_last` is called once, as soon as there is nothing more to ask: time to begin with the
        next query, so that the console is asked while this one's last page is decoded.

        Raises:
            IncompleteError: a window's answers cannot be used.
            PlumblineError: the console cannot be asked any more.
        """
        query, pager = reading.query, reading.pager
        pending: Future[Answer] | None = reading.first
        while pending is not None:
            answer = pending.result()
            total = peek_total(answer.reply.body)
            ahead = pager.after(answer.window, total)
            pending = self._submit(query, ahead, pager) if ahead else None
            if pending is None and total is not None:
                at_last()
            read = self._decode(query, answer, pending)
            del answer
            self._learn(read)
            yield read
            if not read.page.rows:
                return
            if pending is None and total is None:
                ahead = pager.after(read.window, read.page.total)
                pending = self._submit(query, ahead, pager) if ahead else None

    def between(self, ask: Callable[[], T]) -> T:
        """Ask something else, behind what is under way: never two requests at a time."""
        return self._asker.submit(ask).result()

    def total(self, query: Analysis) -> int | None:
        """How many rows a query has now."""
        reply = self.between(lambda: self._console.analysis(query, 0, 1))
        return peek_total(reply.body)

    def _submit(self, query: Analysis, window: Window, pager: Pager) -> Future[Answer]:
        return self._asker.submit(self._ask, query, window, pager)

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

    def _decode(self, query: Analysis, answer: Answer, pending: Future[Answer] | None) -> ReadPage:
        """Decode an answer; one that cannot be used is asked for again, a few times."""
        fault = RetriableError("")
        for attempt in range(MOST_ASKED):
            try:
                page = self._decoder.page(answer.reply.body)
            except RetriableError as broken:
                fault = broken
            else:
                if page.rows or page.total is not None:
                    reply = answer.reply
                    return ReadPage(answer.window, page, reply.received, reply.seconds)
                fault = RetriableError("The console answered an empty page without a total.")
            if attempt + 1 < MOST_ASKED:
                _wait_for(pending)
                # The very same rows: what lies behind them is asked for already.
                window = answer.window
                answer = Answer(window, self._console.analysis(query, window.start, window.end))
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
            received=read.received,
            seconds=read.seconds,
        )


def _wait_for(pending: Future[Answer] | None) -> None:
    """Let a request that is under way end, so that there is never a second one beside it."""
    if pending is not None:
        pending.exception()

"""The request ledger of a run: written by the threads that have a database of their own."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from plumbline.domain.request import RequestRecord
    from plumbline.ledger.requests import Log


class RunLog:
    """Takes requests from the thread that asks the console, which never touches the database.

    A database connection belongs to its thread, and the asking threads come and go; the run's own
    thread and that of its pulse write.
    """

    def __init__(self, ledger: Log) -> None:
        self._ledger = ledger
        self._waiting: deque[RequestRecord] = deque()
        self._writing = Lock()

    def record(self, request: RequestRecord) -> None:
        """Keep one request until the next `flush`; from any thread."""
        self._waiting.append(request)

    def flush(self) -> None:
        """Write what waits; from the run's own thread, or its pulse's.

        Raises:
            StorageError: the database refused.
        """
        with self._writing:
            while self._waiting:
                self._ledger.record(self._waiting.popleft())
            self._ledger.flush()

    def __enter__(self) -> Self:
        """The log itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write what waits."""
        self.flush()

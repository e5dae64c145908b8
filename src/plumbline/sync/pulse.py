"""Keeps a run's heartbeat, whatever its own thread is at, and hears when it is to stop."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from plumbline.errors import StoppedError, StorageError
from plumbline.ledger import opening, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from plumbline.sync.log import RunLog

_log = logging.getLogger(__name__)
_SECONDS = 5.0
"""Between two beats; a cancelled run notices within this time even while it waits."""


_working: set[int] = set()


@contextmanager
def at_work(run: int) -> Generator[None]:
    """Let it be known that a thread of this process works on a run, until its end is written."""
    _working.add(run)
    try:
        yield
    finally:
        _working.discard(run)


def working() -> frozenset[int]:
    """The runs that threads of this process work on."""
    return frozenset(_working)


def never() -> str:
    """Nobody asks for the end."""
    return ""


class Pulse:
    """Beats from a thread of its own while a run works; use it as a context manager.

    The run may wait an hour for its budget, or align for minutes: other machines take a run that
    is silent for two minutes for dead. Each beat tells what the run is at, for whoever looks on.
    """

    def __init__(
        self,
        run: int,
        log: RunLog,
        *,
        told: Callable[[], Mapping[str, Any]] | None = None,
        halted: Callable[[], str] = never,
        pause: Callable[[float], None] | None = None,
        seconds: float = _SECONDS,
    ) -> None:
        self._run = run
        self._log = log
        self._told = told
        self._halted = halted
        self._pause = pause
        self._seconds = seconds
        self._ended = threading.Event()
        self._stopped = threading.Event()
        self._why: StoppedError | None = None
        self._thread = threading.Thread(target=self._go, name=f"pulse-{run}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def beat(self) -> None:
        """Tell from the run's own thread that a page came in; go no further if it is to stop.

        Raises:
            StoppedError: somebody asked for the end, or the run was taken over.
            StorageError: the database refused.
        """
        self._log.flush()
        self._listen()
        self.check()

    def sleep(self, seconds: float) -> None:
        """Wait, from any thread; a stop cuts it short.

        Raises:
            StoppedError: somebody asked for the end, or the run was taken over.
        """
        if self._pause is not None:
            self._pause(seconds)
        else:
            self._stopped.wait(seconds)
        self.check()

    def check(self) -> None:
        """Go on only if nobody asked for the end.

        Raises:
            StoppedError: somebody did, or the run was taken over.
        """
        if not self._why and (words := self._halted()):
            self._stop(StoppedError(words, advice=_AGAIN, unchanged=_KEPT))
        if self._why is not None:
            raise self._why

    def _go(self) -> None:
        try:
            while not self._ended.wait(self._seconds):
                self._beat_on()
        finally:
            opening.close()

    def _beat_on(self) -> None:
        """One beat; a database that is away for a moment must not end the beating."""
        try:
            self._log.flush()
            self._listen()
        except StorageError as error:
            _log.info("Run %s could not write its heartbeat: %s", self._run, error)

    def _listen(self) -> None:
        try:
            by = runs.heartbeat(self._run, self._told() if self._told else None)
        except StoppedError as error:
            self._stop(error)
            return
        if by:
            what = f"It was cancelled by {by}."
            self._stop(StoppedError(what, advice=_AGAIN, unchanged=_KEPT))
        elif words := self._halted():
            self._stop(StoppedError(words, advice=_AGAIN, unchanged=_KEPT))

    def _stop(self, why: StoppedError) -> None:
        self._why = self._why or why
        self._stopped.set()


_AGAIN = "sync again when you like."
_KEPT = "the last published snapshot; what was read is kept, and the next run goes on from it."

"""`plumbline worker`: does what is scheduled and queued."""

from __future__ import annotations

import gc
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.cli import output, session
from plumbline.cli.edge import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.jobs.worker import Worker


def worker(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when nothing is left that is due now.")
    ] = False,
) -> None:
    """Do what is scheduled and queued, until it is interrupted.

    Start it as often as you like: with PostgreSQL on many machines, with SQLite on one.
    """
    settings = session.ledger()
    from plumbline.jobs.worker import Worker  # noqa: PLC0415 - the engine, only when called

    gc.freeze()
    found = Worker(settings)
    with _ended_by_signals(found):
        if not once:
            output.say("The worker is at work; Ctrl-C ends it.")
        found.work(once=once)


@contextmanager
def _ended_by_signals(worker: Worker) -> Iterator[None]:
    """Ctrl-C and SIGTERM let what is under way stop at its next page; the second ends at once."""
    asked = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            os._exit(INTERRUPTED)
        asked = True
        worker.stop()
        # Not through a stream that the interrupted code may be writing to.
        os.write(2, b"Ending: what is under way stops at its next page. Once more ends at once.\n")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

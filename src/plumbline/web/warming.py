"""Works out what most pages show of a new snapshot before anybody asks for it.

Whoever comes while that goes on gets right answers, too: of two who ask for the same, one works it
out and the other waits. Only what is seen by those who see everything is worked out ahead.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Self

from django.http import HttpRequest, QueryDict

from plumbline.domain.person import Right
from plumbline.errors import PlumblineError, StorageError
from plumbline.ledger import deadlines, opening, snapshots
from plumbline.posture import coded, resident
from plumbline.web import estates
from plumbline.web.explorer import asking, facets, kinds, listing
from plumbline.web.installation import own
from plumbline.web.pages import overview
from plumbline.web.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plumbline.web.estates import Seen

_LOG = logging.getLogger(__name__)
_PAUSE = 3.0
_NICE = 10
"""Below whatever serves a page, where the system tells threads apart."""


class Warming:
    """Watches for what is published; use it as a context manager."""

    def __init__(
        self, work: Callable[[Seen], Iterator[Callable[[], object]]] | None = None
    ) -> None:
        self._work = work or steps
        self._closing = threading.Event()
        # No daemon: Python's own end aborts the process with a thread in the engine.
        # https://docs.python.org/3/c-api/init.html#c.PyEval_RestoreThread
        self._thread = threading.Thread(target=self._watch, name="plumbline-warming")

    def __enter__(self) -> Self:
        """Start it."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let it end behind the question it is at, and wait for that."""
        self._closing.set()
        self._thread.join()

    def _watch(self) -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        warm: object = None
        while not self._closing.is_set():
            try:
                warm = self._look(warm)
            except PlumblineError as error:
                # The page that needs it tells whoever asks for it.
                _LOG.info("Nothing could be worked out ahead: %s", error)
            finally:
                opening.close()
            self._closing.wait(_PAUSE)

    def _look(self, warm: object) -> object:
        """Work out what is new since the last look; what is warm now."""
        shown = snapshots.latest_all()
        now = (tuple(snapshot.run for snapshot in shown), deadlines.current(own()))
        if shown and now != warm:
            try:
                self._prepare(estates.seen_by(_EVERYBODY, shown))
            except PlumblineError:
                raise
            except Exception:  # noqa: BLE001 - foreign code's; every few seconds it would fail anew
                _LOG.exception("Pages of runs %s are not worked out ahead", now[0])
            # What was shown before takes as much memory as what is shown now.
            estates.keep_newest(shown)
        return now

    def _prepare(self, seen: Seen) -> None:
        for step in self._work(seen):
            if self._closing.is_set():
                return
            step()


_EVERYBODY = Visitor(name="", rights=frozenset({Right.SEE}))
"""Who sees everything, without a layout of their own."""


def _quicken(seen: Seen) -> None:
    """Make the estate quick to ask; without room for that, it is asked as it is."""
    try:
        resident.prepare(seen.estate)
        coded.prepare(seen.estate)
    except StorageError as error:
        _LOG.info("Questions are asked of the files as they are: %s", error)


def steps(seen: Seen) -> Iterator[Callable[[], object]]:
    """What is worked out ahead, what is looked at first first."""
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict()
    request.visitor = _EVERYBODY  # type: ignore[attr-defined]
    yield lambda: _quicken(seen)
    yield lambda: overview.prepared(request, seen)
    asked = [asking.asked(request, kind) for kind in kinds.KINDS.values()]
    for one in asked:
        yield lambda one=one: listing.context(one, seen)  # type: ignore[misc]
    for one in asked:
        yield lambda one=one: facets.of(one, seen)  # type: ignore[misc]
    for question in ("by-repository", "repository-scores", "by-list"):
        yield lambda question=question: seen.ask(question)  # type: ignore[misc]

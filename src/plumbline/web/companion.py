"""The worker that runs beside the site, in a process of its own: reading takes no page's time."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from plumbline.config.settings import Settings

_LOG = logging.getLogger(__name__)
_PAUSE, _LONGEST_PAUSE = 2.0, 300.0
_GRACE = 30


class Companion:
    """Starts a worker, and another one when it dies."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {**os.environ, "PLUMBLINE_HOME": str(settings.home)}
        self._closing = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._watch, name="plumbline-worker", daemon=True)

    def __enter__(self) -> Self:
        """Start it."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let what it does stop at its next page, and wait for that."""
        self._closing.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(_GRACE)

    @property
    def lives(self) -> bool:
        """Whether it is at work."""
        return self._process is not None and self._process.poll() is None

    def _watch(self) -> None:
        pause = _PAUSE
        while not self._closing.is_set():
            code = self._run()
            if self._closing.is_set():
                return
            _LOG.warning("The worker ended with %s; another begins in %d s.", code, pause)
            self._closing.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _run(self) -> int:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "plumbline", "worker"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            # Of a terminal's Ctrl-C the site tells it, and waits.
            start_new_session=True,
        )
        return self._process.wait()

"""Keeps the disk bounded where nobody watches: one vacuum a day, behind a run."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from plumbline.errors import StoppedError
from plumbline.ledger import audit, opening
from plumbline.sync.upkeep import vacuum

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.config.settings import Settings

_log = logging.getLogger(__name__)
VACUUM = "vacuum"
"""What the audit trail calls it; it tells all workers when the last one was."""
_PAUSE = timedelta(days=1)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Upkeep:
    """Clears what no snapshot holds any more, beside the work and never in its way."""

    settings: Settings
    clear: Callable[..., object] = vacuum
    """Given the settings, and as `gone` what it calls behind each file."""
    clock: Callable[[], datetime] = _now
    _line: Lock = field(default_factory=Lock)
    _closing: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def after_run(self) -> None:
        """Begin, unless one is at work or there was one within a day; from any thread."""
        with self._line:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._go, name="upkeep")
                self._thread.start()

    def wait(self) -> None:
        """Wait for its end."""
        if self._thread is not None:
            self._thread.join()

    def end(self) -> None:
        """Let it stop behind the file it is at, and wait for that.

        Python's own end would abort the process with a thread in the lake's libraries.
        """
        self._closing.set()
        self.wait()

    def _goes_on(self, _file: object) -> None:
        if self._closing.is_set():
            raise StoppedError("The worker ends.")

    def _go(self) -> None:
        try:
            self._clear_if_due()
        except StoppedError:
            _log.info("Clearing up the disk was cut short; the next day goes on with it.")
        except Exception as error:  # noqa: BLE001 - the next day tries again, and no run suffers
            _log.warning("The disk could not be cleared up: %s: %s", type(error).__name__, error)
        finally:
            opening.close()

    def _clear_if_due(self) -> None:
        last = audit.last(VACUUM)
        if last is not None and timedelta() <= self.clock() - last < _PAUSE:
            return
        # Noted first, so that several workers do not begin it one after the other.
        audit.note(VACUUM, "lake", "by a worker")
        self.clear(self.settings, gone=self._goes_on)

"""A request budget: so many requests to a console within any hour, not one more."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HOUR = 3_600.0


class Budget:
    """Lets a request through when the rolling hour has room; any thread may ask.

    What was sent before this process began counts too: give the times of those requests.
    """

    def __init__(
        self,
        most: int,
        sent: Iterable[float],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        tell: Callable[[str], None],
    ) -> None:
        self._most = most
        self._sent = deque(sorted(sent))
        self._clock = clock
        self._sleep = sleep
        self._tell = tell
        self._line = threading.Lock()

    def take(self) -> None:
        """Wait until one more request fits in, and count it.

        Raises:
            StoppedError: somebody asked for the end meanwhile.
        """
        with self._line:
            waited = False
            while (pause := self._pause()) > 0:
                again = datetime.fromtimestamp(self._clock() + pause, UTC)
                allowed = f"{self._most:,} requests an hour are allowed"
                self._tell(f"Waiting until {again:%H:%M:%S} UTC: {allowed}")
                self._sleep(pause)
                waited = True
            if waited:
                self._tell("Reading on")
            self._sent.append(self._clock())

    def _pause(self) -> float:
        """Seconds until the oldest request that counts is an hour old."""
        now = self._clock()
        # After the clock was set back, a request of the future counts as sent just now.
        self._sent = deque(min(at, now) for at in self._sent)
        while self._sent and now - self._sent[0] >= HOUR:
            self._sent.popleft()
        if len(self._sent) < self._most:
            return 0.0
        return HOUR - (now - self._sent[len(self._sent) - self._most])

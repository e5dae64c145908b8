"""What a fault is: where it may step in, and how often it does."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from plumbline.domain.finding import Source
    from plumbline.emulator.estate import Estate
    from plumbline.emulator.findings import Findings, Ints
    from plumbline.emulator.wire import Reply

ALWAYS = -1
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")


class BadFaultError(ValueError):
    """There is no such fault, or its argument makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of `vulndetails` or `listvuln` before it is written."""

    source: Source
    findings: Findings
    places: Ints
    """The rows of the page, by their places in the findings."""
    matching: Ints
    """All rows that passed the filters, in order."""
    start: int
    end: int
    total: int | None
    returned: float


class Fault:
    """Something that goes wrong. Subclasses say what, and override the steps they spoil."""

    name: ClassVar[str]
    times: ClassVar[int] = ALWAYS
    """How often it happens unless an argument says otherwise."""

    def __init__(self, argument: str = "") -> None:
        self._lock = threading.Lock()
        self._left = self.times
        self._until: float | None = None
        self.read(argument)

    def read(self, argument: str) -> None:
        """Take the argument: here how often it happens, or how long.

        Raises:
            BadFaultError: it is neither a number, `once` or `always`, nor seconds such as `30s`.
        """
        self._often(argument)

    def _often(self, argument: str) -> None:
        if argument in {"", "once"}:
            self._left = 1 if argument else self.times
        elif argument == "always":
            self._left = ALWAYS
        elif argument.isdigit():
            self._left = int(argument)
        elif seconds := _SECONDS.fullmatch(argument):
            self._left, self._until = ALWAYS, time.monotonic() + float(seconds[1])
        else:
            text = f"{argument!r} is neither a number nor 'always', nor seconds such as 30s"
            raise BadFaultError(f"fault {self.name}: {text}")

    def happens(self) -> bool:
        """Whether it happens now; counts down."""
        with self._lock:
            if self._left == 0 or (self._until is not None and time.monotonic() >= self._until):
                return False
            self._left -= self._left > 0
            return True

    def added(self, estate: Estate) -> None:
        """Called once, when the fault begins."""

    def anywhere(self) -> Reply | None:
        """Another answer to any request under `/rest`, or none."""

    def delay(self) -> float:
        """Seconds by which any request under `/rest` is held up."""
        return 0.0

    def instead(self) -> Reply | None:
        """Another answer to a request for `/analysis`, or none."""

    def page(self, page: Page, estate: Estate) -> Page:
        """A page of rows, perhaps spoiled."""
        del estate
        return page

    def reply(self, reply: Reply) -> Reply:
        """An answer of `/analysis` ready to be sent, perhaps spoiled."""
        return reply

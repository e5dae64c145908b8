"""Everything that can be made to go wrong, by name; each class says what it does.

A fault is written `NAME` or `NAME:ARG`. Where the argument is a count, it is a number, `once`,
`always` or a time such as `30s`; only requests to `/analysis` are counted unless it says otherwise.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from plumbline.emulator.faults import outage, paging, standing, transport
from plumbline.emulator.faults.base import ALWAYS, BadFaultError, Fault, Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.emulator.estate import Estate
    from plumbline.emulator.wire import Reply

F = TypeVar("F", bound=Fault)

FAULTS: dict[str, type[Fault]] = {
    fault.name: fault
    for fault in (
        paging.ShortPage,
        paging.ExtraRow,
        paging.NoTotals,
        paging.DuplicateRows,
        paging.Shuffle,
        paging.UnstableOrder,
        paging.RepeatedRow,
        paging.Vanish,
        paging.Appear,
        paging.MovingTotal,
        transport.Error500,
        transport.Html502,
        transport.Locked403,
        transport.Locked200,
        transport.Rate429,
        transport.Reset,
        transport.ResetBody,
        transport.TruncatedJson,
        transport.SlowBody,
        standing.RevokeAfter,
        standing.KeysDisabled,
        standing.BadKeys,
        standing.AccountLocked,
        standing.Administrator,
        standing.NoRepository,
        standing.NoEpoch,
        standing.UnpreparedLists,
        standing.HugeOutput,
        standing.StrangeText,
        standing.ClockSkew,
        standing.OldVersion,
        standing.NoVersion,
        outage.Down,
        outage.Gone,
        outage.Maintenance,
        outage.Slow,
    )
}


def parse(text: str) -> Fault:
    """Read `NAME[:ARG]`.

    Raises:
        BadFaultError: there is no such fault, or its argument makes no sense.
    """
    name, _, argument = text.strip().partition(":")
    if name not in FAULTS:
        raise BadFaultError(f"there is no fault {name!r}; there are: {', '.join(FAULTS)}")
    return FAULTS[name](argument)


class Faults:
    """The faults that hold now; they may be changed while requests are answered."""

    def __init__(self, estate: Estate, texts: Iterable[str | Fault] = ()) -> None:
        self._estate = estate
        self._lock = threading.Lock()
        self._active: tuple[Fault, ...] = ()
        for text in texts:
            self.add(text)

    def add(self, fault: str | Fault) -> Fault:
        """Begin a fault.

        Raises:
            BadFaultError: there is no such fault, or its argument makes no sense.
        """
        made = parse(fault) if isinstance(fault, str) else fault
        made.added(self._estate)
        with self._lock:
            self._active = (*self._active, made)
        return made

    def clear(self) -> None:
        """End all faults; what they did to the estate stays."""
        with self._lock:
            self._active = ()

    def find(self, kind: type[F]) -> F | None:
        """The latest active fault of a kind."""
        return next((f for f in reversed(self._active) if isinstance(f, kind)), None)

    def anywhere(self) -> Reply | None:
        """The first fault's other answer to any request, if one has any."""
        return next((reply for fault in self._active if (reply := fault.anywhere())), None)

    def delay(self) -> float:
        """Seconds by which a request is held up."""
        return sum(fault.delay() for fault in self._active)

    def instead(self) -> Reply | None:
        """The first fault's other answer to `/analysis`, if one has any."""
        return next((reply for fault in self._active if (reply := fault.instead())), None)

    def page(self, page: Page) -> Page:
        """A page as the faults leave it."""
        for fault in self._active:
            page = fault.page(page, self._estate)
        return page

    def reply(self, reply: Reply) -> Reply:
        """An answer as the faults leave it."""
        for fault in self._active:
            reply = fault.reply(reply)
        return reply


__all__ = ["ALWAYS", "FAULTS", "BadFaultError", "Fault", "Faults", "Page", "parse"]

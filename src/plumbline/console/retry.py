"""Asks again what may succeed later: with growing pauses, a bounded number of times."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from plumbline.console.fault import SlowError, UnansweredError
from plumbline.errors import RetriableError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to ask again and how long to wait in between."""

    retries: int = 5
    slow_retries: int = 1
    """Timeouts forgiven: asking a busy console the same again makes it busier."""
    first: float = 1.0
    """Seconds before the first retry; each later pause is twice as long."""
    longest: float = 60.0
    longest_wait: float = 600.0
    """Seconds a `Retry-After` is obeyed; asked for more, the caller decides."""
    sleep: Callable[[float], None] = time.sleep
    dice: Callable[[], float] = random.random
    """Between 0 and 1; spreads the pauses so that callers do not return together."""

    def persist(self, attempt: Callable[[int], T], retries: int | None = None) -> T:
        """Call `attempt` with 1, 2, … until it succeeds.

        Raises:
            UnreachableError: the last attempt was not answered at all.
            RetriableError: the budget is spent, or the console asks for a long pause.
        """
        budget = self.retries if retries is None else retries
        number = slow = 0
        while True:
            number += 1
            try:
                return attempt(number)
            except RetriableError as error:
                slow += isinstance(error, SlowError)
                spent = number > budget or slow > self.slow_retries
                if spent or (error.after or 0) > self.longest_wait:
                    raise _tired(error, number) from error
                pause = self._pause(error, number)
            self.sleep(pause)

    def _pause(self, error: RetriableError, number: int) -> float:
        if error.after is not None:
            return error.after + self.dice()
        pause = min(self.longest, self.first * 2.0 ** min(number - 1, 30))
        return pause * (0.5 + self.dice() / 2)


def _tired(error: RetriableError, attempts: int) -> RetriableError | UnreachableError:
    """The error to end with: the last one, and how often it was tried."""
    times = f" ({attempts} attempts)" if attempts > 1 else ""
    if isinstance(error, UnansweredError):
        return UnreachableError(
            f"{error.what}{times}", advice=error.advice, unchanged=error.unchanged
        )
    return type(error)(
        f"{error.what}{times}", after=error.after, advice=error.advice, unchanged=error.unchanged
    )

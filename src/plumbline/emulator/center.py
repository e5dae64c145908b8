"""The emulated Security Center: an estate, keys, faults, a clock, and what it was asked."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from plumbline.emulator.faults.standing import (
    Administrator,
    ClockSkew,
    NoRepository,
    NoVersion,
    OldVersion,
)
from plumbline.emulator.lists import Memberships

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plumbline.emulator.estate import Estate, View
    from plumbline.emulator.faults import Faults
    from plumbline.emulator.hosts import Repository
    from plumbline.emulator.keys import KeyPair

VERSION = "6.6.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What arrived: header names are in lower case, a query name has its last value."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""

    @property
    def fields(self) -> list[str]:
        """The fields asked for, in order; none when all are meant."""
        return [name.strip() for name in self.query.get("fields", "").split(",") if name.strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request as the emulator remembers it."""

    method: str
    path: str
    summary: str
    status: int


class Center:
    """What the routes share."""

    def __init__(
        self,
        estate: Estate,
        *,
        keys: KeyPair,
        faults: Faults,
        latency: float = 0.0,
        row_cost: float = 0.0,
    ) -> None:
        self.estate = estate
        self.keys = keys
        self.faults = faults
        self.latency = latency
        """Seconds that every request under `/rest` takes."""
        self.row_cost = row_cost
        """Seconds that `/analysis` takes for each row of the repositories it scans."""
        self.stopping = threading.Event()
        self.restart: Callable[[float], None] = self.pause
        """Refuses connections for some seconds; the server puts its own way here."""
        self.requests: deque[Logged] = deque(maxlen=100_000)
        self.writes_refused = 0
        self._lock = threading.Lock()
        self._memberships: tuple[int, Memberships] | None = None

    @property
    def skew(self) -> float:
        """Seconds by which the clock is off."""
        fault = self.faults.find(ClockSkew)
        return fault.seconds if fault else 0.0

    @property
    def clock(self) -> float:
        """The console's time in epoch seconds."""
        return self.estate.clock + self.skew

    @property
    def now(self) -> int:
        """The console's time in whole seconds."""
        return int(self.clock)

    def version(self, place: str) -> str:
        """The product version it claims in `header` or `system`; empty where it keeps silent."""
        silent = self.faults.find(NoVersion)
        if silent and place in silent.places:
            return ""
        fault = self.faults.find(OldVersion)
        return fault.version if fault else VERSION

    @property
    def by_administrator(self) -> bool:
        """Whether the keys are an Administrator's."""
        return self.faults.find(Administrator) is not None

    def repositories(self, view: View) -> tuple[Repository, ...]:
        """The repositories that the user's group may see."""
        return () if self.faults.find(NoRepository) else view.repositories

    def memberships(self, view: View) -> Memberships:
        """Who is in which list, worked out once a view."""
        with self._lock:
            if self._memberships is None or self._memberships[0] != view.version:
                self._memberships = (view.version, Memberships(view))
            return self._memberships[1]

    def log(self, request: Request, summary: str, status: int) -> None:
        """Remember a request; never its headers."""
        self.requests.append(
            Logged(method=request.method, path=request.path, summary=summary, status=status)
        )

    def count_write(self) -> None:
        """Remember that something tried to change the console."""
        with self._lock:
            self.writes_refused += 1

    def pause(self, seconds: float) -> None:
        """Take time, unless the emulator is stopping."""
        if seconds > 0:
            self.stopping.wait(seconds)


def reason(status: int) -> str:
    """The phrase that goes with an HTTP status."""
    return HTTPStatus(status).phrase

"""What a finding can be, and where the console keeps it."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """The console's two stores of findings (`sourceType` of an analysis)."""

    CUMULATIVE = "cumulative"
    """Findings that are open."""
    PATCHED = "patched"
    """Findings the console saw mitigated by a later scan of the same kind."""


class FindingState(StrEnum):
    """The state of a finding in a snapshot."""

    OPEN = "open"
    REOPENED = "reopened"
    """Open, and the console says that it had been mitigated before."""
    FIXED = "fixed"
    """The console holds it among the mitigated: proof of an equal scan."""
    ACCEPTED = "accepted"
    """Open, and covered by an accept-risk rule of the console."""
    VANISHED = "vanished"
    """Absent from both stores although its slice was read whole. Never counted as fixed."""
    OUT_OF_SIGHT = "out_of_sight"
    """The keys may no longer see the repository or group it is in."""

    @property
    def is_open(self) -> bool:
        """Whether the finding still stands against its host."""
        return self in OPEN_STATES


OPEN_STATES = frozenset({FindingState.OPEN, FindingState.REOPENED})
ACTIVE, ANY = "active", "any"
"""Open and reopened together: what every number means that is called open."""
STATE_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (ACTIVE, (FindingState.OPEN.value, FindingState.REOPENED.value)),
    (ANY, tuple(state.value for state in FindingState)),
)
"""Words of a filter that stand for several states."""


class Event(StrEnum):
    """What happened to a finding between one run and the next."""

    OPENED = "opened"
    REOPENED = "reopened"
    FIXED = "fixed"
    ACCEPTED = "accepted"
    UNACCEPTED = "unaccepted"
    RECAST = "recast"
    VANISHED = "vanished"
    RETURNED = "returned"
    OUT_OF_SIGHT = "out_of_sight"


class HostEvent(StrEnum):
    """What happened to a host between one run and the next."""

    RENAMED = "renamed"
    """It kept its address and got, lost or changed its name."""

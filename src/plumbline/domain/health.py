"""The words for how a connection is."""

from __future__ import annotations

from enum import StrEnum


class HealthState(StrEnum):
    """How a connection is; what is worse comes later."""

    RETIRED = "retired"
    """Given up; what was published of it is still shown."""
    PAUSED = "paused"
    """Held back from runs by somebody."""
    ACTIVE = "active"
    """Its data is complete, proven and as fresh as it is to be."""
    DEGRADED = "degraded"
    """Its data is shown, but is stale or about to be: the next run may well mend it."""
    ERROR = "error"
    """Nothing will get better unless a person does something."""

    @property
    def rank(self) -> int:
        """Greater is worse."""
        return list(HealthState).index(self)


class Cause(StrEnum):
    """Why a connection is not simply active."""

    NO_KEYS = "no_keys"
    REFUSED = "refused"
    """Its last try ended with an error that only a person can end: keys, rights, settings."""
    FAILING = "failing"
    """So many tries in a row were not complete that another one will hardly be."""
    GIVEN_UP = "given_up"
    """Its job has ended without a result and is not tried again."""
    UNREAD = "unread"
    """It has never been read whole."""
    FIRST_RUN = "first_run"
    """It has never been read whole, but that is under way."""
    FAILED = "failed"
    """Its last try failed."""
    INCOMPLETE = "incomplete"
    """Its last try could not be proven."""
    STALE = "stale"
    """What is shown is older than it may be."""
    OVERDUE = "overdue"
    """Its time to be read has passed, and nobody reads it."""
    UNPROVEN = "unproven"
    """What is shown does not agree with the console's totals."""

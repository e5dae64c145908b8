"""The words for a job: the wish that a connection is read, until it is or cannot be."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    """It begins as soon as a worker has room."""
    WAITING = "waiting"
    """It begins at a later time: a pause before another try, or a blackout."""
    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    """Nothing could be proven and published, more than once."""
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.QUEUED, JobState.WAITING, JobState.RUNNING)
"""A job that has not ended; a connection has one of these at most."""

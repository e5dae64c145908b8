"""The words for a run."""

from __future__ import annotations

from enum import StrEnum


class RunMode(StrEnum):
    """How much a run reads."""

    FULL = "full"
    INCREMENTAL = "incremental"


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    COMPLETE = "complete"
    """It agrees with the console's own totals."""
    INCOMPLETE = "incomplete"
    """Published nothing it could not prove; says where and how many."""
    FAILED = "failed"

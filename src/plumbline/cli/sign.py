"""What `doctor` sees of one part of the installation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How a part of the installation is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What was seen of one part, and what to do unless it is well."""

    part: str
    health: Health
    finding: str
    remedy: str = ""


def well(part: str, finding: str) -> Sign:
    """A part that is as it should be."""
    return Sign(part=part, health=Health.OK, finding=finding)


def poor(part: str, finding: str, remedy: str) -> Sign:
    """A part that works, but should be looked at."""
    return Sign(part=part, health=Health.WARN, finding=finding, remedy=remedy)


def ill(part: str, finding: str, remedy: str) -> Sign:
    """A part that does not work."""
    return Sign(part=part, health=Health.FAIL, finding=finding, remedy=remedy)

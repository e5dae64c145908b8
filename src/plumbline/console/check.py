"""What one preflight check found, and the facts the checks hand on to each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from plumbline.console.route import Route, plan

if TYPE_CHECKING:
    from plumbline.console.client import Console
    from plumbline.console.records import User
    from plumbline.console.verdict import KeysRefusedError
    from plumbline.domain.connection import Connection


class Name(StrEnum):
    """The checks in their order; each word is stable, for programs read it."""

    ADDRESS = "address"
    RESOLUTION = "name resolution"
    TCP = "tcp"
    TLS = "tls"
    VERSION = "version"
    API_KEYS = "api keys enabled"
    KEYS = "keys accepted"
    ACCOUNT = "account"
    ORGANISATION = "organisation"
    ROLE = "role"
    GROUP = "group"
    REPOSITORIES = "repositories"
    ANALYSIS = "analysis"
    ASSET_LISTS = "asset lists"
    TIME_FILTER = "time filter"
    CLOCK = "clock"


class Verdict(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - a word, no password
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One prerequisite: what was seen and, unless it passed, why and what to do."""

    name: Name
    verdict: Verdict
    finding: str
    cause: str = ""
    remedy: str = ""
    exit_code: int = 0
    """What a failed check ends a command with; 0 where its name says enough."""


@dataclass(slots=True, kw_only=True)
class Probe:
    """What the checks work with: the console with and without keys, and what they learnt."""

    connection: Connection
    console: Console
    stranger: Console
    """The same console without keys: most versions tell their own version to anyone."""
    user: User | None = None
    refused: KeysRefusedError | None = None
    now: float = 0.0

    @property
    def route(self) -> Route:
        """The way to the console."""
        return plan(self.connection.address)


def passed(name: Name, finding: str) -> Check:
    """The prerequisite holds."""
    return Check(name=name, verdict=Verdict.PASS, finding=finding)


def warned(name: Name, finding: str, cause: str, remedy: str = "") -> Check:
    """It works, but a person should know."""
    return Check(name=name, verdict=Verdict.WARN, finding=finding, cause=cause, remedy=remedy)


def failed(name: Name, finding: str, cause: str, remedy: str) -> Check:
    """It does not hold."""
    return Check(name=name, verdict=Verdict.FAIL, finding=finding, cause=cause, remedy=remedy)

"""Checks each prerequisite of a connection in turn, and says what is missing and how to mend it.

Facts behind the checks: https://docs.tenable.com/security-center/Content/EnableAPIKeys.htm,
https://docs.tenable.com/security-center/Content/UserRoles.htm and the API's own documents.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from plumbline.console import reach, rights
from plumbline.console.check import Check, Name, Probe, Verdict, failed
from plumbline.console.client import Console
from plumbline.errors import (
    ConfigurationError,
    PlumblineError,
    RetriableError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from plumbline.domain.connection import Connection, Keys
    from plumbline.domain.request import RequestLog

__all__ = ["Check", "Name", "Verdict", "preflight"]

_RETRIES = 1
_READ_TIMEOUT = 60.0
"""A person waits: fewer retries and shorter timeouts than a run has."""


@dataclass(frozen=True, slots=True)
class _Step:
    name: Name
    run: Callable[[Probe], Check]
    needs: tuple[Name, ...] = ()


_STEPS = (
    _Step(Name.ADDRESS, reach.address),
    _Step(Name.RESOLUTION, reach.resolution, (Name.ADDRESS,)),
    _Step(Name.TCP, reach.tcp, (Name.RESOLUTION,)),
    _Step(Name.TLS, reach.tls, (Name.TCP,)),
    _Step(Name.VERSION, reach.version, (Name.TLS,)),
    _Step(Name.API_KEYS, rights.api_keys, (Name.VERSION,)),
    _Step(Name.KEYS, rights.keys, (Name.API_KEYS,)),
    _Step(Name.ACCOUNT, rights.account, (Name.KEYS,)),
    _Step(Name.ORGANISATION, rights.organisation, (Name.ACCOUNT,)),
    _Step(Name.ROLE, rights.role, (Name.ORGANISATION,)),
    _Step(Name.GROUP, rights.group, (Name.ORGANISATION,)),
    _Step(Name.REPOSITORIES, rights.repositories, (Name.ORGANISATION,)),
    _Step(Name.ANALYSIS, rights.analysis, (Name.ORGANISATION,)),
    _Step(Name.ASSET_LISTS, rights.asset_lists, (Name.ORGANISATION,)),
    _Step(Name.TIME_FILTER, rights.time_filter, (Name.ANALYSIS,)),
    _Step(Name.CLOCK, rights.clock, (Name.VERSION,)),
)


def preflight(
    connection: Connection,
    keys: Keys,
    log: RequestLog,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Iterator[Check]:
    """Check a connection, one prerequisite after the other, and yield each as it is known.

    A check whose need failed is skipped and names the need. Makes about ten requests, all reads.
    """
    manners = connection.manners
    hurried = replace(
        manners,
        retries=min(_RETRIES, manners.retries),
        read_timeout=min(_READ_TIMEOUT, manners.read_timeout),
    )
    connection = replace(connection, manners=hurried)
    try:
        console = Console(connection, keys, log, sleep=sleep, clock=clock)
        stranger = Console(connection, None, log, sleep=sleep, clock=clock)
    except PlumblineError as error:
        yield _broken(Name.ADDRESS, error)
        yield from (_skipped(step, Name.ADDRESS) for step in _STEPS[1:])
        return
    with console, stranger:
        probe = Probe(connection=connection, console=console, stranger=stranger, now=clock())
        yield from _walk(probe)


def _walk(probe: Probe) -> Iterator[Check]:
    stopped: set[Name] = set()
    for step in _STEPS:
        missing = next((need for need in step.needs if need in stopped), None)
        check = _skipped(step, missing) if missing else _run(step, probe)
        if check.verdict in {Verdict.FAIL, Verdict.SKIP}:
            stopped.add(step.name)
        yield check


def _run(step: _Step, probe: Probe) -> Check:
    try:
        return step.run(probe)
    except PlumblineError as error:
        return _broken(step.name, error)


def _broken(name: Name, error: PlumblineError) -> Check:
    match error:
        case ConfigurationError():
            cause = "The connection's settings."
        case UnreachableError() | RetriableError():
            cause = "The console, or what lies on the way to it, did not answer as it should."
        case _:
            cause = "The console said so itself."
    check = failed(name, error.what, cause, error.advice)
    return replace(check, exit_code=error.exit_code)


def _skipped(step: _Step, need: Name) -> Check:
    return Check(name=step.name, verdict=Verdict.SKIP, finding=f"needs {need.value}")

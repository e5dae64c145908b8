"""Hosts as the console sums them up (tool `sumip`): findings and scans by address."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from plumbline.console.scalar import integer
from plumbline.domain.normalise.addresses import address
from plumbline.domain.severity import Severity
from plumbline.extract.told import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from plumbline.console.wire import HostRow

HostCounts = Counter[tuple[str, int]]
"""Findings by address and severity."""


def counted(rows: Iterable[HostRow]) -> HostCounts:
    """Findings by address and severity, as the console sums them up."""
    found: HostCounts = Counter()
    for row in rows:
        for severity, value in _severities(row):
            if rows_of_it := integer(value) or 0:
                found[_address(row), severity] += rows_of_it
    return found


def scanned(rows: Iterable[HostRow]) -> dict[str, int]:
    """When each address was last scanned, with credentials or without; epoch seconds."""
    found: dict[str, int] = {}
    for row in rows:
        runs = (integer(row.last_auth_run) or 0, integer(row.last_unauth_run) or 0)
        found[_address(row)] = max(*runs, found.get(_address(row), 0))
    return found


def _address(row: HostRow) -> str:
    """The address as findings have it: in its canonical form where it can be read."""
    return address(row.ip).value or written(row.ip)


def _severities(row: HostRow) -> Iterator[tuple[Severity, object]]:
    yield Severity.INFO, row.severity_info
    yield Severity.LOW, row.severity_low
    yield Severity.MEDIUM, row.severity_medium
    yield Severity.HIGH, row.severity_high
    yield Severity.CRITICAL, row.severity_critical

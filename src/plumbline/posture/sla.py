"""By when findings should be fixed: so many days from the day they were first seen.

A finding that is open is `within` its deadline or `overdue`; one that was fixed has `met` it or
`missed` it. Whatever is accepted, vanished or out of sight has neither, and informational findings
have no deadline.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import ibis

from plumbline.domain.deadlines import Deadlines
from plumbline.domain.finding import OPEN_STATES, FindingState
from plumbline.domain.severity import Severity

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

PERIOD_DAYS = 30
"""Compliance looks at what was due in so many days up to the snapshot."""


class Standing(StrEnum):
    """How a finding stands to its deadline."""

    OVERDUE = "overdue"
    WITHIN = "within"
    MET = "met"
    MISSED = "missed"


DEADLINES = Deadlines()


def due(rows: ir.Table, deadlines: Deadlines) -> ir.TimestampValue:
    """When each finding should be fixed; from `severity` and `first_seen`."""
    told = ((rows.severity == int(s), deadlines.days(s)) for s in Severity)
    ends = ((is_it, rows.first_seen + ibis.interval(days=n)) for is_it, n in told if n is not None)
    return ibis.cases(*ends)


def standing(rows: ir.Table, estate: Estate) -> ir.StringValue:
    """How each finding stands to its deadline; nothing where it has none."""
    end = due(rows, estate.deadlines)
    is_open = rows.state.isin(sorted(OPEN_STATES))
    is_fixed = rows.state == FindingState.FIXED.value
    return ibis.cases(
        (is_open & (end < estate.moment(rows)), Standing.OVERDUE.value),
        (is_open & end.notnull(), Standing.WITHIN.value),
        (is_fixed & (rows.fixed_at <= end), Standing.MET.value),
        (is_fixed & (rows.fixed_at > end), Standing.MISSED.value),
    )

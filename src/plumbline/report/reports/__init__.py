"""The reports. A new one is a file here, a template in `paper`, a line below and a test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from plumbline.errors import NotFoundError
from plumbline.report.reports import executive, words
from plumbline.report.reports.interface import Asked, Report
from plumbline.report.reports.part import divided

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate

REPORTS: dict[str, Report] = {report.name: report for report in (executive.REPORT,)}
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def named(name: str) -> Report:
    """A report by its name.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return REPORTS[name]
    except KeyError:
        raise NotFoundError(
            f"There is no report {name!r}.", advice=f"one of {', '.join(REPORTS)}."
        ) from None


def pdf(name: str, asked: Asked) -> bytes:
    """A report as PDF. The same question about the same snapshot gives the same bytes.

    Raises:
        UsageError: there is no such report, or the query cannot be used.
        StorageError: the snapshot or the ledger cannot be read.
        FatalError: the pages could not be set.
    """
    from plumbline.report.paper import press  # noqa: PLC0415 - only for paper

    report = named(name)
    return press.pdf(name, report.told(report.gather(asked)), moment(asked.estate))


def left_out(query: str) -> str:
    """What of a filter a report cannot be held to, in words; empty where it can.

    Raises:
        UsageError: the query cannot be read.
    """
    return words.left_out(divided(query)[1])


def moment(estate: Estate) -> datetime:
    """The moment a report bears: that of the newest run in it."""
    return max(estate.as_of.values(), default=_NEVER)


__all__ = ["REPORTS", "Asked", "Report", "left_out", "moment", "named", "pdf"]

"""The executive report: two pages that tell how it stands, what to do, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline.posture import questions
from plumbline.report.reports import sight, words
from plumbline.report.reports.interface import Asked, Report
from plumbline.report.reports.part import divided, part_of
from plumbline.report.reports.weeks import weeks

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate

TITLE = "Security posture"
ACTIONS = HOSTS = 8
"""As many as fit on the second page."""

Rows = list[dict[str, Any]]


def gather(asked: Asked) -> dict[str, Any]:
    """Every answer in the report, as `plumbline ask` gives it.

    Raises:
        UsageError: the query cannot be used.
        StorageError: the snapshot or the ledger cannot be read.
    """
    query, left_out = divided(asked.query)
    estate = part_of(asked.estate, query)
    earlier = part_of(asked.earlier, query) if asked.earlier is not None else None
    changed = sight.happened(estate)
    return {
        "title": asked.title or TITLE,
        "query": str(query),
        "left_out": list(left_out),
        "partly": sorted(asked.partly),
        "connections": sight.proofs(estate, asked.partly),
        **_numbers(estate),
        "before": _before(earlier) if earlier is not None else None,
        "since": sight.since(sight.before(asked.estate)) if earlier is not None else None,
        "changes": sight.changes(changed) if changed is not None else None,
        "actions": _rows(estate, "top-actions", str(ACTIONS)),
        "hosts": _rows(estate, "top-hosts", str(HOSTS)),
        "weeks": weeks(_rows(estate, "trend")),
        "warnings": list(asked.warnings),
    }


def _numbers(estate: Estate) -> dict[str, Any]:
    return {
        "summary": _rows(estate, "summary")[0],
        "score": _rows(estate, "score")[0]["score"],
        "severities": _rows(estate, "open-by-severity"),
        "ages": _rows(estate, "severity-by-age"),
        "sla": _rows(estate, "sla"),
        "fixes": _rows(estate, "time-to-fix"),
        "coverage": _rows(estate, "coverage"),
        "signals": _rows(estate, "vpr-by-epss"),
    }


def _before(estate: Estate) -> dict[str, Any]:
    """What the report compares with."""
    return {
        "as_of": dict(estate.as_of),
        "summary": _rows(estate, "summary")[0],
        "score": _rows(estate, "score")[0]["score"],
        "sla": _rows(estate, "sla"),
        "coverage": _rows(estate, "coverage"),
    }


def _rows(estate: Estate, question: str, *arguments: str) -> Rows:
    return list(questions.ask(estate, question, arguments).fetch().to_pylist())


REPORT = Report(
    name="executive",
    title="Executive report",
    doc="Two pages: posture and change, age, deadlines, trend, what to do first, the riskiest "
    "hosts, coverage, and how sure all of that is.",
    gather=gather,
    told=words.told,
)

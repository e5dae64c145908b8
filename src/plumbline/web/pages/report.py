"""`/report/executive`: the two pages of what a visitor sees, as PDF."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render

from plumbline.errors import BusyError
from plumbline.ledger import audit
from plumbline.report import reports
from plumbline.report.reports import Asked, sight
from plumbline.web import estates
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest

    from plumbline.posture.engine import Estate
    from plumbline.web.estates import Seen

_NAME = "executive"
_LONGEST_TITLE = 120
_AT_ONCE = 2
"""Each sets its pages in a process of its own, which may take two gigabytes."""
_presses = BoundedSemaphore(_AT_ONCE)


def executive(request: HttpRequest) -> HttpResponse:
    """The report about what the filter `q` finds; about everything without one.

    Raises:
        UsageError: the filter cannot be used.
        BusyError: enough others are being made.
        FatalError: the pages could not be set.
    """
    seen = estates.seen(request)
    if not seen.runs:
        return render(request, "empty.html")
    query = request.GET.get("q", "").strip()
    asked = about(request, seen, query, request.GET.get("title", ""))
    made = _made(asked)
    audit.note("report", _NAME, query or "everything")
    name = f"plumbline-{_NAME}-{min(seen.estate.as_of.values()):%Y-%m-%d}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(made, content_type="application/pdf", headers=headers)


def about(request: HttpRequest, seen: Seen, query: str, title: str = "") -> Asked:
    """What a report of the visitor's is asked for."""
    return Asked(
        estate=seen.estate,
        earlier=_earlier(request, seen),
        query=query,
        title=title[:_LONGEST_TITLE],
        warnings=estates.warnings(request),
        partly=estates.partly(request, seen),
    )


def _earlier(request: HttpRequest, seen: Seen) -> Estate | None:
    """What the visitor may see of the runs before; None where a connection has none."""
    before = sight.before(seen.estate)
    return estates.seen_by(visitor(request), before).estate if before else None


def _made(asked: Asked) -> bytes:
    if not _presses.acquire(blocking=False):
        raise BusyError(
            f"{_AT_ONCE} reports are being made at this moment.", advice="again in a few seconds."
        )
    try:
        return reports.pdf(_NAME, asked)
    finally:
        _presses.release()

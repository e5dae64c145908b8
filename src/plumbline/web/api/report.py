"""`/api/v1/report`: what the executive report says, for programs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse  # noqa: TC002 - read by ninja

from plumbline.domain.person import Right
from plumbline.errors import UsageError
from plumbline.report import reports
from plumbline.web import estates
from plumbline.web.api.frame import answer, get, query, stamped
from plumbline.web.api.shapes import REFUSALS, Row
from plumbline.web.pages.report import about

_NAME = "executive"


@get("/report", "report-content", Right.SEE, response={200: Row, **REFUSALS})
def content(
    request: HttpRequest,
    q: str = query("", description="filter of findings the report is about"),
    title: str = query("", max_length=120, description="stands at its head"),
) -> HttpResponse:
    """Every answer in the executive report; the PDF is at `/report/executive`."""
    seen = estates.seen(request)
    if not seen.runs:
        raise UsageError("Nothing has been published yet.", advice="start a run.")
    found = seen.kept(
        ("report", q, title),
        lambda _: reports.named(_NAME).gather(about(request, seen, q.strip(), title)),
    )
    # Warnings speak of now, the rest of what was published.
    told = {**found, "warnings": estates.warnings(request)}
    return answer(f"report-{_NAME}", told, **stamped(request))

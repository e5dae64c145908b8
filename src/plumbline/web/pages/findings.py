"""`/findings`: rows, filtered and sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from plumbline.posture import explore, filters
from plumbline.posture.findings import FINDINGS
from plumbline.web import estates

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_ROWS = 50


def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    seen = estates.seen(request)
    query = request.GET.get("q", "")
    asked = explore.Request(query=filters.parse(query), limit=_ROWS)
    return render(
        request,
        "findings.html",
        {
            "q": query,
            "columns": explore.columns(FINDINGS, asked, several=seen.estate.several),
            "rows": seen.rows("findings", asked),
            "total": seen.total("findings", asked.query),
        },
    )

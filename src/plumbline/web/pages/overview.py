"""`/`: the posture at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from plumbline.web import estates

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    seen = estates.seen(request)
    if not seen.runs:
        return render(request, "empty.html")
    return render(
        request,
        "overview.html",
        {"summary": seen.ask("summary")[0], "severities": seen.ask("open-by-severity")},
    )

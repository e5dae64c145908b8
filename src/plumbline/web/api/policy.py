"""`/api/v1/deadlines`: by when findings should be fixed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse  # noqa: TC002 - read by ninja

from plumbline.domain.person import Right
from plumbline.ledger import deadlines
from plumbline.web.api.frame import answer, get
from plumbline.web.api.shapes import REFUSALS, One
from plumbline.web.installation import own


@get("/deadlines", "deadlines", Right.SEE, response={200: One, **REFUSALS})
def current(request: HttpRequest) -> HttpResponse:
    """Days from first seen by severity: those that hold, those of the settings, every change."""
    del request
    history = [
        {"at": one.at, "who": one.who, "days": one.deadlines.words if one.deadlines else None}
        for one in deadlines.history()
    ]
    told = {
        "days": deadlines.current(own()).words,
        "settings": deadlines.configured(own()).words,
        "history": history,
    }
    return answer("deadlines", told)

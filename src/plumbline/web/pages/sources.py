"""`/connections`, `/connections/NAME`: how the ways to the consoles are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from plumbline.domain.person import Right
from plumbline.errors import NotFoundError
from plumbline.ledger import connections as kept
from plumbline.ledger import runs, schedules
from plumbline.report.charts import spark
from plumbline.web.blocks import connections
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_RUNS = 15


def show(request: HttpRequest) -> HttpResponse:
    """All connections that are seen as a whole."""
    found = visitor(request)
    healths = connections.healths(found)
    context = {"healths": healths, "may_connect": found.may(Right.CONNECT)}
    return render(request, "sources.html", context)


def one(request: HttpRequest, name: str) -> HttpResponse:
    """One connection: its health, its schedule, its runs."""
    found = visitor(request)
    if name not in connections.names(found):
        raise NotFoundError(
            f"There is no connection {name!r} that you see as a whole.", advice="the connections."
        )
    health = next(h for h in connections.healths(found) if h.connection == name)
    entry = kept.entry(name)
    seconds = health.trend.seconds
    context = {
        "health": health,
        "entry": entry,
        "keys": found.may(Right.KEYS_SEE),
        "may_connect": found.may(Right.CONNECT),
        "may_set": found.may(Right.KEYS_SET),
        "may_drop": found.may(Right.KEYS_DELETE),
        "may_run": found.may(Right.RUN),
        "schedule": schedules.find(name),
        "runs": runs.listing(name, _RUNS),
        "spark": spark.line(seconds, f"How long the last {len(seconds)} runs took, in seconds"),
    }
    return render(request, "source.html", context)

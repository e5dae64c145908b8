"""`/runs/NUMBER/live`, `/connections/NAME/live`: a run as it goes on; start it, cancel it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from plumbline.domain.person import Right
from plumbline.errors import NotFoundError, UsageError
from plumbline.ledger import connections as kept
from plumbline.ledger import jobs, runs
from plumbline.web import stream
from plumbline.web.blocks import standing
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from plumbline.web.blocks.standing import Standing

_LOOK = 0.5
_BEAT = 5.0
_LONGEST = 60.0
"""Seconds; the page asks again then, so that whoever may see no more sees no more."""
_STANDING = "live/standing.html"


def of_run(request: HttpRequest, number: int) -> HttpResponseBase:
    """Where a run stands: a page, or events to one that listens."""
    _held(request, runs.get(number).connection)
    return _answer(request, partial(standing.of_run, number))


def of_connection(request: HttpRequest, name: str) -> HttpResponseBase:
    """Where the reading of a connection stands that was asked for last."""
    _held(request, name)
    return _answer(request, partial(standing.of_connection, name))


@require_POST
def start(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a run of a connection."""
    _held(request, name)
    if kept.entry(name).paused:
        raise UsageError(f"{name} is paused.", advice="resume it first.", unchanged="everything.")
    full = request.POST.get("full") == "yes"
    job, new = jobs.start(name, by=visitor(request).who, full=full)
    if not new:
        messages.info(request, f"A run of {name} was asked for already: it is {job.state}.")
    return redirect("source-live", name=name)


@require_POST
def cancel(request: HttpRequest, name: str) -> HttpResponse:
    """Let what is asked for, or under way, end at its next page."""
    _held(request, name)
    by = visitor(request).who
    job = jobs.find(name)
    found = jobs.cancel(job, by) if job is not None else runs.cancel(name, by)
    told = "ends at its next page" if found is not None else "was over already"
    messages.info(request, f"The run of {name} {told}.")
    return redirect("source-live", name=name)


def _held(request: HttpRequest, name: str) -> None:
    """Refuse a connection that is not there, or not seen as a whole."""
    if not kept.exists(name) or not visitor(request).holds(name):
        raise NotFoundError(
            f"There is no connection {name!r} that you see as a whole.", advice="the connections."
        )


def _answer(request: HttpRequest, look: Callable[[], Standing]) -> HttpResponseBase:
    if "text/event-stream" in request.headers.get("Accept", ""):
        return stream.answer(stream.staying(_events(request, look)))
    now = look()
    return render(request, "live/page.html", _shown(request, now))


def _events(request: HttpRequest, look: Callable[[], Standing]) -> Iterator[str]:
    """What is to be shown, whenever it has changed, until it is over."""
    until, last, beat = time.monotonic() + _LONGEST, "", 0.0
    while time.monotonic() < until:
        now = look()
        html = render_to_string(_STANDING, _shown(request, now), request)
        if html != last:
            last, beat = html, time.monotonic()
            yield stream.fragment(html)
        elif time.monotonic() - beat > _BEAT:
            beat = time.monotonic()
            yield stream.still()
        if now.over:
            yield stream.done()
            return
        time.sleep(_LOOK)


def _shown(request: HttpRequest, now: Standing) -> dict[str, object]:
    may_run = visitor(request).may(Right.RUN, now.connection)
    return {"now": now, "may_run": may_run, "address": request.path}

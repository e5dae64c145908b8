"""Preflight ticks as they come, for a connection that is there and for one being set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.template.loader import render_to_string

from plumbline.console.check import Verdict
from plumbline.web import glance, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from plumbline.console.check import Check
    from plumbline.domain.connection import Connection, Keys

_TICKS = "connection/ticks.html"


def answer(
    request: HttpRequest,
    connection: Connection,
    keys: Keys,
    template: str,
    more: Mapping[str, Any],
) -> HttpResponseBase:
    """The ticks one by one to a page that listens, all at once to a form; else the bare page."""
    if "text/event-stream" in request.headers.get("Accept", ""):
        return stream.answer(_events(connection, keys))
    found = list(glance.checks(connection, keys)) if request.method == "POST" else []
    context = {**_shown(found, over=bool(found)), "address": request.path, **more}
    return render(request, template, context)


def _events(connection: Connection, keys: Keys) -> Iterator[str]:
    found: list[Check] = []
    for check in glance.checks(connection, keys):
        found.append(check)
        yield stream.fragment(render_to_string(_TICKS, _shown(found, over=False)))
    yield stream.fragment(render_to_string(_TICKS, _shown(found, over=True)))
    yield stream.done()


def _shown(found: Sequence[Check], *, over: bool) -> dict[str, Any]:
    failed = sum(check.verdict is Verdict.FAIL for check in found)
    return {"checks": found, "over": over, "failed": failed}

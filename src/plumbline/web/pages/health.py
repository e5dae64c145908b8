"""`/healthz`, `/readyz` and `/metrics`: for the machines that look after this one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.http import HttpResponse, JsonResponse

from plumbline.domain.person import Right
from plumbline.errors import PlumblineError
from plumbline.ledger import health, snapshots
from plumbline.report import prometheus
from plumbline.web import visitor as visitors
from plumbline.web.installation import own
from plumbline.web.pages.errors import problem

if TYPE_CHECKING:
    from django.http import HttpRequest

_LOOPBACK = frozenset({"127.0.0.1", "::1", "::ffff:127.0.0.1"})


def alive(request: HttpRequest) -> HttpResponse:
    """Whether the site answers at all."""
    del request
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """Whether it can show what was published; tells nothing about it."""
    del request
    try:
        snapshots.latest_all()
    except PlumblineError:
        return JsonResponse({"status": "the ledger does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; to this machine itself, or with a token that sees everything."""
    found = visitors.of_token(request)
    local = request.META.get("REMOTE_ADDR") in _LOOPBACK and not _passed_on(request)
    whole = found is not None and found.may(Right.SEE) and not found.purviews
    if not (local or whole):
        what = "Metrics are told to this machine, or to a token that sees everything."
        return problem(request, 403, what)
    patience = timedelta(hours=own().stale_after_hours)
    told = prometheus.render(health.examine(datetime.now(UTC), patience))
    return HttpResponse(told, content_type=prometheus.MEDIA_TYPE)


def _passed_on(request: HttpRequest) -> bool:
    """Behind a proxy on this machine every request seems to come from here."""
    return any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via"))

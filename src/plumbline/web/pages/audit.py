"""`/settings/audit`: who did what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import StreamingHttpResponse
from django.shortcuts import render

from plumbline.ledger import audit
from plumbline.report import acts

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from plumbline.ledger.records import Sought

_ROWS = 100
_NUMBER = re.compile(r"[0-9]{1,18}")
WANTED = ("who", "action", "subject", "since", "until")


def show(request: HttpRequest) -> HttpResponse:
    """The newest entries that are wanted, and a way to older ones."""
    before = request.GET.get("before", "")
    start = int(before) if _NUMBER.fullmatch(before) else None
    found = audit.listing(_ROWS + 1, before=start, sought=_sought(request))
    told = _told(request)
    context = {
        "acts": found[:_ROWS],
        "older": found[_ROWS - 1].id if len(found) > _ROWS else None,
        "start": start,
        "told": told,
        "given": urlencode({key: value for key, value in told.items() if value}),
    }
    return render(request, "settings/audit.html", context)


def export(request: HttpRequest) -> HttpResponseBase:
    """Every entry that is wanted as CSV, oldest first."""
    wanted = _sought(request)
    given = ", ".join(f"{key} {value}" for key, value in _told(request).items() if value)
    audit.note("export audit", "audit log", given)
    headers = {"Content-Disposition": 'attachment; filename="plumbline-audit.csv"'}
    lines = acts.lines(audit.whole(wanted))
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _told(request: HttpRequest) -> dict[str, str]:
    return {key: request.GET.get(key, "").strip() for key in WANTED}


def _sought(request: HttpRequest) -> Sought:
    return audit.sought(**_told(request))

"""`/settings/audit`: who did what."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse
from django.shortcuts import render

from plumbline.ledger import audit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

_ROWS = 100
_NUMBER = re.compile(r"[0-9]{1,18}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def show(request: HttpRequest) -> HttpResponse:
    """The newest entries, and a way to older ones."""
    before = request.GET.get("before", "")
    start = int(before) if _NUMBER.fullmatch(before) else None
    found = audit.listing(_ROWS + 1, before=start)
    acts, more = found[:_ROWS], len(found) > _ROWS
    older = acts[-1].id if more else None
    return render(request, "settings/audit.html", {"acts": acts, "older": older, "start": start})


def export(request: HttpRequest) -> HttpResponseBase:
    """Every entry as CSV, oldest first."""
    del request
    audit.note("export audit", "audit log")
    headers = {"Content-Disposition": 'attachment; filename="plumbline-audit.csv"'}
    return StreamingHttpResponse(_lines(), content_type="text/csv; charset=utf-8", headers=headers)


class _Echo:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def _lines() -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(("id", "at", "who", "action", "subject", "detail"))
    for act in audit.whole():
        texts = map(_plain, (act.who, act.action, act.subject, act.detail))
        yield writer.writerow((act.id, act.at.isoformat(), *texts))


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text

"""`/`: the posture at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render

from plumbline.posture.refining import term
from plumbline.report.charts import bars
from plumbline.report.reports import sight
from plumbline.web import estates, places
from plumbline.web.blocks import connections, counting, drawings, heat
from plumbline.web.blocks.changes import changes
from plumbline.web.blocks.tiles import tiles
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.web.estates import Seen

_FEW = "8"
_LISTS = 8
_WORST = ("critical", "high", "medium", "low")


def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    seen = estates.seen(request)
    if not seen.runs:
        return render(request, "empty.html")
    context = {**prepared(request, seen), "healths": connections.healths(visitor(request))}
    return render(request, "overview.html", context)


def prepared(request: HttpRequest, seen: Seen) -> dict[str, Any]:
    """What is made of one snapshot alone: worked out once for all who see the same."""
    return seen.kept("overview", lambda _: _blocks(request, seen))


def _blocks(request: HttpRequest, seen: Seen) -> dict[str, Any]:
    before = sight.before(seen.estate)
    earlier = estates.seen_by(visitor(request), before) if before else None
    return {
        "tiles": tiles(seen, earlier, sight.since_shortly(before)),
        "changes": changes(seen),
        "severities": drawings.severities(seen, seen.ask("summary")[0]),
        "counted": counting.CHARTS,
        "flow": drawings.flow(seen),
        "ages": heat.by_age(seen),
        "signals": heat.by_signal(seen),
        "sla": [_deadline(row) for row in seen.ask("sla")],
        "actions": [_action(row) for row in seen.ask("top-actions", _FEW)],
        "hosts": [_host(row) for row in seen.ask("top-hosts", _FEW)],
        "lists": [_list(seen, row) for row in seen.ask("by-list")[:_LISTS]],
        "summary": seen.ask("summary")[0],
        "several": seen.estate.several,
        "partly": bool(estates.partly(request, seen)),
    }


def mix(row: dict[str, Any], *query: Any) -> str:
    """Open findings of a row by severity, in one bar."""
    parts = [
        bars.Part(
            word=word, number=row[word], href=places.open_findings(*query, f"severity:{word}")
        )
        for word in _WORST
    ]
    return bars.mix(parts, "Open findings by severity, low and above")


def _deadline(row: dict[str, Any]) -> dict[str, Any]:
    here = f"severity:{row['severity']}"
    links = {
        "overdue": places.open_findings(here, "sla:overdue"),
        "within": places.open_findings(here, "sla:within"),
    }
    return {**row, "links": links, "share": row["met"] / row["due"] if row["due"] else None}


def _action(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "href": places.open_findings(term("solution", row["solution"]))}


def _host(row: dict[str, Any]) -> dict[str, Any]:
    here = term("host", row["host"])
    return {**row, "href": places.host(row["host"]), "mix": mix(row, here)}


def _list(seen: Seen, row: dict[str, Any]) -> dict[str, Any]:
    here = places.of_list(row["console"], row["name"], several=seen.estate.several)
    return {
        **row,
        "mix": mix(row, here),
        "members": places.to("hosts", places.HERE, here),
        "open": places.open_findings(here),
    }

"""`/connections`, `/connections/NAME`: how the ways to the consoles are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from plumbline.console.tls import describe_client
from plumbline.domain.connection import ConnectionKind
from plumbline.domain.person import Right
from plumbline.errors import NotFoundError
from plumbline.ledger import connections as kept
from plumbline.ledger import runs, schedules, shape
from plumbline.report.charts import spark
from plumbline.web.blocks import connections
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.domain.connection import Connection

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
    client = entry.connection.address.client
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
        "reads": _reads(entry.connection),
        "client": client and describe_client(client),
        "spark": spark.line(seconds, f"How long the last {len(seconds)} runs took, in seconds"),
    }
    return render(request, "source.html", context)


_READS = {
    "repositories": "Repositories",
    "severities": "Severities",
    "asset_lists": "Hosts of asset lists",
    "families": "Plugin families",
    "look_back_days": "Look back, in days",
    "exclude_repositories": "Not repositories",
    "exclude_families": "Not plugin families",
    "exclude_plugin_types": "Not plugin types",
    "exclude_addresses": "Not addresses",
    "list_filters": "Asset lists asked for",
    "list_fields": "Further fields of lists",
}


def _reads(connection: Connection) -> list[tuple[str, str]]:
    """What the connection reads, as far as it says so itself, in words."""
    if connection.kind is not ConnectionKind.CONSOLE:
        return []
    found = shape.reads(connection)
    words = {
        name: ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
        for name, value in found.items()
    }
    return [(label, words[name]) for name, label in _READS.items() if words[name]]

"""`/hosts/KEY` and `/findings/KEY`: one host, one finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render

from plumbline.errors import NotFoundError
from plumbline.posture import explore
from plumbline.posture.filters import Query
from plumbline.posture.refining import term
from plumbline.web import cells, estates, places
from plumbline.web.blocks import counting
from plumbline.web.explorer import kinds
from plumbline.web.pages.overview import mix
from plumbline.web.together import together

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.web.estates import Seen

_EVENTS = "60"
_SHOWN = 25
_FINDINGS = (
    "severity", "risk", "plugin_name", "port", "state", "sla", "age_days", "kev",
)  # fmt: skip
_FINDING = (
    "plugin_name", "severity", "state", "risk", "ip", "host_name", "os", "port", "protocol", "sla",
    "due_at", "first_seen", "last_seen", "fixed_at", "age_days", "accepted", "recast",
    "mitigated_before", "repository", "console", "asset_lists", "vpr", "epss", "cvss3", "kev",
    "exploit", "cves", "opened_run", "changed_run", "finding",
)  # fmt: skip
_TOLD = ("synopsis", "solution", "output")


def show(request: HttpRequest, key: str) -> HttpResponse:
    """The page of a host."""
    seen, here = estates.seen(request), term("host", key)
    told = together(
        host=lambda: one(seen, "hosts", here),
        findings=lambda: table(seen, _FINDINGS, places.ACTIVE_TERM, here),
        events=lambda: seen.ask("host-events", key, _EVENTS),
        names=lambda: seen.ask("host-names", key),
        lists=lambda: seen.ask("host-lists", key),
        total=lambda: seen.total("findings", f"{places.OPEN} {here}"),
    )
    row = told["host"]
    if row["host"] != key:
        # Seen by several consoles, it has a key at each of them.
        return show(request, row["host"])
    context = {
        **told,
        "name": row["host_name"] or row["host"],
        "facts": facts("hosts", row, _identity(row)),
        "mix": mix(row, here),
        "counts": [
            (word, row[word], places.open_findings(here, f"severity:{word}"))
            for word in ("critical", "high", "medium", "low", "info")
        ],
        "open": places.open_findings(here),
        "all": places.to("findings", "state:*", here),
        "several": seen.estate.several,
        "counted": counting.CHARTS,
    }
    return render(request, "host.html", context)


def finding(request: HttpRequest, key: str) -> HttpResponse:
    """The page of a finding, or what is looked at beside a list."""
    seen = estates.seen(request)
    columns = (*_FINDING, *_TOLD, "host", "plugin_id")
    row = one(seen, "findings", term("finding", key), columns)
    context = {
        "finding": row,
        "facts": facts("findings", row, _FINDING),
        "events": seen.ask("finding-events", key),
        "elsewhere": places.open_findings(term("plugin", str(row["plugin_id"]))),
        "elsewhere_total": seen.total("findings", f"{places.OPEN} plugin:{row['plugin_id']}"),
    }
    peeked = "HX-Request" in request.headers
    return render(request, "fragments/finding.html" if peeked else "finding.html", context)


def one(seen: Seen, relation: str, what: Any, columns: tuple[str, ...] = ()) -> dict[str, Any]:
    """The only row a condition finds.

    Raises:
        UsageError: there is none in what the visitor may see.
    """
    kind = next(kind for kind in kinds.KINDS.values() if kind.relation.name == relation)
    shown = columns or kind.relation.contract
    found = seen.rows(relation, explore.Request(query=Query((what,)), columns=shown, limit=1))
    if not found:
        raise NotFoundError(
            f"There is no such {kind.one} in what you may see.",
            advice=f"look for it among the {kind.many}; it may be gone since.",
        )
    return found[0]


def table(seen: Seen, columns: tuple[str, ...], *query: Any, limit: int = _SHOWN) -> dict[str, Any]:
    """Findings of a page: headings and cells."""
    relation = kinds.FINDINGS.relation
    wanted = tuple(dict.fromkeys((*columns, *kinds.FINDINGS.hidden)))
    asked = explore.Request(query=Query(tuple(query)), columns=wanted, limit=limit)
    fields = [relation.field(name) for name in columns]
    several = seen.estate.several
    return {
        "heads": [(cells.label(f), cells.is_number(f)) for f in fields],
        "rows": [
            [cells.cell("findings", f, row, several=several) for f in fields]
            for row in seen.rows("findings", asked)
        ],
    }


def facts(relation: str, row: dict[str, Any], names: tuple[str, ...]) -> list[cells.Cell]:
    """Values of a row with what they are called; those not supplied are said to be."""
    kind = next(kind for kind in kinds.KINDS.values() if kind.relation.name == relation)
    fields = map(kind.relation.field, names)
    return [cells.cell(relation, field, row, several=False) for field in fields]


def _identity(row: dict[str, Any]) -> tuple[str, ...]:
    names = (
        "ips", "dns_name", "netbios_name", "mac", "os", "host_uuid", "agent_uuid", "consoles",
        "repositories", "first_seen", "last_seen", "credentialed", "present", "acr", "aes",
        "sc_score", "host",
    )  # fmt: skip
    return names if row["reported_twice"] == 0 else (*names, "reported_twice")

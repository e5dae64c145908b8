"""`/lists/…` and `/repositories/…`: one asset list, all repositories, one repository."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.shortcuts import render

from plumbline.errors import NotFoundError
from plumbline.posture import explore
from plumbline.posture.filters import Query
from plumbline.posture.refining import term
from plumbline.web import estates, places
from plumbline.web.blocks import counting, drawings
from plumbline.web.explorer import kinds
from plumbline.web.pages.host import facts, table
from plumbline.web.pages.overview import mix
from plumbline.web.together import together

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from plumbline.posture.filters import Term
    from plumbline.web.estates import Seen

_WORDS = ("critical", "high", "medium", "low", "info")
_FINDINGS = ("severity", "risk", "plugin_name", "host_name", "state", "sla", "age_days", "kev")
_FACTS = (
    "type", "description", "tags", "owner", "decided_by", "ranges", "ip_count", "prepared",
    "modified", "id", "console",
)  # fmt: skip
_TOP = 8


def show(request: HttpRequest, console: str, number: int) -> HttpResponse:
    """The page of an asset list."""
    seen = estates.seen(request)
    row = _list(seen, console, number)
    here = places.of_list(console, row["name"], several=seen.estate.several)
    of = f"list:{number}"
    context = {
        **together(
            **_asked(seen, here),
            overlap=lambda: _overlap(seen, console, number, here),
            severities=lambda: drawings.severities(seen, row, here, of=of, console=console),
        ),
        **_scope(row, here),
        "title": row["name"],
        "crumb": ("lists", "Asset lists"),
        "facts": facts("lists", row, _FACTS),
        "further": _further(row["extra"]),
        "unscanned": max((row["ip_count"] or 0) - row["hosts"], 0),
    }
    return render(request, "scope.html", context)


_DRAWN = {"creator", "ownerGroup", "targetGroup", "template", "context"}
"""Further fields that every connection asks for; they say nothing that people look for here."""


def _further(extra: str | None) -> list[tuple[str, str]]:
    """The further fields of the list that the connection asks for, by the console's names."""
    found = json.loads(extra) if extra else {}
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in sorted(found.items())
        if name not in _DRAWN
    ]


def repositories(request: HttpRequest) -> HttpResponse:
    """All repositories."""
    seen = estates.seen(request)
    if not seen.runs:
        return render(request, "empty.html")
    scores = _scores(seen)
    rows = []
    for row in seen.ask("by-repository"):
        here = places.of_repository(row["console"], row["name"], several=seen.estate.several)
        known = scores.get((row["console"], row["repository_id"]), {})
        counts = [(w, row[w], places.open_findings(here, f"severity:{w}")) for w in _WORDS[:4]]
        rows.append(
            {
                **row,
                "score": known.get("score"),
                "known": known.get("hosts", 0),
                "counts": counts,
                "mix": mix(row, here),
                "open": places.open_findings(here),
                "here": places.to("hosts", places.HERE, here),
            }
        )
    return render(request, "repositories.html", {"rows": rows, "several": seen.estate.several})


def repository(request: HttpRequest, console: str, number: int) -> HttpResponse:
    """The page of a repository."""
    seen = estates.seen(request)
    wanted = (console, number)
    found = [r for r in seen.ask("by-repository") if (r["console"], r["repository_id"]) == wanted]
    if not found:
        raise NotFoundError(
            f"There is no repository {number} of {console!r} in what you may see.",
            advice="look for it among the repositories.",
        )
    row = found[0]
    here = places.of_repository(console, row["name"], several=seen.estate.several)
    of = f"repository:{number}"
    context = {
        **together(
            **_asked(seen, here),
            severities=lambda: drawings.severities(seen, row, here, of=of, console=console),
        ),
        **_scope(row, here),
        "score": _scores(seen).get(wanted, {}).get("score"),
        "title": row["name"],
        "crumb": ("repositories", "Repositories"),
        "about": f"{row['data_format'] or 'format not told'}, number {number} at {console}",
    }
    return render(request, "scope.html", context)


def _asked(seen: Seen, here: Term) -> dict[str, Callable[[], Any]]:
    """What is asked of a list or a repository alike."""
    opened = places.ACTIVE_TERM
    return {
        "findings": lambda: table(seen, _FINDINGS, opened, here, limit=_TOP),
        "members": lambda: _hosts(seen, here),
        "members_total": lambda: seen.total("hosts", f"{places.HERE} {here}"),
        "overdue": lambda: seen.total("findings", f"{places.OPEN} {here} sla:overdue"),
        "grave": lambda: seen.total("findings", f"{places.OPEN} {here} exploitable:yes"),
    }


def _scope(row: dict[str, Any], here: Term) -> dict[str, Any]:
    return {
        "row": row,
        "counted": counting.CHARTS,
        "score": row.get("score"),
        "counts": [(w, row[w], places.open_findings(here, f"severity:{w}")) for w in _WORDS],
        "mix": mix(row, here),
        "total": row["findings"],
        "open": places.open_findings(here),
        "overdue_href": places.open_findings(here, "sla:overdue"),
        "grave_href": places.open_findings(here, "exploitable:yes"),
        "report": places.report(here, title=row["name"]),
        "members_href": places.to("hosts", places.HERE, here),
    }


def _list(seen: Seen, console: str, number: int) -> dict[str, Any]:
    columns = (*kinds.LISTS.relation.contract, "description", "extra")
    query = Query((term("console", console), term("id", str(number))))
    found = seen.rows("lists", explore.Request(query=query, columns=columns, limit=1))
    if not found:
        raise NotFoundError(
            f"There is no asset list {number} of {console!r} in what you may see.",
            advice="look for it among the asset lists.",
        )
    return found[0]


def _hosts(seen: Seen, here: Term) -> list[dict[str, Any]]:
    columns = ("host", "ip", "host_name", "os", *_WORDS, "risk", "last_seen")
    query = Query((term("present", "yes"), here))
    rows = seen.rows("hosts", explore.Request(query=query, columns=columns, limit=_TOP))
    return [
        {**row, "href": places.host(row["host"]), "mix": mix(row, term("host", row["host"]))}
        for row in rows
    ]


def _overlap(seen: Seen, console: str, number: int, here: Term) -> list[dict[str, Any]]:
    several = seen.estate.several
    return [
        {
            **row,
            "href": places.to(
                "hosts", places.HERE, here, places.of_list(console, row["name"], several=several)
            ),
        }
        for row in seen.ask("list-overlap", console, str(number))
    ]


def _scores(seen: Seen) -> dict[tuple[str, int], dict[str, Any]]:
    return {(r["console"], r["repository_id"]): r for r in seen.ask("repository-scores")}

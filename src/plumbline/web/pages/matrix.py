"""`/compare`: which sources know which hosts, and where there are gaps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.shortcuts import render

from plumbline.posture import explore, matrix
from plumbline.posture.refining import term
from plumbline.web import estates, places
from plumbline.web.explorer import asking, kinds

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from plumbline.web.estates import Seen

_ROWS = 40
_LISTS = 12
_STALE = timedelta(days=30)
_HOST = ("host", "ip", "host_name", "consoles", "critical", "risk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a source knows of a host."""

    seen: datetime | None
    critical: int
    href: str
    stale: bool


def show(request: HttpRequest) -> HttpResponse:
    """The page."""
    seen = estates.seen(request)
    if not seen.runs:
        return render(request, "empty.html")
    asked = asking.asked(request, kinds.HOSTS)
    if asked.mistake is not None:
        raise asked.mistake
    wanted = explore.Request(query=asked.query, columns=_HOST, order=asked.order, limit=_ROWS)
    page = seen.page("hosts", wanted, asked.after)
    repositories = seen.ask("by-repository")
    lists = seen.ask("by-list")[:_LISTS]
    keys = [row["host"] for row in page.rows]
    context = {
        "q": asked.written,
        "total": seen.total("hosts", asked.query),
        "repositories": repositories,
        "lists": lists,
        "rows": _rows(seen, page.rows, repositories, lists, keys),
        "following": asked.address("matrix", after=page.following) if page.following else "",
        "complete": "hosts-complete",
        "several": seen.estate.several,
    }
    return render(request, "matrix.html", context)


def _rows(
    seen: Seen,
    hosts: list[dict[str, Any]],
    repositories: list[dict[str, Any]],
    lists: list[dict[str, Any]],
    keys: list[str],
) -> list[dict[str, Any]]:
    places_of = _in_repositories(seen, keys)
    lists_of = _in_lists(seen, keys)
    return [
        {
            **row,
            "href": places.host(row["host"]),
            "critical_href": places.open_findings(term("host", row["host"]), "severity:critical"),
            "cells": [_cell(seen, row, one, places_of) for one in repositories],
            "lists": [(one["console"], one["id"]) in lists_of[row["host"]] for one in lists],
            "gaps": len(repositories) - sum(row["host"] == host for host, _, _ in places_of),
        }
        for row in hosts
    ]


def _in_repositories(seen: Seen, keys: list[str]) -> dict[tuple[str, str, int], dict[str, Any]]:
    chosen = tuple(sorted(keys))
    rows = seen.answer(("matrix", chosen), lambda e: matrix.in_repositories(e, chosen))
    return {(r["host"], r["console"], r["repository_id"]): r for r in rows.to_pylist()}


def _in_lists(seen: Seen, keys: list[str]) -> dict[str, set[tuple[str, int]]]:
    chosen = tuple(sorted(keys))
    rows = seen.answer(("matrix-lists", chosen), lambda e: matrix.in_lists(e, chosen))
    found: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for row in rows.to_pylist():
        found[row["host"]].add((row["console"], row["list_id"]))
    return found


def _cell(
    seen: Seen,
    host: dict[str, Any],
    one: dict[str, Any],
    known: dict[tuple[str, str, int], dict[str, Any]],
) -> Cell | None:
    console = one["console"]
    row = known.get((host["host"], console, one["repository_id"]))
    if row is None:
        return None
    here = places.of_repository(console, one["name"], several=seen.estate.several)
    last = row["last_seen"]
    return Cell(
        seen=last,
        critical=row["critical"],
        href=places.open_findings(term("host", host["host"]), here, "severity:critical"),
        stale=last is None or seen.estate.as_of[console] - last > _STALE,
    )

"""`/runs`, `/runs/NUMBER`: how the data came here, and what proves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render

from plumbline.errors import NotFoundError
from plumbline.ledger import evidence, requests, runs, snapshots
from plumbline.posture.refining import term
from plumbline.web import estates, places
from plumbline.web.blocks import connections
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest, HttpResponse

    from plumbline.domain.proof import Proof

_MOST = 100
_REQUESTS = 500
COUNTS = ("open", "new", "fixed", "reopened", "vanished")


def show(request: HttpRequest) -> HttpResponse:
    """The runs of connections that are seen as a whole, the newest first."""
    found = visitor(request)
    held = set(connections.names(found))
    wanted = request.GET.get("connection", "")
    if wanted and wanted not in held:
        raise NotFoundError(f"There is no connection {wanted!r} that you see as a whole.")
    listed = runs.listing(wanted or None, None if found.purviews else _MOST)
    context = {
        "runs": [run for run in listed if run.connection in held][:_MOST],
        "connections": sorted(held),
        "wanted": wanted,
        "counts": COUNTS,
    }
    return render(request, "runs.html", context)


def one(request: HttpRequest, number: int) -> HttpResponse:
    """A run with its proof and its requests."""
    run = runs.get(number)
    if run.connection not in connections.names(visitor(request)):
        raise NotFoundError(
            f"There is no run {number} that you may see.", advice="the list of runs."
        )
    proofs = evidence.proofs(number)
    latest = snapshots.latest(run.connection)
    asked = list(requests.listing(number))
    context = {
        "run": run,
        "counts": sorted(run.counts.items()),
        "agreeing": sum(proof.agrees for proof in proofs),
        "proofs": _by_repository(proofs, _names(request, run.connection)),
        "totals": len(proofs),
        "slices": evidence.slices(number),
        "oddities": evidence.oddities(number),
        "traffic": requests.traffic(number),
        "requests": asked[:_REQUESTS],
        "more_requests": max(len(asked) - _REQUESTS, 0),
        "shown": latest is not None and latest.run == number,
        "opened": places.to("findings", "state:*", term("opened_run", str(number))),
    }
    return render(request, "run.html", context)


def _names(request: HttpRequest, connection: str) -> dict[int, str]:
    """What the repositories are called now; those that are gone have their numbers."""
    rows = estates.seen(request).ask("by-repository")
    return {row["repository_id"]: row["name"] for row in rows if row["console"] == connection}


def _by_repository(proofs: Sequence[Proof], names: dict[int, str]) -> list[dict[str, Any]]:
    """One row for each repository and store: both counts by severity, and whether they agree."""
    keys = list(dict.fromkeys((proof.repository_id, proof.source) for proof in proofs))
    found = []
    for repository, source in keys:
        mine = [p for p in proofs if (p.repository_id, p.source) == (repository, source)]
        mine.sort(key=lambda proof: -proof.severity)
        found.append(
            {
                "repository": names.get(repository, f"number {repository}"),
                "source": source,
                "cells": mine,
                "ours": sum(p.ours for p in mine),
                "console": sum(p.console for p in mine),
                "repeated": sum(p.repeated for p in mine),
                "published": _published(mine),
                "agrees": all(p.agrees for p in mine),
            }
        )
    return found


def _published(proofs: Sequence[Proof]) -> int | None:
    """Findings in the published tables; none where nothing was published."""
    counts = [proof.published for proof in proofs if proof.published is not None]
    return sum(counts) if counts else None

"""Routes outside `/rest` by which another process moves, spoils and checks a running emulator.

`POST /emulator/evolve?days=N` moves the estate on; `POST /emulator/fault?name=NAME[:ARG]` begins a
fault and `DELETE /emulator/fault` ends all; `GET /emulator/truth?source=cumulative` (or `patched`)
gives every row as one line of JSON, `&was=exclude` leaves web application rows out; `GET
/emulator/counts` counts rows by repository and severity, `GET /emulator/requests` lists what was
asked, with the number of writes refused. They need no keys: the emulator listens on loopback only.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from plumbline.emulator.faults import BadFaultError
from plumbline.emulator.wire import Reply, dump
from plumbline.terms.finding import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plumbline.emulator.center import Center, Request


def handle(request: Request, center: Center) -> Reply:
    """Do what is asked, or answer 404, or 400 when the query makes no sense."""
    route = ROUTES.get((request.method, request.path.removeprefix("/emulator/")))
    if route is None:
        return _json({"error": f"no such control: {request.method} {request.path}"}, status=404)
    try:
        return route(request.query, center)
    except (BadFaultError, ValueError, KeyError) as error:
        return _json({"error": str(error)}, status=400)


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(status=status, body=dump(value) + b"\n", versioned=False)


def _evolve(query: Mapping[str, str], center: Center) -> Reply:
    return _json(asdict(center.estate.evolve(int(query.get("days", "1")))))


def _add_fault(query: Mapping[str, str], center: Center) -> Reply:
    return _json({"fault": center.faults.add(query["name"]).name})


def _clear_faults(_query: Mapping[str, str], center: Center) -> Reply:
    center.faults.clear()
    return _json({"faults": []})


def _truth(query: Mapping[str, str], center: Center) -> Reply:
    rows = center.estate.rows(Source(query.get("source", "cumulative")), was=_was(query))
    lines = (json.dumps(row).encode() + b"\n" for row in rows)
    return Reply(body=lines, content_type="application/x-ndjson", versioned=False)


def _counts(query: Mapping[str, str], center: Center) -> Reply:
    counts = {
        source.value: [
            {"repository": repository, "severity": severity, "count": count}
            for (repository, severity), count in sorted(
                center.estate.counts(source, was=_was(query)).items()
            )
        ]
        for source in Source
    }
    return _json(counts)


def _was(query: Mapping[str, str]) -> bool:
    return query.get("was") != "exclude"


def _requests(_query: Mapping[str, str], center: Center) -> Reply:
    asked = [asdict(request) for request in center.requests]
    return _json({"writes_refused": center.writes_refused, "requests": asked})


ROUTES: dict[tuple[str, str], Callable[[Mapping[str, str], Center], Reply]] = {
    ("POST", "evolve"): _evolve,
    ("POST", "fault"): _add_fault,
    ("DELETE", "fault"): _clear_faults,
    ("GET", "truth"): _truth,
    ("GET", "counts"): _counts,
    ("GET", "requests"): _requests,
}

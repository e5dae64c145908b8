"""Routes outside `/rest` by which another process moves, spoils and checks a running emulator.

They need no keys: the emulator listens on loopback only. `GET /emulator/truth` gives the rows as
they are served, `GET /emulator/chronicle` what became of each finding; docs/emulator.md tells all.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from plumbline.domain.finding import Source
from plumbline.emulator.faults import BadFaultError
from plumbline.emulator.scans import SCANNED
from plumbline.emulator.wire import Reply, dump

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plumbline.emulator.center import Center, Request

RESTARTS_AFTER = 0.2
"""Seconds between the answer to a restart and the restart."""


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
    change = query.get("change")
    share = None if change is None else float(change)
    reach = float(query.get("reach", SCANNED))
    days = int(query.get("days", "1"))
    return _json(asdict(center.estate.evolve(days, change=share, reach=reach)))


def _rule(query: Mapping[str, str], center: Center) -> Reply:
    limits: dict[str, Any] = {n: int(query[n]) for n in ("repository", "expires") if n in query}
    limits |= {"ips": query.get("ips", ""), "moves": _moves(query)}
    plugin, comment = int(query["plugin"]), query.get("comment", "")
    if "severity" in query:
        severity = int(query["severity"])
        return _json(asdict(center.estate.recast_risk(plugin, severity, comment, **limits)))
    return _json(asdict(center.estate.accept_risk(plugin, comment, **limits)))


def _drop_rule(query: Mapping[str, str], center: Center) -> Reply:
    center.estate.drop_rule(int(query["id"]), moves=_moves(query))
    return _json({"rules": [asdict(rule) for rule in center.estate.view.rules]})


def _moves(query: Mapping[str, str]) -> bool:
    return query.get("moves") == "true"


def _scan(query: Mapping[str, str], center: Center) -> Reply:
    repository = int(query["repository"]) if "repository" in query else None
    if "hours" in query:
        change = center.estate.import_long(int(query["hours"]), repository=repository)
    else:
        change = center.estate.import_late(int(query["late"]), repository=repository)
    return _json(asdict(change))


def _expire(query: Mapping[str, str], center: Center) -> Reply:
    ages = {name: int(query.get(name, "365")) for name in ("active", "mitigated")}
    return _json(asdict(center.estate.expire(**ages, moves=_moves(query))))


def _retire(query: Mapping[str, str], center: Center) -> Reply:
    places = _hosts(query, center)
    gone = [center.estate.retire_host(place, moves=_moves(query)).retired for place in places]
    return _json({"retired": sum(gone)})


def _rename(query: Mapping[str, str], center: Center) -> Reply:
    places = _hosts(query, center)
    for place in places:
        center.estate.rename_host(place, query.get("dns", ""), query.get("netbios"))
    return _json({"renamed": len(places)})


def _hosts(query: Mapping[str, str], center: Center) -> list[int]:
    """Places of the hosts at an address of a repository."""
    places = [
        place
        for place, host in enumerate(center.estate.view.stock.hosts.items)
        if host.ip == query["ip"] and str(host.repository.id) == query["repository"]
    ]
    if not places:
        raise ValueError(f"no host {query['ip']} in repository {query['repository']}")
    return places


def _sight(query: Mapping[str, str], center: Center) -> Reply:
    estate = center.estate
    for name, act in (("hide", estate.hide), ("show", estate.show)):
        if name in query:
            act(int(query[name]))
    numbers = {name: int(query[name]) for name in ("role", "group", "responsible") if name in query}
    texts = {name: query[name] for name in ("group_name", "ranges") if name in query}
    if numbers or texts:
        estate.assign(**numbers, **texts)
    shown = [one.id for one in estate.view.repositories]
    return _json({"repositories": shown, **asdict(estate.view.sight)})


def _feed(query: Mapping[str, str], center: Center) -> Reply:
    return _json({"plugins": center.estate.feed(share=float(query.get("share", "0.1")))})


def _redefine(query: Mapping[str, str], center: Center) -> Reply:
    center.estate.redefine(int(query["list"]), definedIPs=query["ips"])
    return _json({"list": int(query["list"])})


def _add_repository(query: Mapping[str, str], center: Center) -> Reply:
    hosts = int(query.get("hosts", "3"))
    return _json({"repository": center.estate.add_repository(query["name"], hosts=hosts).id})


def _restart(query: Mapping[str, str], center: Center) -> Reply:
    """Answer first, then go down."""
    seconds = float(query.get("seconds", "0"))
    threading.Timer(RESTARTS_AFTER, center.restart, (seconds,)).start()
    return _json({"seconds": seconds})


def _chronicle(query: Mapping[str, str], center: Center) -> Reply:
    told = center.estate.chronicle(happenings=query.get("happenings") != "none")
    lines = (json.dumps(life.written()).encode() + b"\n" for life in told)
    return Reply(body=lines, content_type="application/x-ndjson", versioned=False)


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
    ("POST", "rule"): _rule,
    ("DELETE", "rule"): _drop_rule,
    ("POST", "scan"): _scan,
    ("POST", "expire"): _expire,
    ("POST", "retire"): _retire,
    ("POST", "rename"): _rename,
    ("POST", "sight"): _sight,
    ("POST", "feed"): _feed,
    ("POST", "list"): _redefine,
    ("POST", "repository"): _add_repository,
    ("POST", "restart"): _restart,
    ("GET", "chronicle"): _chronicle,
    ("POST", "fault"): _add_fault,
    ("DELETE", "fault"): _clear_faults,
    ("GET", "truth"): _truth,
    ("GET", "counts"): _counts,
    ("GET", "requests"): _requests,
}

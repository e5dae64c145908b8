"""Routes about repositories and the hosts in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.about import missing, picked
from plumbline.emulator.filters import Scope
from plumbline.emulator.tools.sums import host_summary
from plumbline.emulator.tools.tally import Tally
from plumbline.emulator.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plumbline.emulator.center import Center, Request
    from plumbline.emulator.estate import View
    from plumbline.emulator.hosts import Host, Repository

_PER_UUID = ("agent", "universal")


def repositories(request: Request, center: Center, _key: str) -> list[dict[str, Any]]:
    """`/repository`: a bare list; `type` is All, Local, Remote or Offline."""
    view, kind = center.estate.view, request.query.get("type", "All")
    brief = ("name", "description")
    return [
        picked(_repository(one, view), request.fields, brief, ("id", "uuid"))
        if not request.fields
        else picked(_repository(one, view), request.fields, brief)
        for one in center.repositories(view)
        if kind in {"All", one.kind}
    ]


def repository(request: Request, center: Center, key: str) -> dict[str, Any]:
    """`/repository/{id}`."""
    view = center.estate.view
    one = next((one for one in center.repositories(view) if str(one.id) == key), None)
    if one is None:
        raise missing("Repository", key)
    whole = _repository(one, view)
    return picked(whole, request.fields, whole)


def _repository(one: Repository, view: View) -> dict[str, Any]:
    hosts = view.stock.hosts.items
    inside = np.fromiter((h.repository.id == one.id for h in hosts), dtype=bool, count=len(hosts))
    rows = (
        view.cumulative.host[inside[view.cumulative.host]] if len(hosts) else view.cumulative.host
    )
    updated = str(view.updated.get(one.id, 0))
    return {
        "id": str(one.id),
        "uuid": one.uuid,
        "name": one.name,
        "description": one.description,
        "type": one.kind,
        "dataFormat": one.data_format,
        "remoteID": None,
        "remoteIP": None,
        "running": "false",
        "downloadFormat": "v2",
        "lastSyncTime": "0",
        "createdTime": str(one.created),
        "modifiedTime": str(one.created),
        "lastVulnUpdate": updated,
        "vulnCount": str(len(rows)),
        "organizations": [
            {
                "id": "1",
                "name": "Example Corporation",
                "description": "",
                "groupAssign": "fullAccess",
            }
        ],
        "activeVulnsLifetime": "365",
        "passiveVulnsLifetime": "7",
        "lceVulnsLifetime": "365",
        "complianceVulnsLifetime": "365",
        "mitigatedVulnsLifetime": "365",
        "typeFields": _type_fields(one, len(np.unique(rows)), updated),
    }


def _type_fields(one: Repository, hosts: int, updated: str) -> dict[str, Any]:
    every = "::/0" if one.data_format == "IPv6" else "0.0.0.0/0"
    counted = (
        {"uuidCount": str(hosts)}
        if one.data_format in _PER_UUID
        else {"ipRange": every, "ipCount": str(hosts)}
    )
    return {
        "correlation": [],
        "nessusSchedule": {"type": "never", "start": "", "repeatRule": ""},
        **counted,
        "runningNessus": "false",
        "lastGenerateNessusTime": "0",
        "trendingDays": "30",
        "trendWithRaw": "false",
        "lastTrendUpdate": updated,
    }


_LOOKUPS = {"ip": "ip", "uuid": "uuid", "dnsName": "dns", "hostUUID": "host_uuid"}


def _found(query: Mapping[str, str], center: Center, key: str) -> int:
    """The place of the first host that a query by address, name or identifier means."""
    view = center.estate.view
    visible = {one.id for one in center.repositories(view)}
    wanted = {field: query[name] for name, field in _LOOKUPS.items() if query.get(name)}
    for place, host in enumerate(view.stock.hosts.items):
        if host.repository.id not in visible or (key and str(host.repository.id) != key):
            continue
        if wanted and all(getattr(host, field) == value for field, value in wanted.items()):
            return place
    raise missing("Device", ",".join(wanted.values()))


def device(request: Request, center: Center, key: str) -> dict[str, Any]:
    """`/deviceInfo` and `/repository/{id}/deviceInfo`: the summary of one host."""
    place = _found(request.query, center, key)
    view = center.estate.view
    rows = view.cumulative
    scope = Scope(view=view, memberships=center.memberships(view), findings=rows, now=center.now)
    mine = Tally(scope=scope, places=np.flatnonzero(rows.host == place))
    host = view.stock.hosts.items[place]
    summary = host_summary(mine, place)
    repository = summary.pop("repository")
    return {
        **summary,
        "severityAll": ",".join(str(n) for n in mine.severities()[::-1].tolist()),
        "os": host.system,
        "hasPassive": "No",
        "hasCompliance": "No",
        "lastScan": str(int(mine.rows.last.max(initial=0))),
        "links": [],
        "repository": repository,
    }


def intersections(request: Request, center: Center, key: str) -> dict[str, Any]:
    """`/repository/{id}/assetIntersections`: the asset lists that hold a host."""
    place = _found(request.query, center, key)
    holding = center.memberships(center.estate.view).containing(place)
    return {
        "assets": [
            {"id": str(one.id), "name": one.name, "description": one.description} for one in holding
        ]
    }


def _host(
    place: int, host: Host, view: View, last: Mapping[int, tuple[int, int]]
) -> dict[str, Any]:
    first_seen, last_seen = last.get(place, (-1, -1))
    return {
        "id": str(place + 1),
        "uuid": host.host_uuid or f"{place + 1:08d}-0000-4000-8000-000000000000",
        "tenableUUID": host.uuid,
        "name": host.dns or host.ip,
        "ipAddress": host.ip,
        "os": host.system,
        "systemType": "general_purpose",
        "macAddress": host.mac,
        "netBios": host.netbios.rpartition("\\")[2],
        "netBiosWorkgroup": host.netbios.partition("\\")[0],
        "dns": host.dns,
        "fqdnIndex": host.dns,
        "source": [{"type": "Nessus Scan"}],
        "repID": str(host.repository.id),
        "repository": host.repository.brief(),
        "firstSeen": str(first_seen),
        "lastSeen": str(last_seen),
        "createdTime": str(first_seen),
        "modifiedTime": str(view.updated.get(host.repository.id, 0)),
        "acr": {"score": host.acr, "overwritten": "false"} if host.acr else None,
        "aes": {"score": host.exposure} if host.exposure else None,
    }


def _hosts(center: Center) -> Iterator[dict[str, Any]]:
    view = center.estate.view
    visible = {one.id for one in center.repositories(view)}
    memberships = center.memberships(view)
    alive = memberships.alive() & memberships.visible()
    seen = _seen(view)
    for place, host in enumerate(view.stock.hosts.items):
        if alive[place] and host.repository.id in visible:
            yield _host(place, host, view, seen)


def _seen(view: View) -> dict[int, tuple[int, int]]:
    rows = view.cumulative
    count = len(view.stock.hosts)
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, -1)
    np.minimum.at(first, rows.host, rows.first)
    np.maximum.at(last, rows.host, rows.last)
    return {int(n): (int(first[n]), int(last[n])) for n in np.flatnonzero(last >= 0)}


def _window(query: Mapping[str, str], size: int) -> tuple[int, int]:
    start = int(query.get("startOffset", 0))
    end = int(query.get("endOffset", size))
    return start, min(end, start + int(query.get("limit", size or 1)))


def hosts(request: Request, center: Center, _key: str) -> list[dict[str, Any]]:
    """`/hosts`: a bare list."""
    found = list(_hosts(center))
    start, end = _window(request.query, len(found))
    return [picked(one, request.fields, one) for one in found[start:end]]


def host(request: Request, center: Center, key: str) -> dict[str, Any]:
    """`/hosts/{uuid}`."""
    found = next((one for one in _hosts(center) if one["uuid"] == key), None)
    if found is None:
        raise missing("Host", key)
    return picked(found, request.fields, found)


def search(request: Request, center: Center) -> Any:
    """`POST /hosts/search`: a bare list, or a page with totals when `paginated=true`."""
    found = [one for one in _hosts(center) if _passes(one, _properties(request.body))]
    start, end = _window(request.query, len(found))
    page = [picked(one, request.fields, one) for one in found[start:end]]
    if "true" not in {request.query.get("paginated"), request.query.get("pagination")}:
        return page
    return {
        "totalRecords": str(len(found)),
        "returnedRecords": len(page),
        "startOffset": str(start),
        "endOffset": request.query.get("endOffset", str(end)),
        "results": page,
    }


def _properties(body: bytes) -> list[dict[str, Any]]:
    try:
        filters = json.loads(body or b"{}").get("filters", {})
    except ValueError:
        raise Refusal("The request is not JSON.\n", code=146) from None
    return list(filters.get("and") or filters.get("or") or [])


def _passes(one: dict[str, Any], properties: list[dict[str, Any]]) -> bool:
    """Whether a host fits the properties that are understood; the others have no effect."""
    read = {"ip": "ipAddress", "repositoryHost": "repID", "repositoryAll": "repID"}
    return all(
        one[read[wanted["property"]]] in str(wanted.get("value", "")).split(",")
        for wanted in properties
        if wanted.get("property") in read
    )

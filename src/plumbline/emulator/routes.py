"""What is answered under `/rest`: which paths there are, and that nothing else may be done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from plumbline.emulator import analysis, people, places, status
from plumbline.emulator.keys import admit
from plumbline.emulator.wire import HTML, Refusal, Reply, refused, success

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.emulator.center import Center, Request

Route = "Callable[[Request, Center, str], Any]"


def _named(name: str) -> Callable[[Request, Center, str], Any]:
    return lambda _request, _center, _key: [] if name else ""


GETS: tuple[tuple[re.Pattern[str], Callable[[Request, Center, str], Any]], ...] = tuple(
    (re.compile(f"/rest/{pattern}"), route)
    for pattern, route in (
        (r"system()", status.system),
        (r"status()", status.status),
        (r"currentUser()", status.current_user),
        (r"currentOrganization()", status.current_organization),
        (r"organization()", status.organizations),
        (r"role()", status.roles),
        (r"role/(\d+)", status.role),
        (r"group()", status.groups),
        (r"user()", status.users),
        (r"user/(\d+)", status.user),
        (r"repository()", places.repositories),
        (r"repository/(\d+)", places.repository),
        (r"repository/(\d+)/deviceInfo", places.device),
        (r"repository/(\d+)/assetIntersections", places.intersections),
        (r"deviceInfo()", places.device),
        (r"asset()", places.asset_lists),
        (r"asset/tag()", places.tags),
        (r"asset/(\d+)", places.asset_list),
        (r"hosts()", places.hosts),
        (r"hosts/([0-9a-f-]{36})", places.host),
        (r"plugin()", status.plugins),
        (r"plugin/(\d+)", status.plugin),
        (r"pluginFamily()", status.families),
        (r"scanResult()", status.scan_results),
        (r"acceptRiskRule()", status.nothing),
        (r"recastRiskRule()", status.nothing),
        (r"query()", status.nothing),
    )
)


def handle(request: Request, center: Center) -> Reply:
    """Answer one request under `/rest`."""
    summary = "&".join(f"{name}={value}" for name, value in request.query.items())
    try:
        admit(request.headers, request.path, center.keys, center.faults)
        center.pause(center.latency)
        reply, summary = _answered(request, center, summary)
    except Refusal as refusal:
        reply = _refused(refusal, center)
    center.log(request, summary, reply.status)
    return reply


def _refused(refusal: Refusal, center: Center) -> Reply:
    return refused(refusal, center.now)


def _answered(request: Request, center: Center, summary: str) -> tuple[Reply, str]:
    if request.method == "GET":
        return success(_got(request, center), center.now), summary
    if (request.method, request.path) == ("POST", "/rest/analysis"):
        return _analysed(request, center)
    if (request.method, request.path) == ("POST", "/rest/hosts/search"):
        return success(places.search(request, center), center.now), summary
    center.count_write()
    raise Refusal("You do not have permission to perform this action.\n", code=143)


def _analysed(request: Request, center: Center) -> tuple[Reply, str]:
    if other := center.faults.instead():
        return other, f"instead {other.status}"
    query = analysis.read(request.body)
    return center.faults.reply(analysis.answer(query, center)), query.summary()


def _got(request: Request, center: Center) -> Any:
    for pattern, route in GETS:
        if match := pattern.fullmatch(request.path.rstrip("/")):
            return route(request, center, match[1])
    raise Refusal(f"The endpoint '{request.path}' does not exist.\n", code=147)


__all__ = ["HTML", "handle", "people"]

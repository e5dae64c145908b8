"""What is answered under `/rest`: which paths there are, and that nothing else may be done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from plumbline.emulator import about, analysis, assets, inventory
from plumbline.emulator.keys import admit
from plumbline.emulator.wire import Refusal, Reply, refused, success

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.emulator.center import Center, Request

ANALYSIS = ("POST", "/rest/analysis")
SEARCH = ("POST", "/rest/hosts/search")

GETS: tuple[tuple[re.Pattern[str], Callable[[Request, Center, str], Any]], ...] = tuple(
    (re.compile(f"/rest/{pattern}"), route)
    for pattern, route in (
        (r"system()", about.system),
        (r"status()", about.status),
        (r"currentUser()", about.current_user),
        (r"currentOrganization()", about.current_organization),
        (r"organization()", about.organizations),
        (r"role()", about.roles),
        (r"role/(\d+)", about.role),
        (r"group()", about.groups),
        (r"user()", about.users),
        (r"user/(\d+)", about.user),
        (r"plugin()", about.plugins),
        (r"plugin/(\d+)", about.plugin),
        (r"pluginFamily()", about.families),
        (r"scanResult()", about.scan_results),
        (r"(?:acceptRiskRule|recastRiskRule|query|credential)()", about.nothing),
        (r"repository()", inventory.repositories),
        (r"repository/(\d+)", inventory.repository),
        (r"repository/(\d+)/deviceInfo", inventory.device),
        (r"repository/(\d+)/assetIntersections", inventory.intersections),
        (r"deviceInfo()", inventory.device),
        (r"hosts()", inventory.hosts),
        (r"hosts/([0-9a-f-]{36})", inventory.host),
        (r"asset()", assets.every),
        (r"asset/tag()", assets.tags),
        (r"asset/(\d+)", assets.one),
    )
)


def handle(request: Request, center: Center) -> Reply:
    """Answer one request under `/rest`, and remember it."""
    call = (request.method, request.path)
    if request.method not in {"GET", "HEAD", "OPTIONS"} and call not in {ANALYSIS, SEARCH}:
        center.count_write()
    center.pause(center.faults.delay())
    if other := center.faults.anywhere():
        center.log(request, _summary(request), other.status)
        return other
    try:
        admit(request.headers, request.path, center.keys, center.faults)
        center.pause(center.latency)
        reply = _answer(request, center)
    except Refusal as refusal:
        reply = refused(refusal, center.now)
    center.log(request, _summary(request), reply.status)
    return reply


def _answer(request: Request, center: Center) -> Reply:
    match (request.method, request.path):
        case ("GET", _):
            return success(_got(request, center), center.now)
        case call if call == ANALYSIS:
            return _analysed(request, center)
        case call if call == SEARCH:
            return success(inventory.search(request, center), center.now)
        case _:
            text = "You do not have permission to perform this action.\n"
            raise Refusal(text, code=143)


def _analysed(request: Request, center: Center) -> Reply:
    if other := center.faults.instead():
        return other
    query = analysis.read(request.body)
    return center.faults.reply(analysis.answer(query, center))


def _got(request: Request, center: Center) -> Any:
    for pattern, route in GETS:
        if match := pattern.fullmatch(request.path.rstrip("/")):
            return _routed(route, request, center, match[1])
    raise Refusal(f"The endpoint '{request.path}' does not exist.\n", code=147)


def _routed(
    route: Callable[[Request, Center, str], Any], request: Request, center: Center, key: str
) -> Any:
    try:
        return route(request, center, key)
    except ValueError as error:
        raise Refusal(f"Invalid parameters specified: {error}.\n", code=146) from error


def _summary(request: Request) -> str:
    if (request.method, request.path) != ANALYSIS:
        return "&".join(f"{name}={value}" for name, value in request.query.items())
    try:
        return analysis.read(request.body).summary()
    except Refusal:
        return "unreadable"

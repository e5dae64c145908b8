"""Routes about the console itself: system, status, people, plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline.emulator import people
from plumbline.emulator.plugins import details
from plumbline.emulator.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.emulator.center import Center, Request
    from plumbline.emulator.plugins import Plugin

_ZONES = ("Africa/Abidjan", 0), ("America/New_York", -5), ("Europe/Berlin", 1), ("UTC", 0)
_REPORTS = ("PDF", "pdf"), ("CSV", "csv"), ("RTF", "rtf")


def picked(
    whole: dict[str, Any], asked: list[str], brief: Iterable[str], always: Iterable[str] = ("id",)
) -> dict[str, Any]:
    """The members asked for, or the brief ones; what always comes, comes first."""
    wanted = {*always, *(asked or brief)}
    return {name: value for name, value in whole.items() if name in wanted}


def missing(kind: str, number: str) -> Refusal:
    """The refusal for an object that does not exist: 403, never 404."""
    return Refusal(f"Unable to find existing {kind} #{number}.\n", code=147)


def system(_request: Request, center: Center, _key: str) -> dict[str, Any]:
    """`/system`, which anyone may read."""
    return {
        "reportTypes": [
            {"name": name, "type": kind, "enabled": "true", "attributeSets": []}
            for name, kind in _REPORTS
        ],
        "version": center.version("system"),
        "buildID": "202506170001",
        "banner": "",
        "releaseID": "202506170001",
        "uuid": "6d32dff0-2e6e-5fef-982f-80b05a31fcad",
        "logo": "assets/mariana/images/sc4icon.png",
        "serverAuth": "any",
        "serverClassification": "None",
        "sessionTimeout": "3600",
        "licenseStatus": "Valid",
        "mode": "SC",
        "ACAS": "false",
        "freshInstall": "no",
        "headerText": "",
        "loginNotifications": "false",
        "PasswordComplexity": "false",
        "telemetryEnabled": "false",
        "timezones": [{"name": name, "gmtOffset": offset} for name, offset in _ZONES],
    }


def status(_request: Request, center: Center, _key: str) -> dict[str, Any]:
    """`/status`: license, feeds and jobs; `activeIPs` counts the addresses with findings."""
    view = center.estate.view
    alive = center.memberships(view).alive()
    addresses = {
        host.ip for host, is_alive in zip(view.stock.hosts.items, alive, strict=True) if is_alive
    }
    updated = {"updateTime": str(view.fed or center.now - 40_000), "stale": "false"}
    return {
        "jobd": "Running",
        "licenseStatus": "Valid",
        "PluginSubscriptionStatus": "Valid",
        "LCEPluginSubscriptionStatus": "Expired",
        "PassivePluginSubscriptionStatus": None,
        "pluginUpdates": {
            "active": {**updated, "pluginCurrentSet": "202510150336"},
            "passive": {**updated, "pluginCurrentSet": "202510141200"},
            "lce": {**updated, "pluginCurrentSet": ""},
        },
        "feedUpdates": updated,
        "activeIPs": str(len(addresses)),
        "licensedIPs": "102400",
        "noLCEs": "true",
        "noReps": str(not center.repositories(view)).lower(),
        "migrationStatus": None,
        "lastDbBackupStatus": "0",
    }


def current_user(request: Request, center: Center, _key: str) -> dict[str, Any]:
    """`/currentUser`: six members, and those asked for."""
    return picked(people.user(center), request.fields, people.BRIEF, ("id", "uuid"))


def current_organization(request: Request, center: Center, _key: str) -> dict[str, Any]:
    """`/currentOrganization`, for users who have one."""
    if center.by_administrator:
        raise Refusal("Administrators belong to no organization.\n", code=143)
    whole = people.organization(center) | {
        "zoneSelection": "auto_only",
        "zones": [],
        "ipInfoLinks": [],
    }
    return picked(whole, request.fields, ("name", "description", "zoneSelection", "zones"))


def organizations(request: Request, center: Center, _key: str) -> list[dict[str, Any]]:
    """`/organization`, for Administrators."""
    if not center.by_administrator:
        raise Refusal("You do not have permission to view Organizations.\n", code=143)
    whole = {"id": "1", "name": "Example Corporation", "description": "", "vulnScoreLow": "1"}
    whole |= {"vulnScoreMedium": "3", "vulnScoreHigh": "10", "vulnScoreCritical": "40"}
    return [picked(whole, request.fields, whole)]


def roles(request: Request, _center: Center, _key: str) -> list[dict[str, Any]]:
    """`/role`."""
    return [picked(role, request.fields, ("name", "description")) for role in people.roles()]


def role(request: Request, _center: Center, key: str) -> dict[str, Any]:
    """`/role/{id}`."""
    found = next((role for role in people.roles() if role["id"] == key), None)
    if found is None:
        raise missing("Role", key)
    whole = found | {"permViewOrgLogs": "true", "permScan": "none", "permShareObjects": "false"}
    return picked(whole, request.fields, whole)


def groups(request: Request, center: Center, _key: str) -> list[dict[str, Any]]:
    """`/group`."""
    group = people.group(center.estate.view.sight)
    return [picked(group, request.fields, ("name", "description"))]


def users(request: Request, center: Center, _key: str) -> list[dict[str, Any]]:
    """`/user`: the one user there is."""
    return [picked(people.user(center), request.fields, people.BRIEF)]


def user(request: Request, center: Center, key: str) -> dict[str, Any]:
    """`/user/{id}`."""
    whole = people.user(center)
    if whole["id"] != key:
        raise missing("User", key)
    return picked(whole, request.fields, whole)


def _plugin(one: Plugin) -> dict[str, Any]:
    texts = details(one)
    return {
        "id": str(one.id),
        "name": one.name,
        "description": one.description,
        "family": one.family.wire(),
        "type": one.family.kind,
        "riskFactor": one.risk_factor,
        "vprScore": one.vpr_score,
        "vprContext": one.vpr_context,
        **{name: texts[name] for name in texts if name not in {"description", "riskFactor"}},
    }


def plugins(request: Request, center: Center, _key: str) -> list[dict[str, Any]]:
    """`/plugin`, a page between two offsets: a bare list."""
    start = int(request.query.get("startOffset", 0))
    end = int(request.query.get("endOffset", start + 50))
    page = center.estate.view.stock.plugins.items[start:end]
    return [picked(_plugin(one), request.fields, ("name", "description")) for one in page]


def plugin(request: Request, center: Center, key: str) -> dict[str, Any]:
    """`/plugin/{id}`."""
    items = center.estate.view.stock.plugins.items
    found = next((one for one in items if str(one.id) == key), None)
    if found is None:
        raise missing("Plugin", key)
    whole = _plugin(found)
    return picked(whole, request.fields, whole)


def families(request: Request, center: Center, _key: str) -> list[dict[str, Any]]:
    """`/pluginFamily`."""
    known = {one.family.id: one.family for one in center.estate.view.stock.plugins.items}
    rows = [{"id": str(f.id), "name": f.name, "type": f.kind} for _, f in sorted(known.items())]
    return [picked(row, request.fields, ("name",)) for row in rows]


def scan_results(request: Request, center: Center, _key: str) -> dict[str, Any]:
    """`/scanResult`: the last import of each repository."""
    view = center.estate.view
    rows = [
        {
            "id": str(repository.id),
            "name": f"Scan of {repository.name}",
            "description": "",
            "status": "Completed",
            "importStatus": "Finished",
            "finishTime": str(view.updated[repository.id]),
            "importFinish": str(view.updated[repository.id]),
        }
        for repository in center.repositories(view)
    ]
    brief = ("name", "description", "status")
    usable = [picked(row, request.fields, brief) for row in rows]
    return {"usable": usable, "manageable": []}


def nothing(_request: Request, _center: Center, _key: str) -> list[dict[str, Any]]:
    """Objects that this console has none of."""
    return []

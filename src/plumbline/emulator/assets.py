"""Routes about asset lists: `/asset` in its shapes, and `/asset/{id}`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from plumbline.emulator.about import missing, picked
from plumbline.emulator.faults.standing import UnpreparedLists
from plumbline.emulator.lists import ALL_RANGES, WATCHLISTS, viewable
from plumbline.emulator.people import FULL_ACCESS, NOBODY, OWNER, USER_UUID

if TYPE_CHECKING:
    from plumbline.emulator.center import Center, Request
    from plumbline.emulator.estate import View
    from plumbline.emulator.hosts import Host
    from plumbline.emulator.lists import AssetList

BRIEF = ("name", "description", "type", "status")
ALWAYS = ("id", "uuid")
COSTLY = frozenset({"viewableIPs", "repositories", "ipCount"})
"""Members that need the hosts of a list to be worked out."""


def every(request: Request, center: Center, _key: str) -> dict[str, Any]:
    """`/asset`: usable and manageable for a user, `assets` for an Administrator."""
    wishes = {wish.strip() for wish in request.query.get("filter", "").split(",")} - {""}
    view = center.estate.view
    lists = [one for one in view.lists if _kept(one, wishes)]
    asked = request.fields or list(BRIEF)
    rows = [picked(_list(one, center, view, asked), asked, BRIEF, ALWAYS) for one in lists]
    if center.by_administrator:
        return {"assets": [row for row in rows if row["id"] != str(ALL_RANGES)]}
    shapes = {
        "usable": rows,
        "manageable": [row for row in rows if row["id"] != str(ALL_RANGES)],
    }
    wanted = wishes & shapes.keys() or shapes.keys()
    return {name: shape for name, shape in shapes.items() if name in wanted}


def _kept(one: AssetList, wishes: set[str]) -> bool:
    if "excludeAllDefined" in wishes and one.id == ALL_RANGES:
        return False
    return not ("excludeWatchlists" in wishes and one.kind in WATCHLISTS)


def one(request: Request, center: Center, key: str) -> dict[str, Any]:
    """`/asset/{id}`; `viewableIPs` only when asked for."""
    view = center.estate.view
    found = next((one for one in view.lists if str(one.id) == key), None)
    if found is None:
        raise missing("Asset", key)
    whole = _list(found, center, view, request.fields or ["ipCount", "repositories"])
    return picked(whole, request.fields, set(whole) - {"viewableIPs"}, ALWAYS)


def tags(_request: Request, center: Center, _key: str) -> list[str]:
    """`/asset/tag`."""
    return sorted({one.tags for one in center.estate.view.lists if one.tags})


def _list(one: AssetList, center: Center, view: View, asked: list[str]) -> dict[str, Any]:
    owner = OWNER | {"uuid": USER_UUID}
    return {
        "id": str(one.id),
        "uuid": str(UUID(bytes=hashlib.blake2b(b"%d" % one.id, digest_size=16).digest())),
        "name": one.name,
        "type": one.kind,
        "description": one.description,
        "tags": one.tags,
        "context": "",
        "status": "0",
        "createdTime": str(one.created),
        "modifiedTime": str(one.modified),
        "ioSyncStatus": "Not Synced",
        "ioFirstSyncTime": "-1",
        "ioLastSyncSuccess": "-1",
        "ioLastSyncFailure": "-1",
        "ioSyncErrorDetails": None,
        "typeFields": one.fields,
        **(_counted(one, center, view) if COSTLY & set(asked) else {}),
        "groups": [],
        "assetDataFields": [],
        "canUse": "true",
        "canManage": str(one.id != ALL_RANGES).lower(),
        "creator": owner,
        "owner": owner,
        "ownerGroup": FULL_ACCESS,
        "targetGroup": NOBODY,
        "template": NOBODY,
    }


def _counted(one: AssetList, center: Center, view: View) -> dict[str, Any]:
    fault = center.faults.find(UnpreparedLists)
    prepared = one.prepared and not (fault and (not fault.ids or one.id in fault.ids))
    hosts = _hosts(one, center, view) if prepared else []
    seen = viewable(one, hosts, center.repositories(view), prepared=prepared)
    return {
        "repositories": [
            {"ipCount": entry["ipCount"], "repository": entry["repository"]} for entry in seen
        ],
        "ipCount": len({host.ip for host in hosts}) if prepared else -1,
        "viewableIPs": seen,
    }


def _hosts(one: AssetList, center: Center, view: View) -> list[Host]:
    """The members that have findings and are in a repository the user may see."""
    memberships = center.memberships(view)
    shown = memberships.alive() & memberships.visible()
    inside = np.flatnonzero(memberships.of(one.id) & shown)
    visible = {repository.id for repository in center.repositories(view)}
    hosts = (view.stock.hosts.items[place] for place in inside.tolist())
    return [host for host in hosts if host.repository.id in visible]

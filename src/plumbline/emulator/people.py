"""The people of the emulated console: one user with its role, group and organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline.emulator.faults.standing import AccountLocked

if TYPE_CHECKING:
    from plumbline.emulator.center import Center
    from plumbline.emulator.sight import Sight

ROLES: tuple[tuple[str, str], ...] = (
    ("1", "Administrator"),
    ("2", "Security Manager"),
    ("3", "Security Analyst"),
    ("4", "Vulnerability Analyst"),
    ("5", "Executive"),
    ("6", "Credential Manager"),
    ("7", "Auditor"),
)
FULL_ACCESS = {"id": "0", "name": "Full Access", "description": "Full Access group"}
NOBODY = {"id": -1, "name": "", "description": ""}
OWNER = {"id": "2", "username": "plumbline", "firstname": "Read", "lastname": "Only"}
USER_UUID = "7b1d6f0e-4f4e-4c0a-9a8e-3a2d5c6b7e01"
BRIEF = ("id", "uuid", "username", "firstname", "lastname", "status")
"""What `/currentUser` gives when no fields are asked for."""


def roles() -> list[dict[str, str]]:
    """All roles."""
    return [
        {"id": number, "name": name, "description": f"The {name} role."} for number, name in ROLES
    ]


def user(center: Center) -> dict[str, Any]:
    """The user whose keys these are, whole."""
    administrator = center.by_administrator
    locked = center.faults.find(AccountLocked) is not None
    sight = center.estate.view.sight
    role = roles()[0 if administrator else sight.role - 1]
    return {
        **OWNER,
        "id": "1" if administrator else "2",
        "uuid": USER_UUID,
        "status": "0",
        "title": "",
        "email": "reader@corp.example",
        **dict.fromkeys(("address", "city", "state", "country", "phone", "fax"), ""),
        "createdTime": "1600000000",
        "modifiedTime": "1700000000",
        "lastLogin": "1750000000",
        "lastLoginIP": "127.0.0.1",
        "mustChangePassword": "false",
        "passwordExpires": "false",
        "passwordExpiration": "-1",
        "locked": str(locked).lower(),
        "failedLogins": "5" if locked else "0",
        "authType": "tns",
        "fingerprint": None,
        "password": "SET",
        "ldapUsername": "",
        "managedUsersGroups": [],
        "managedObjectsGroups": [],
        "preferences": [{"name": "timezone", "value": "UTC", "tag": "system"}],
        "canUse": True,
        "canManage": False,
        "role": role,
        "group": NOBODY if administrator else group(sight),
        "responsibleAsset": _responsible(center),
        "ldap": NOBODY,
        "linkedUserRole": "false",
        "organization": organization(center),
        "orgName": organization(center)["name"],
    }


def group(sight: Sight) -> dict[str, Any]:
    """The user's group."""
    if sight.group == 0 and sight.group_name == FULL_ACCESS["name"]:
        return FULL_ACCESS
    return {"id": str(sight.group), "name": sight.group_name, "description": ""}


def _responsible(center: Center) -> dict[str, Any]:
    view = center.estate.view
    for one in view.lists:
        if one.id == view.sight.responsible and not center.by_administrator:
            return {"id": str(one.id), "name": one.name, "description": one.description}
    return NOBODY


def organization(center: Center) -> dict[str, Any]:
    """The user's organisation; an Administrator's has the number 0 for an id."""
    if center.by_administrator:
        return {"id": 0, "name": "Tenable.sc Administration", "description": ""}
    return {"id": "1", "name": "Example Corporation", "description": "Emulated organization"}

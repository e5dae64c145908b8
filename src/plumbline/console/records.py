"""What a console tells about itself, its users, repositories and asset lists, typed once.

Each is read from the untyped answer; fields nobody asked for stay in `extra`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from plumbline.console.fault import BrokenError
from plumbline.console.scalar import flag, identity, integer, moment, text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The console itself (`GET /rest/system`); answers without keys on most versions."""

    version: str
    build: str
    uuid: str
    license_status: str

    @classmethod
    def read(cls, raw: dict[str, Any]) -> System:
        """Read an answer."""
        return cls(
            version=text(raw.get("version")),
            build=text(raw.get("buildID")),
            uuid=text(raw.get("uuid")),
            license_status=text(raw.get("licenseStatus")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Something the console names by number: a role, a group, an organisation."""

    id: int | None
    name: str

    @classmethod
    def read(cls, raw: Any) -> Named:
        """Read `{"id", "name"}`; anything else is nobody."""
        fields = _object(raw)
        return cls(id=identity(fields.get("id")), name=text(fields.get("name")))


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Whose keys these are (`GET /rest/currentUser`)."""

    id: int | None
    username: str
    role: Named
    group: Named
    organization: Named
    locked: bool
    must_change_password: bool
    password_expires: datetime | None
    """When the password ends; None when it never does or the console does not say."""
    auth_type: str
    last_login: datetime | None
    responsible_asset: Named
    """The asset list whose hosts the user answers for."""

    @property
    def is_administrator(self) -> bool:
        """Whether the user stands outside all organisations and so sees no findings."""
        return self.organization.id == 0 or self.role.id == _ADMINISTRATOR

    @classmethod
    def read(cls, raw: dict[str, Any]) -> User:
        """Read an answer."""
        expires = flag(raw.get("passwordExpires"))
        return cls(
            id=identity(raw.get("id")),
            username=text(raw.get("username")),
            role=Named.read(raw.get("role")),
            group=Named.read(raw.get("group")),
            organization=Named.read(raw.get("organization")),
            locked=bool(flag(raw.get("locked"))),
            must_change_password=bool(flag(raw.get("mustChangePassword"))),
            password_expires=None if expires is False else moment(raw.get("passwordExpiration")),
            auth_type=text(raw.get("authType")),
            last_login=moment(raw.get("lastLogin")),
            responsible_asset=Named.read(raw.get("responsibleAsset")),
        )


_ADMINISTRATOR = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One store of findings (`GET /rest/repository`)."""

    id: int
    uuid: str
    name: str
    description: str
    type: str
    """Local, Remote or Offline."""
    data_format: str
    """IPv4, IPv6, agent, mobile or universal."""
    last_update: datetime | None
    """When its findings last changed; the cheap answer to "did anything change?"."""
    tells_update: bool
    """Whether the answer had the field of `last_update` at all."""
    findings: int | None
    """The console's own count, as fresh as its last nightly job."""
    extra: dict[str, Any] = field(default_factory=dict)
    """All other fields as they came, `typeFields` (life times, ranges) among them."""

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Repository:
        """Read one object.

        Raises:
            BrokenError: it has no id.
        """
        fields = _object(raw.get("typeFields"))
        updated = raw.get("lastVulnUpdate", fields.get("lastVulnUpdate"))
        return cls(
            id=_required(raw, "repository"),
            uuid=text(raw.get("uuid")),
            name=text(raw.get("name")),
            description=text(raw.get("description")),
            type=text(raw.get("type")),
            data_format=text(raw.get("dataFormat")),
            last_update=moment(updated),
            tells_update=updated is not None,
            findings=integer(raw.get("vulnCount", fields.get("vulnCount"))),
            extra=_rest(raw, _REPOSITORY),
        )


_REPOSITORY = frozenset(
    {"id", "uuid", "name", "description", "type", "dataFormat", "lastVulnUpdate", "vulnCount"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewable:
    """The addresses of an asset list inside one repository, unparsed."""

    repository_id: int | None
    lines: str
    """As the console wrote them: `IP`, `IP|name`, ranges; separated by line breaks or commas."""
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetList:
    """A named set of hosts; what the console calls an asset (`GET /rest/asset`)."""

    id: int
    uuid: str
    name: str
    description: str
    type: str
    tags: str
    status: str
    owner: str
    groups: tuple[str, ...]
    repositories: tuple[int, ...]
    addresses: int | None
    """How many addresses it has; None while the console still counts (`ipCount` -1)."""
    created: datetime | None
    modified: datetime | None
    definition: str | None
    """`typeFields` as JSON text; None when the answer had none."""
    viewable: tuple[Viewable, ...] | None = None
    """Its addresses for each repository; None when they were not asked for."""
    usable: bool = False
    manageable: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(
        cls, raw: dict[str, Any], *, usable: bool = False, manageable: bool = False
    ) -> AssetList:
        """Read one object.

        Raises:
            BrokenError: it has no id.
        """
        fields, shown = raw.get("typeFields"), raw.get("viewableIPs")
        return cls(
            id=_required(raw, "asset list"),
            uuid=text(raw.get("uuid")),
            name=text(raw.get("name")),
            description=text(raw.get("description")),
            type=text(raw.get("type")),
            tags=text(raw.get("tags")),
            status=text(raw.get("status")),
            owner=text(_object(raw.get("owner")).get("username")),
            groups=tuple(text(one.get("name")) for one in _objects(raw.get("groups"))),
            repositories=_repository_ids(raw.get("repositories")),
            addresses=integer(raw.get("ipCount")),
            created=moment(raw.get("createdTime")),
            modified=moment(raw.get("modifiedTime")),
            definition=None if fields is None else msgspec.json.encode(fields).decode(),
            viewable=None if shown is None else tuple(map(_viewable, _objects(shown))),
            usable=usable,
            manageable=manageable,
            extra=_rest(raw, _ASSET_LIST),
        )


_ASSET_LIST = frozenset(
    {"id", "uuid", "name", "description", "type", "tags", "status", "owner", "groups"}
    | {"repositories", "ipCount", "createdTime", "modifiedTime", "typeFields", "viewableIPs"}
)


def read_asset_lists(response: Any) -> list[AssetList]:
    """Merge the three shapes of answer by id, in the order of their ids.

    An organisation's user gets `{"usable", "manageable"}`, an administrator `{"assets"}`, and
    some consoles answer with a bare list.

    Raises:
        BrokenError: none of the three, or an entry without id.
    """
    if isinstance(response, list):
        response = {"assets": response}
    if not isinstance(response, dict) or not response.keys() & {"usable", "manageable", "assets"}:
        raise BrokenError("The answer holds no asset lists.")
    merged: dict[int, dict[str, Any]] = {}
    seen: dict[str, set[int]] = {}
    for part in ("assets", "manageable", "usable"):
        found = {_required(one, "asset list"): one for one in _objects(response.get(part))}
        seen[part] = set(found)
        for number, one in found.items():
            merged[number] = merged.get(number, {}) | one
    return [
        AssetList.read(
            merged[number], usable=number in seen["usable"], manageable=number in seen["manageable"]
        )
        for number in sorted(merged)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the console is doing (`GET /rest/status`); names compared without regard to case."""

    jobs: str
    """State of the job daemon."""
    license_status: str
    active_addresses: int | None
    licensed_addresses: int | None
    plugins_updated: datetime | None
    """When the active plugins were last brought up to date."""
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, raw: dict[str, Any]) -> Status:
        """Read an answer."""
        low = {name.lower(): value for name, value in raw.items()}
        active = _object(_object(low.get("pluginupdates")).get("active"))
        return cls(
            jobs=text(low.get("jobd")),
            license_status=text(low.get("licensestatus")),
            active_addresses=integer(low.get("activeips")),
            licensed_addresses=integer(low.get("licensedips")),
            plugins_updated=moment(active.get("updateTime")),
            extra=raw,
        )


def _viewable(raw: dict[str, Any]) -> Viewable:
    return Viewable(
        repository_id=identity(_object(raw.get("repository")).get("id")),
        lines=text(raw.get("ipList")),
        count=integer(raw.get("ipCount")),
    )


def _repository_ids(raw: Any) -> tuple[int, ...]:
    """Ids of `[{"repository": {"id"}}]` and of the flat `[{"id"}]`."""
    found = (identity(_object(one.get("repository", one)).get("id")) for one in _objects(raw))
    return tuple(one for one in found if one is not None)


def _required(raw: dict[str, Any], kind: str) -> int:
    number = identity(raw.get("id"))
    if number is None:
        raise BrokenError(f"The console named a {kind} without an id.")
    return number


def _object(raw: Any) -> dict[str, Any]:
    """The object itself; PHP writes an empty one as `[]`."""
    return raw if isinstance(raw, dict) else {}


def _objects(raw: Any) -> Iterable[dict[str, Any]]:
    return (one for one in raw if isinstance(one, dict)) if isinstance(raw, list) else ()


def _rest(raw: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name not in known}

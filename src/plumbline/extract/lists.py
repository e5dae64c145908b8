"""Asset lists of a console as rows of the lake."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import pyarrow as pa

from plumbline.domain.address import Origin
from plumbline.errors import QueryRefusedError
from plumbline.extract.definitions import (
    ListDefinition,
    ListReading,
    ViewableAddresses,
    defines_members,
    ranges_table,
    read_list,
)
from plumbline.tables import ASSET_LISTS, REPOSITORIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from plumbline.console.records import AssetList, Repository
    from plumbline.domain.oddities import Oddities


class Listing(Protocol):
    """What reading lists needs of a console."""

    def asset_list(self, number: int, *, viewable: bool = True) -> AssetList:
        """One list with its addresses in each repository."""


def with_addresses(
    console: Listing, lists: Iterable[AssetList], odd: Oddities
) -> Iterator[AssetList]:
    """The lists, those that do not name their own members with their viewable addresses.

    One small request for each such list: asked for over all lists at once, the console works
    out every list before it answers. A list that is gone meanwhile, or that the console refuses
    to work out, comes as it was listed and is counted in `odd`.
    """
    for one in lists:
        if one.viewable is not None or names_itself(one):
            yield one
            continue
        try:
            yield console.asset_list(one.id)
        except QueryRefusedError:
            odd.add(
                "addresses of an asset list not given by the console", one.name, f"list {one.id}"
            )
            yield one


def names_itself(one: AssetList) -> bool:
    """Whether the list's definition names its members: no need to ask for addresses."""
    if not one.definition:
        return False
    if not one.viewable:
        return defines_members(one.type, msgspec.json.decode(one.definition))
    reading = _reading(one)
    return reading.decided_by is Origin.DEFINITION and bool(reading.parts)


def lists_tables(console: str, lists: Sequence[AssetList]) -> tuple[pa.Table, pa.Table]:
    """The lists and their ranges."""
    readings = [_reading(one) for one in lists]
    rows = [_row(console, one, read) for one, read in zip(lists, readings, strict=True)]
    return (
        pa.Table.from_pylist(rows, schema=ASSET_LISTS.schema),
        ranges_table(console, readings),
    )


def repositories_table(console: str, repositories: Iterable[Repository]) -> pa.Table:
    """The repositories the keys see."""
    rows = [
        {
            "console": console,
            "repository_id": one.id,
            "name": one.name,
            "description": one.description or None,
            "type": one.type or None,
            "data_format": one.data_format or None,
            "last_vuln_update": one.last_update,
            "uuid": one.uuid or None,
            "visible": True,
        }
        for one in repositories
    ]
    return pa.Table.from_pylist(rows, schema=REPOSITORIES.schema)


def _reading(one: AssetList) -> ListReading:
    fields = msgspec.json.decode(one.definition) if one.definition else None
    viewable = tuple(
        ViewableAddresses(repository_id=seen.repository_id, text=seen.lines)
        for seen in one.viewable or ()
        if seen.repository_id is not None
    )
    return read_list(
        ListDefinition(list_id=one.id, type=one.type, type_fields=fields, viewable=viewable)
    )


def _row(console: str, one: AssetList, reading: ListReading) -> dict[str, Any]:
    return {
        "console": console,
        "list_id": one.id,
        "name": one.name,
        "type": one.type,
        "description": one.description or None,
        "tags": one.tags or None,
        "owner": one.owner or None,
        "owner_group": _owner_group(one),
        "status": one.status or None,
        "created": one.created,
        "modified": one.modified,
        "ip_count": one.addresses,
        "prepared": one.addresses is not None,
        "decided_by": reading.decided_by.value,
        "definition": reading.definition or None,
        "unparsed": list(reading.unparsed),
        "extra": json.dumps(one.extra, sort_keys=True) if one.extra else None,
    }


def _owner_group(one: AssetList) -> str | None:
    group = one.extra.get("ownerGroup")
    name = group.get("name") if isinstance(group, dict) else None
    return str(name) if name else None

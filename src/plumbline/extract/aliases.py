"""Hosts as each repository names them."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plumbline.console.rows import HOST_FIELDS
from plumbline.extract.sheet import STAGED, Sheet, identifier, written
from plumbline.extract.values import ABSENT
from plumbline.tables import ALIASES, Kind
from plumbline.terms.identity import HostFields, Identities

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = tuple(
    (c.name, c.source)
    for c in ALIASES.columns
    if c.source in HOST_FIELDS and c.name not in {"ips", "host_uniqueness"}
)
_told = attrgetter(*HOST_FIELDS)


class PageAliases:
    """The hosts of one page: each way a host is told once, and which row tells which."""

    def __init__(self, rows: Sequence[Any], identities: Identities, home: int) -> None:
        self._home = home
        self._firsts: list[Any] = []
        self._keys: list[str] = []
        self._of_row: list[int] = []
        self.nameless = 0
        """Rows that say nothing about their host."""
        ways: dict[Any, int] = {}
        for row in rows:
            way = (self.repository(row), _told(row))
            place = ways.get(way)
            if place is None:
                place = ways[way] = len(self._firsts)
                self._firsts.append(row)
                self._keys.append(self._key(row, identities))
            self._of_row.append(place)

    def repository(self, row: Any) -> Any:
        """The row's repository; the one that was asked for, where the row does not say."""
        told = identifier(row.repository)
        return self._home if told is None or told == "" else told

    def _key(self, row: Any, identities: Identities) -> str:
        host = HostFields(
            written(self.repository(row)),
            written(row.ip),
            written(row.dnsName),
            written(row.macAddress),
            written(row.netbiosName),
            written(row.uuid),
            written(row.hostUUID),
        )
        if not any(host[1:]):
            self.nameless += 1
        return identities.alias(written(row.hostUniqueness) or written(row.uniqueness), host)

    @property
    def of_rows(self) -> list[str]:
        """Each row's alias key."""
        keys = self._keys
        return [keys[place] for place in self._of_row]

    def table(self, console: str, findings: pa.Table) -> pa.Table:
        """The aliases, with when the page's findings saw them."""
        firsts = self._firsts
        sheet = Sheet(console, firsts)
        sheet.put("alias", pa.array(self._keys, pa.string()))
        sheet.put("ips", pa.array([_comma_list(row.ips) for row in firsts], Kind.TEXTS.arrow))
        uniqueness = [row.hostUniqueness or row.uniqueness for row in firsts]
        sheet.read("host_uniqueness", uniqueness, "hostUniqueness")
        sheet.read("repository_id", [self.repository(row) for row in firsts], "repository.id")
        sheet.read_all(_COLUMNS, firsts)
        sheet.put("credentialed", pa.nulls(len(firsts), pa.bool_()))
        self._put_seen(sheet, findings)
        return sheet.table(STAGED["aliases"])

    def _put_seen(self, sheet: Sheet, findings: pa.Table) -> None:
        times = pa.table(
            {
                "way": pa.array(self._of_row, pa.int64()),
                "first": findings["first_seen"],
                "last": findings["last_seen"],
            }
        )
        spans = times.group_by("way").aggregate([("first", "min"), ("last", "max")])
        spans = spans.sort_by("way")
        sheet.put("first_seen", spans["first_min"].combine_chunks())
        sheet.put("last_seen", spans["last_max"].combine_chunks())


def _comma_list(value: Any) -> list[str] | None:
    if value in ABSENT:
        return None
    return [part.strip() for part in written(value).split(",") if part.strip()]

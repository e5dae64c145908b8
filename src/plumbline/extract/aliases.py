"""Hosts as each repository names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from plumbline.console.rows import HOST_FIELDS
from plumbline.domain.identity import HostFields
from plumbline.extract.sheet import STAGED, Sheet
from plumbline.extract.told import Told, addresses_of, written
from plumbline.tables import ALIASES, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from plumbline.domain.identity import Identities

T = TypeVar("T")

_PLAIN = tuple(
    (c.name, c.source)
    for c in ALIASES.columns
    if c.source in HOST_FIELDS and c.name not in {"ips", "host_uniqueness"}
)
_COLUMNS = (*_PLAIN, ("credentialed", "credentialed"))
_WITH_FINDINGS = frozenset({"ip"})
"""Columns of findings, too, and counted there."""


class PageAliases:
    """The hosts of one page: each way a host is told once, and which row tells which."""

    def __init__(self, told: Told, identities: Identities) -> None:
        self._told = told
        self._firsts: list[int] = []
        """The row that tells each way first."""
        self._of_row: list[int] = []
        self.nameless = 0
        """Hosts of which nothing is said."""
        self._find_ways()
        self._keys = [self._key(place, identities) for place in self._firsts]

    def _find_ways(self) -> None:
        ways: dict[Any, int] = {}
        known, of_row, firsts = ways.get, self._of_row.append, self._firsts
        told = zip(self._told.repository, self._told.tuples(HOST_FIELDS), strict=True)
        for place, way in enumerate(told):
            number = known(way)
            if number is None:
                number = ways[way] = len(firsts)
                firsts.append(place)
            of_row(number)

    def _key(self, place: int, identities: Identities) -> str:
        told = self._told
        host = HostFields(
            written(told.repository[place]),
            written(told["ip"][place]),
            written(told["dnsName"][place]),
            written(told["macAddress"][place]),
            written(told["netbiosName"][place]),
            written(told["uuid"][place]),
            written(told["hostUUID"][place]),
        )
        if not any(host[1:]):
            self.nameless += 1
        return identities.alias(self._uniqueness(place), host)

    def _uniqueness(self, place: int) -> str:
        told = self._told
        return written(told["hostUniqueness"][place]) or written(told["uniqueness"][place])

    @property
    def of_rows(self) -> list[str]:
        """Each row's alias key."""
        return self.of_each_row(self._keys)

    def sheet(self, console: str, latest: int, place: Callable[[int], str]) -> Sheet:
        """The aliases, but for when they were seen."""
        told, firsts = self._told, self._firsts
        sheet = Sheet(console, firsts, latest, lambda alias: place(firsts[alias]))
        sheet.put("alias", pa.array(self._keys, pa.string()))
        ips = [addresses_of(told["ips"][place]) for place in firsts]
        sheet.put("ips", pa.array(ips, Kind.TEXTS.arrow))
        sheet.read("host_uniqueness", list(map(self._uniqueness, firsts)), "hostUniqueness")
        repositories = [told.repository[place] for place in firsts]
        sheet.read("repository_id", repositories, "repository.id")
        for name, wire in _COLUMNS:
            values = [told[wire][place] for place in firsts]
            sheet.read(name, values, wire, counted=name not in _WITH_FINDINGS)
        return sheet

    def of_each_row(self, values: Sequence[T]) -> list[T]:
        """What is told of each alias, for each row of the page."""
        return [values[number] for number in self._of_row] if values else []

    def table(self, sheet: Sheet, findings: pa.Table) -> pa.Table:
        """The aliases, with when the page's findings saw them."""
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
        return sheet.table(STAGED["aliases"])

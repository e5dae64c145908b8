"""What is asked of the console's findings, and how that is written on the wire.

Facts: https://docs.tenable.com/security-center/api/Analysis.htm; the recommended calls in
https://docs.tenable.com/security-center/api_best_practices/Content/RetrieveVulnerabilityDataForSpecificTimeRange.htm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from plumbline.domain.connection import PluginType, Scope, WasMode
from plumbline.domain.finding import Source
from plumbline.domain.ranges import overlap, read_range
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.domain.severity import Severity


class Tool(StrEnum):
    """The analysis tools in use: what one row of the answer stands for."""

    VULNDETAILS = "vulndetails"
    LISTVULN = "listvuln"
    SUMIP = "sumip"
    SUMID = "sumid"
    SUMSEVERITY = "sumseverity"
    SUMASSET = "sumasset"
    SUMFAMILY = "sumfamily"
    SUMCVE = "sumcve"
    SUMREMEDIATION = "sumremediation"


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition; a tuple of ids stands for objects (families, asset lists)."""

    name: str
    operator: str
    value: str | tuple[int, ...]

    @property
    def body(self) -> dict[str, Any]:
        """The condition as the console wants it."""
        return {"filterName": self.name, "operator": self.operator, "value": self._value}

    @property
    def _value(self) -> Any:
        if isinstance(self.value, str):
            return self.value
        if self.operator == "~":
            return _union(self.value)
        return [{"id": str(one)} for one in self.value]

    def narrowed(self, other: Filter) -> Filter | None:
        """This condition and another of the same name at once; none when nothing meets both."""
        if self.name == _IP:
            value = _common_addresses(str(self.value), str(other.value))
            return replace(self, value=value) if value else None
        if isinstance(self.value, tuple) and isinstance(other.value, tuple):
            common = tuple(one for one in self.value if one in other.value)
            return replace(self, value=common) if common else None
        return self if self == other else None

    def __str__(self) -> str:
        """The condition in short, for the request ledger."""
        value = self.value if isinstance(self.value, str) else _commas(self.value)
        return f"{self.name}{self.operator}{value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """The order wished for. Ties have no documented order: never rely on it."""

    column: str
    descending: bool = True

    @property
    def direction(self) -> str:
        """`ASC` or `DESC`."""
        return "DESC" if self.descending else "ASC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One question to `POST /rest/analysis`; conditions are joined by AND.

    Raises:
        UsageError: two conditions of one name; the console would heed only one of them.
    """

    tool: Tool
    source: Source = Source.CUMULATIVE
    filters: tuple[Filter, ...] = ()
    was: WasMode = WasMode.EXCLUDE
    was_filter: bool = True
    """False leaves `wasVuln` out of the filters: consoles without web scanning refuse it (146)."""
    sort: Sort | None = None
    alternatives: tuple[tuple[Filter, ...], ...] = ((),)
    """Further conditions of which exactly one set holds for each row that is meant. The console
    knows no "not" for some filters: what an exclusion leaves is asked for in several questions."""

    def __post_init__(self) -> None:
        names = [one.name for one in self.filters]
        if len(set(names)) < len(names):
            raise UsageError(
                f"A query has two filters of one name: {', '.join(sorted(names))}.",
                advice="Join their values into one filter.",
                unchanged="No request was sent.",
            )

    def where(self, *filters: Filter) -> Analysis:
        """The same question with further conditions; one of the same name is replaced."""
        names = {one.name for one in filters}
        kept = tuple(one for one in self.filters if one.name not in names)
        return replace(self, filters=(*kept, *filters))

    def within(self, scope: Scope) -> Analysis:
        """The same question inside a connection's scope."""
        return replace(self.where(*scope_filters(scope)), was=scope.was)

    @property
    def questions(self) -> tuple[Analysis, ...]:
        """The questions whose answers together are meant, each for one set of alternatives."""
        return tuple(one for given in self.alternatives if (one := self._with(given)) is not None)

    def _with(self, given: tuple[Filter, ...]) -> Analysis | None:
        """The same question with further conditions; none when no row can meet them all."""
        filters = {one.name: one for one in self.filters}
        for one in given:
            both = filters[one.name].narrowed(one) if one.name in filters else one
            if both is None:
                return None
            filters[one.name] = both
        return replace(self, filters=tuple(filters.values()), alternatives=((),))

    def body(self, start: int, end: int) -> bytes:
        """The request body for the rows from `start` up to, not including, `end`.

        Old consoles read the window inside `query`, the documents put it at the root: both
        places get the same numbers.

        Raises:
            UsageError: it is not exactly one question.
        """
        if self.alternatives != ((),):
            raise UsageError(
                "Rows of several questions have no common order.",
                advice="Ask each of `questions`.",
                unchanged="No request was sent.",
            )
        window = {"startOffset": start, "endOffset": end}
        query = {
            "type": "vuln",
            "tool": self.tool.value,
            "sourceType": self.source.value,
            **window,
            "filters": [one.body for one in self._conditions],
        }
        root = {"type": "vuln", "sourceType": self.source.value, **window}
        root["wasVuln"] = self.was.value
        if self.sort:
            query |= {"sortColumn": self.sort.column, "sortDirection": self.sort.direction}
            root |= {"sortField": self.sort.column, "sortDir": self.sort.direction}
        return msgspec.json.encode({**root, "query": query})

    @property
    def _conditions(self) -> tuple[Filter, ...]:
        if not self.was_filter or any(one.name == "wasVuln" for one in self.filters):
            return self.filters
        return (*self.filters, Filter("wasVuln", "=", self.was.value))

    @property
    def summary(self) -> str:
        """The question on one line, for the request ledger."""
        parts = (self.tool.value, self.source.value, *map(str, self.filters), self.was.value)
        return " ".join(parts)


_IP = "ip"


def _common_addresses(wanted: str, allowed: str) -> str:
    """Those of the wanted addresses that are allowed; what is no address stays."""
    ranges = [one for text in allowed.split(",") if (one := read_range(text))]
    kept: list[str] = []
    for text in wanted.split(","):
        found = read_range(text)
        parts = overlap(found, ranges) if found else []
        kept += [text] if found is None or parts == [found] else map(str, parts)
    return ",".join(kept)


def repositories(*ids: int) -> Filter:
    """Only findings of these repositories."""
    return Filter("repositoryIDs", "=", _commas(ids))


def severities(*wanted: Severity) -> Filter:
    """Only findings of these effective severities."""
    return Filter("severity", "=", _commas(sorted(wanted)))


def asset_lists(*ids: int) -> Filter:
    """Only findings of hosts in any of these asset lists.

    One list is named by `assetID`; several need the `asset` filter with a union, for no
    document shows `assetID` with more than one number.
    """
    if len(ids) == 1:
        return Filter("assetID", "=", str(ids[0]))
    return Filter("asset", "~", tuple(ids))


def families(*ids: int) -> Filter:
    """Only findings of plugins in these families."""
    return Filter("family", "=", tuple(ids))


def hosts(*addresses: str) -> Filter:
    """Only findings on these addresses, ranges or CIDR blocks."""
    return Filter(_IP, "=", ",".join(addresses))


def plugin_type(kind: PluginType) -> Filter:
    """Only findings of plugins of this type; no document shows more than one word."""
    return Filter("pluginType", "=", kind.value)


def plugins(*ids: int) -> Filter:
    """Only findings of these plugins."""
    return Filter("pluginID", "=", _commas(ids))


def seen_in_days(days: int) -> Filter:
    """Seen in the last so many periods of 24 hours; the window slides during a long pull."""
    return Filter("lastSeen", "=", f"0:{days}")


def seen_between(start: int, end: int) -> Filter:
    """Seen between two moments in epoch seconds. With a hyphen: a colon would mean days."""
    return Filter("lastSeen", "=", f"{start}-{end}")


def mitigated_in_days(days: int) -> Filter:
    """Mitigated in the last so many periods of 24 hours (source `patched`)."""
    return Filter("lastMitigated", "=", f"0:{days}")


def mitigated_between(start: int, end: int) -> Filter:
    """Mitigated between two moments in epoch seconds (source `patched`)."""
    return Filter("lastMitigated", "=", f"{start}-{end}")


class Mark(StrEnum):
    """What a rule or the console's history has marked a finding with."""

    ACCEPTED = "accepted"
    RECAST = "recast"
    MITIGATED_BEFORE = "mitigated before"

    @property
    def filter(self) -> Filter:
        """Only findings that have the mark."""
        return _MARKED[self]


_MARKED = {
    Mark.ACCEPTED: Filter("acceptRiskStatus", "=", "accepted"),
    Mark.RECAST: Filter("recastRiskStatus", "=", "recast"),
    Mark.MITIGATED_BEFORE: Filter("mitigatedStatus", "=", "previously"),
}


def scope_filters(scope: Scope) -> tuple[Filter, ...]:
    """The conditions that keep a question inside what a scope includes.

    What it excludes becomes alternatives, see `plumbline.console.exclusions`; excluded families
    are left out here where others are named.
    """
    wanted: list[Filter] = []
    if scope.repositories:
        wanted.append(repositories(*scope.repositories))
    if scope.severities:
        wanted.append(severities(*scope.severities))
    if scope.asset_lists:
        wanted.append(asset_lists(*scope.asset_lists))
    if scope.families:
        left = [one for one in scope.families if one not in scope.exclude_families]
        wanted.append(families(*left))
    if scope.look_back_days is not None:
        wanted.append(seen_in_days(scope.look_back_days))
    return tuple(wanted)


def _commas(values: Iterable[int]) -> str:
    return ",".join(str(int(one)) for one in values)


def _union(ids: tuple[int, ...]) -> dict[str, Any]:
    """Nested unions of two, the only form the console has for "any of these lists"."""
    tree: dict[str, Any] = {"id": str(ids[0])}
    for one in ids[1:]:
        tree = {"operator": "union", "operand1": tree, "operand2": {"id": str(one)}}
    return tree

"""Asset lists: named sets of hosts, how they are defined, and which hosts that makes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from plumbline.emulator.addresses import Ranges, number, runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.emulator.estate import View
    from plumbline.emulator.findings import Bools
    from plumbline.emulator.hosts import Host, Repository

WATCHLISTS = frozenset({"watchlist", "watchlisteventfilter", "watchlistupload"})
ALL_RANGES: Final = 0
"""Id of the list that holds every host: “All Defined Ranges”."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetList:
    """One asset list; `fields` are its `typeFields` as the console writes them."""

    id: int
    name: str
    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    tags: str = ""
    created: int = 0
    modified: int = 0
    prepared: bool = True
    """Whether its addresses have been worked out; if not, counts are -1 and filters refused."""
    found: tuple[str, ...] = ()
    """DNS names that a directory search or an uploaded file gave."""
    style: str = "named"
    """How viewable addresses are written: `named` (`IP|dns|`), `bare` or `ranges`."""


class Memberships:
    """Which hosts are in which lists, for one view; each list is worked out once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._hosts = view.stock.hosts.items
        self._known: dict[int, Bools] = {}
        self._visible: Bools | None = None
        self._lists = {one.id: one for one in view.lists}

    def of(self, list_id: int) -> Bools:
        """A mask over the hosts, true for members; none for a list that does not exist."""
        if list_id not in self._known:
            self._known[list_id] = np.zeros(len(self._hosts), dtype=bool)
            if list_id in self._lists:
                self._known[list_id] = self._judge(self._lists[list_id])
        return self._known[list_id]

    def alive(self) -> Bools:
        """Hosts that have findings in either source."""
        seen = np.zeros(len(self._hosts), dtype=bool)
        seen[self._view.cumulative.host] = True
        seen[self._view.patched.host] = True
        return seen

    def visible(self) -> Bools:
        """Hosts that the user's group may view: of its repositories, and of its addresses."""
        if self._visible is None:
            shown = {one.id for one in self._view.repositories}
            self._visible = self._each(lambda host: host.repository.id in shown)
            if self._view.sight.ranges:
                ranges = Ranges(self._view.sight.ranges)
                self._visible &= self._each(lambda host: host.ip in ranges)
        return self._visible

    def containing(self, place: int) -> list[AssetList]:
        """The lists that hold a host."""
        return [one for one in self._view.lists if self.of(one.id)[place]]

    def _judge(self, one: AssetList) -> Bools:
        if one.id == ALL_RANGES:
            return np.ones(len(self._hosts), dtype=bool)
        if one.kind == "dynamic":
            return self._rule(one.fields["rules"])
        if one.kind == "combination":
            return self._combined(one.fields["combinations"])
        if names := one.fields.get("definedDNSNames") or ",".join(one.found):
            wanted = {name.strip().lower() for name in re.split(r"[,\n]", names)} - {""}
            return self._each(lambda host: host.dns.lower() in wanted)
        ranges = Ranges(one.fields.get("definedIPs", ""))
        return self._each(lambda host: host.ip in ranges)

    def _each(self, test: Callable[[Host], bool]) -> Bools:
        return np.fromiter((test(host) for host in self._hosts), dtype=bool, count=len(self._hosts))

    def _combined(self, node: dict[str, Any]) -> Bools:
        if "id" in node:
            return self.of(int(node["id"]))
        first = self._combined(node["operand1"])
        if node["operator"] == "complement" and "operand2" not in node:
            return ~first
        second = self._combined(node["operand2"])
        if node["operator"] == "union":
            return first | second
        return first & second if node["operator"] == "intersection" else first & ~second

    def _rule(self, node: dict[str, Any]) -> Bools:
        if node["type"] == "clause":
            return self._clause(node)
        parts = [self._rule(child) for child in node["children"]]
        joined = np.logical_and if node["operator"] == "all" else np.logical_or
        return np.asarray(joined.reduce(parts), dtype=bool)

    def _clause(self, clause: dict[str, Any]) -> Bools:
        name, operator, value = clause["filterName"], clause["operator"], clause["value"]
        if name in {"pluginid", "severity", "port", "tcpport", "udpport"}:
            return self._with_findings(name, operator, value)
        if name == "ip":
            ranges = Ranges(value)
            return self._each(lambda host: host.ip in ranges)
        read = _HOST_FIELDS.get(name)
        if read is None:
            return np.zeros(len(self._hosts), dtype=bool)
        return self._each(lambda host: _matches(operator, read(host), str(value)))

    def _with_findings(self, name: str, operator: str, value: Any) -> Bools:
        wanted = int(value["id"] if isinstance(value, dict) else value)
        rows = self._view.cumulative
        column = rows.severity if name == "severity" else rows.port
        if name == "pluginid":
            plugins = self._view.stock.plugins.items
            column = np.fromiter((p.id for p in plugins), dtype=np.int64, count=len(plugins))[
                rows.plugin
            ]
        hit = _COMPARISONS[operator](column, wanted)
        members = np.zeros(len(self._hosts), dtype=bool)
        members[rows.host[hit]] = True
        return members


_HOST_FIELDS: dict[str, Callable[[Host], str]] = {
    "dns": lambda host: host.dns,
    "os": lambda host: host.system,
    "mac": lambda host: host.mac,
    "uuid": lambda host: host.uuid,
    "netbioshost": lambda host: host.netbios.rpartition("\\")[2],
    "netbiosworkgroup": lambda host: host.netbios.partition("\\")[0],
}
_COMPARISONS: dict[str, Callable[[Any, int], Any]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
}


def _matches(operator: str, text: str, value: str) -> bool:
    if operator == "contains":
        return value.lower() in text.lower()
    if operator in {"regex", "pcre"}:
        return re.search(value, text) is not None
    return (text.lower() == value.lower()) == (operator == "eq")


def viewable(
    one: AssetList, hosts: list[Host], repositories: tuple[Repository, ...], *, prepared: bool
) -> list[dict[str, Any]]:
    """`viewableIPs` of a list with these members: an entry for each repository, empty ones too."""
    return [
        {
            "repository": {
                "id": str(repository.id),
                "name": repository.name,
                "description": repository.description,
                "type": repository.kind,
                "uuid": repository.uuid,
            },
            "ipList": _written(one.style, inside),
            "ipCount": str(len({host.ip for host in inside})) if prepared else "-1",
        }
        for repository in repositories
        for inside in [[host for host in hosts if host.repository.id == repository.id]]
    ]


def _written(style: str, hosts: list[Host]) -> str:
    named = {
        host.ip: host.dns for host in sorted(hosts, key=lambda host: number(host.ip) or (0, 0))
    }
    if style == "named":
        return "".join(f"{ip}|{dns}\n" for ip, dns in named.items())
    if style == "bare":
        return "".join(f"{ip}\n" for ip in named)
    return ",".join(_range(first, last) for first, last in runs(set(named)))


def _range(first: str, last: str) -> str:
    if first == last:
        return first
    head, _, tail = last.rpartition(".")
    short = head and head == first.rpartition(".")[0] and len(tail) < 3  # noqa: PLR2004 - both forms occur
    return f"{first}-{tail}" if short else f"{first}-{last}"

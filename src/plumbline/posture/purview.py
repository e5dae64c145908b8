"""The part of an estate that a person may see.

Every table is cut before any question sees it, so a number can only be made of rows the person may
see, whatever the question; names, values to complete and filters that find nothing alike.

Seen is what any grant names: all of a connection; of a repository its findings and the names it has
for hosts; of an asset list the list and everything about its hosts. A host that is seen in part is
told by the names that are seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture.engine import Estate
from plumbline.tables import HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ibis.expr import types as ir

    from plumbline.domain.person import Place, Purview

HOST = ["console", "host"]
PLUGIN = ["console", "plugin_id"]
REPOSITORY = ["console", "repository_id"]
LIST = ["console", "list_id"]
_INNER = {"description": "string", "last_vuln_update": "timestamp('UTC')", "uuid": "string"}
"""What is told of a repository only to who may see all of it."""
_NEWEST = ("ip", "dns_name", "netbios_name", "mac", "os", "host_uuid", "acr", "aes", "credentialed")
_SINGLE = "single"


def scoped(estate: Estate, purview: Purview) -> Estate:
    """What of an estate lies within a purview; the estate itself where nothing is kept back.

    Raises:
        StorageError: the engine could not read its files or had no room.
    """
    if purview.whole:
        return estate
    cut = _Cut(estate, purview)
    return Estate(
        tables=dict(estate.tables) | cut.tables(),
        as_of={name: at for name, at in estate.as_of.items() if name in purview.consoles},
        deadlines=estate.deadlines,
    )


class _Cut:
    """The tables of an estate, cut."""

    def __init__(self, estate: Estate, purview: Purview) -> None:
        self.purview = purview
        self.whole = estate.tables
        # Its sums are this purview's own.
        self.work = Estate(tables=estate.tables, as_of=estate.as_of)
        self.members = self.work.summed("members", lambda _: self._members())
        self.aliases = self.work.summed("aliases", lambda _: self._seen(self.whole["aliases"]))
        self.findings = self._seen(self.whole["findings"])
        self.sighted = self.aliases.select(*HOST).distinct()

    def tables(self) -> dict[str, ir.Table]:
        """Every table that tells of what somebody may not see."""
        outputs = self.findings.select("console", "output").distinct()
        return {
            "findings": self.findings,
            "events": self._seen(self.whole["events"]),
            "aliases": self.aliases,
            "hosts": self.work.summed("hosts", lambda _: self._hosts()),
            "plugins": self.work.summed("plugins", lambda _: self._plugins()),
            "outputs": self.whole["outputs"].semi_join(outputs, ["console", "output"]),
            "repositories": self.work.summed("repositories", lambda _: self._repositories()),
            "asset_lists": self._lists(),
            "ranges": self._of_lists(self.whole["ranges"]),
            "memberships": self._of_lists(self.whole["memberships"]),
            "facts": self._facts(),
        }

    def _members(self) -> ir.Table:
        """The hosts of the lists that are seen."""
        rows = self.whole["memberships"]
        return rows.filter(_at(rows, "list_id", self.purview.asset_lists)).select(*HOST).distinct()

    def _seen(self, rows: ir.Table) -> ir.Table:
        """Rows of a host in a repository: findings, events, names of hosts."""
        direct = self._of_connections(rows) | _at(rows, "repository_id", self.purview.repositories)
        if not self.purview.asset_lists:
            return rows.filter(direct)
        marks = self.members.mutate(member=ibis.literal(1))
        marked = rows.left_join(marks, HOST, rname="member__{name}")
        kept = marked.filter(direct_of(marked, self.purview) | marked.member.notnull())
        return kept.select(*rows.columns)

    def _of_connections(self, rows: ir.Table) -> ir.BooleanValue:
        return _of(rows, self.purview.connections)

    def _of_lists(self, rows: ir.Table) -> ir.Table:
        """Lists, what they name, and who is in them: of one that is seen all is."""
        lists = _at(rows, "list_id", self.purview.asset_lists)
        return rows.filter(self._of_connections(rows) | lists)

    def _lists(self) -> ir.Table:
        """Lists; how one is made of others only to who may see all of its connection."""
        rows = self._of_lists(self.whole["asset_lists"])
        ours = self._of_connections(rows)
        hidden = {name: ibis.cases((ours, rows[name])) for name in ("definition", "extra")}
        return rows.mutate(**hidden)

    def _plugins(self) -> ir.Table:
        """Those that found something that is seen; of a whole connection, all."""
        rows = self.whole["plugins"]
        found = rows.semi_join(self.findings.select(*PLUGIN).distinct(), PLUGIN)
        return found.union(rows.filter(self._of_connections(rows)), distinct=False).distinct(
            on=PLUGIN, keep="first"
        )

    def _repositories(self) -> ir.Table:
        """Granted ones, and the names of those that seen hosts are in besides."""
        rows = self.whole["repositories"]
        granted = self._of_connections(rows) | _at(rows, "repository_id", self.purview.repositories)
        others = rows.filter(~granted).semi_join(self.aliases.select(*REPOSITORY), REPOSITORY)
        bare = {name: ibis.null(kind) for name, kind in _INNER.items() if name in rows.columns}
        others = others.mutate(**bare).cast(dict(rows.schema().items()))
        return rows.filter(granted).union(others.select(*rows.columns))

    def _facts(self) -> ir.Table:
        """Counts of earlier runs: of whole connections, of repositories, of lists.

        Where lists are granted beside repositories, the counts of repositories would pass for the
        whole of what is seen, which they are not: a trend then has a gap there.
        """
        rows = self.whole["facts"]
        lists = self.purview.asset_lists
        mixed = {console for console, _ in lists}
        repositories = [place for place in self.purview.repositories if place[0] not in mixed]
        places = _at(rows, "repository_id", repositories) | _at(rows, "list_id", lists)
        return rows.filter(self._of_connections(rows) | places)

    def _hosts(self) -> ir.Table:
        """Hosts of which all is seen as they are; the others anew from what is seen of them."""
        rows = self.whole["hosts"].semi_join(self.sighted, HOST)
        told = self._told()
        marked = rows.left_join(told.select(*HOST, names="aliases"), HOST, rname="told__{name}")
        partial = marked.filter(marked.names < marked.aliases).select(*HOST)
        anew = told.semi_join(partial, HOST).cast(dict(rows.schema().items()))
        return rows.anti_join(partial, HOST).union(anew.select(*rows.columns))

    def _told(self) -> ir.Table:
        """What the names that are seen tell of their hosts, as `plumbline.align.hosts` folds it."""
        rows = self.aliases
        newest = {name: _last(rows, name) for name in _NEWEST}
        told = rows.group_by(*HOST).aggregate(
            **newest,
            agent_uuid=_last(rows, "uuid"),
            ips=rows.ips.collect().flatten().unique().sort(),
            plain=rows.ip.collect(distinct=True).sort(),
            first_seen=rows.first_seen.min(),
            last_seen=rows.last_seen.max(),
            repositories=rows.repository_id.collect(distinct=True).sort(),
            aliases=rows.count(),
            joined=rows.rule.max(),
            present=ibis.coalesce(rows.present, True).max(),
        )
        return told.mutate(
            ips=ibis.coalesce(told.ips, told.plain),
            rule=ibis.cases((told.aliases == 1, _SINGLE), else_=told.joined),
        ).select(*HOSTS.names)


def direct_of(rows: ir.Table, purview: Purview) -> ir.BooleanValue:
    """Whether rows lie in a connection or repository that is granted."""
    granted = _of(rows, purview.connections)
    return granted | _at(rows, "repository_id", purview.repositories)


def _of(rows: ir.Table, connections: Iterable[str]) -> ir.BooleanValue:
    names = sorted(connections)
    return rows.console.isin(names) if names else ibis.literal(False)  # noqa: FBT003 - likewise


def _at(rows: ir.Table, column: str, places: Iterable[Place]) -> ir.BooleanValue:
    """Whether rows lie at one of these places; what lies nowhere does not."""
    by_console: dict[str, list[int]] = {}
    for console, number in places:
        by_console.setdefault(console, []).append(number)
    tests = [
        (rows.console == console) & rows[column].isin(sorted(numbers))
        for console, numbers in by_console.items()
    ]
    found = ibis.or_(*tests) if tests else ibis.literal(False)  # noqa: FBT003 - likewise
    return found.fill_null(False)  # noqa: FBT003 - likewise


def _last(rows: ir.Table, name: str) -> ir.Value:
    """The newest word on something; nothing never beats something."""
    column = rows[name]
    order = [ibis.asc(rows.last_seen, nulls_first=True), rows["alias"]]
    return column.collect(where=column.notnull(), order_by=order)[-1]

"""Hosts that several consoles see, joined by strong identity alone.

Each console's hosts are aligned on their own when they are published. Which hosts of one console
are hosts of another is worked out from the snapshots that are looked at, so that the answer of a
given set of snapshots never changes:

================  =============================================================
``host-uuid``     equal host id
``agent-uuid``    equal id of the agent
``dns-and-ip``    an alias here and one there with equal DNS name and address
================  =============================================================

What names nothing within a console names nothing between them, and different ids keep hosts apart.
A host is joined with one host of another console at most: where a rule would bring two hosts of one
console together, or two with different ids, it joins none of those concerned, and they are told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align.groups import Groups, codes, instants, text_sets
from plumbline.align.joins import (
    RULES,
    Apart,
    Keys,
    Rule,
    addressed,
    components,
    conflicting,
    crowding,
    every_address,
    keys_of,
    parts_of,
    telling_ids,
    telling_names,
)

if TYPE_CHECKING:
    from plumbline.align.groups import Marks, Numbers

NEEDED = ("console", "host", "host_uuid", "uuid", "dns_name", "ip", "ips")
"""Columns of the `aliases` table that hosts are joined by."""
JOINED = pa.schema([(name, pa.string()) for name in ("console", "own", "host", "rule", "evidence")])
"""A host that was joined: its own key, the key it shares, and why."""
DOUBTED = pa.schema([(name, pa.string()) for name in ("console", "own", "rule", "evidence", "why")])
"""A host that a rule would have joined, and why it did not."""


class Doubt(StrEnum):
    """Why hosts that share a name or an id were not joined."""

    SEVERAL = "it fits several hosts of one console"
    IDS = "their ids differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Which hosts of several consoles are one, in the form of `JOINED` and `DOUBTED`."""

    joined: pa.Table
    doubted: pa.Table


def meet(aliases: pa.Table) -> Meeting:
    """Join the hosts of all consoles, told by their aliases; the order of rows does not matter.

    The key that joined hosts share is that of the first console by name.
    """
    rows = aliases.num_rows
    hosts, agents = telling_ids(aliases["host_uuid"]), telling_ids(aliases["uuid"])
    work = _Work(
        label=_first_rows(codes(aliases["host"])),
        apart=Apart(host=codes(hosts), agent=codes(agents), repository=codes(aliases["console"])),
    )
    names = telling_names(aliases["dns_name"])
    work.apply(Rule.HOST_UUID, keys_of(hosts))
    work.apply(Rule.AGENT_UUID, keys_of(agents))
    # As within a console: by the address each was last seen at, and by any other after that.
    work.apply(Rule.DNS_AND_IP, addressed(work.label, names, np.arange(rows), aliases["ip"]))
    owners, addresses = every_address(aliases)
    work.apply(Rule.DNS_AND_IP, addressed(work.label, names, owners, addresses))
    return Meeting(joined=work.joined(aliases), doubted=work.doubted(aliases))


@dataclass(slots=True)
class _Said:
    """What is kept of each host, by the number of its first alias."""

    rule: Numbers
    """Place in `RULES`; 0 for nothing yet."""
    evidence: Numbers
    """Place in `texts`."""
    doubt: Numbers
    """Place in `Doubt`."""
    texts: list[pa.Array] = field(default_factory=list)
    count: int = 0

    @classmethod
    def nothing(cls, rows: int) -> _Said:
        none = np.zeros(rows, np.int64)
        return cls(rule=none, evidence=none.copy(), doubt=none.copy())

    def tell(self, rule: Rule, hosts: Numbers, keys: Keys, own: Numbers) -> None:
        """Keep the first word on each host: the rule, and the least text that brought it."""
        ranks = np.empty(len(keys.texts), np.int64)
        order = pc.sort_indices(keys.texts).to_numpy()
        ranks[order] = np.arange(len(order))
        least = np.full(len(own), len(order))
        np.minimum.at(least, own[keys.owner], ranks[keys.code])
        fresh = hosts[(self.rule[hosts] == 0) & (least[hosts] < len(order))]
        self.rule[fresh] = RULES.index(rule)
        self.evidence[fresh] = order[least[fresh]] + self.count
        self.texts.append(keys.texts)
        self.count += len(keys.texts)

    def rows(self, hosts: Numbers) -> tuple[pa.Array, pa.Array]:
        """Rule and evidence of some hosts."""
        texts = pa.concat_arrays(self.texts) if self.texts else pa.array([], pa.string())
        words = pa.array([rule.value for rule in RULES])
        return words.take(pa.array(self.rule[hosts])), texts.take(pa.array(self.evidence[hosts]))


class _Work:
    """The joins as far as they have come."""

    def __init__(self, label: Numbers, apart: Apart) -> None:
        self.label = label
        self._own = label
        self._apart = apart
        self._said = _Said.nothing(len(label))
        self._doubts = _Said.nothing(len(label))

    def apply(self, rule: Rule, keys: Keys) -> None:
        """Join by one rule what it brings together without doubt."""
        keys = self._between(keys)
        if not len(keys.owner):
            return
        old, count = self.label, len(self.label)
        merged = components(old, keys.owner, keys.code)
        grown = np.flatnonzero(parts_of(old, merged, count)[merged] > 1)
        several, ids = self._doubtful(rule, old, merged, grown)
        refused = grown[several | ids]
        merged[refused] = old[refused]
        self._doubts.doubt[refused] = np.where(several[several | ids], 0, 1)
        self._doubts.tell(rule, _distinct(self._own[refused]), keys, self._own)
        joined = grown[~(several | ids)]
        self._said.tell(rule, _distinct(self._own[joined]), keys, self._own)
        self.label = merged

    def _between(self, keys: Keys) -> Keys:
        """The keys that aliases of several consoles share and that are not of one host already."""
        homes, label = self._apart.repository[keys.owner], self.label[keys.owner]
        shared = _differ(keys, homes) & _differ(keys, label)
        kept = shared[keys.code]
        number = np.cumsum(shared) - 1
        return Keys(
            owner=keys.owner[kept],
            code=number[keys.code[kept]],
            texts=keys.texts.filter(pa.array(shared)),
        )

    def _doubtful(
        self, rule: Rule, old: Numbers, merged: Numbers, grown: Numbers
    ) -> tuple[Marks, Marks]:
        """Which of the aliases `grown` would meet two hosts of a console, or other ids."""
        apart, parts, wholes = self._apart, old[grown], merged[grown]
        several = crowding(parts, wholes, apart.repository[grown], len(old))
        ids = np.zeros(len(old), np.bool_)
        if rule is not Rule.HOST_UUID:
            ids |= conflicting(parts, wholes, apart.host[grown], len(old))
        if rule is Rule.DNS_AND_IP:
            ids |= conflicting(parts, wholes, apart.agent[grown], len(old))
        return several[wholes], ids[wholes]

    def joined(self, aliases: pa.Table) -> pa.Table:
        """Every host that was joined, by console and key."""
        hosts = _distinct(self._own)
        whole = self.label[hosts]
        several = np.bincount(whole, minlength=len(self.label))[whole] > 1
        hosts, whole = hosts[several], whole[several]
        own = aliases["host"].take(pa.array(hosts))
        rule, evidence = self._said.rows(hosts)
        home = aliases["console"].take(pa.array(hosts))
        columns = [home, own, _shared_keys(home, own, whole), rule, evidence]
        return pa.table(columns, schema=JOINED).sort_by(
            [("console", "ascending"), ("own", "ascending")]
        )

    def doubted(self, aliases: pa.Table) -> pa.Table:
        """Every host that is not joined at all and that a rule would have joined."""
        hosts = _distinct(self._own)
        alone = np.bincount(self.label[hosts], minlength=len(self.label))[self.label[hosts]] == 1
        hosts = hosts[alone & (self._doubts.rule[hosts] > 0)]
        rule, evidence = self._doubts.rows(hosts)
        why = pa.array([doubt.value for doubt in Doubt]).take(pa.array(self._doubts.doubt[hosts]))
        told = [aliases[name].take(pa.array(hosts)) for name in ("console", "host")]
        table = pa.table([*told, rule, evidence, why], schema=DOUBTED)
        return table.sort_by([("console", "ascending"), ("own", "ascending")])


def fold(hosts: pa.Table, joined: pa.Table) -> pa.Table:
    """The hosts that were joined, one row each: the newest word counts, as within a console.

    `hosts` has the rows of the `hosts` table that `joined` names. The result has its columns and
    `consoles`; `console` is the one that saw the host last. `repositories` is empty, for the
    numbers of several consoles have nothing to do with each other; `rule` is that of the join.
    """
    # Keys of hosts differ from console to console, so the key alone finds its row.
    places = pc.index_in(hosts["host"], value_set=joined["own"].combine_chunks())
    rows = hosts.append_column("shared", joined["host"].take(places))
    rows = rows.append_column("join", joined["rule"].take(places))
    # In order of the consoles, so that rows as old as each other are told by the last of them.
    rows = rows.filter(rows["shared"].is_valid())
    order = pc.sort_indices(rows, [("shared", "ascending"), ("console", "ascending")])
    rows = rows.take(order)
    group = codes(rows["shared"])
    groups = Groups.of(group, instants(rows["last_seen"]))
    count = len(groups.starts)
    told = {name: groups.newest(rows[name]) for name in hosts.column_names}
    told["host"] = groups.newest(rows["shared"])
    told["first_seen"] = groups.earliest(rows["first_seen"])
    parents = pc.list_parent_indices(rows["ips"]).to_numpy()
    told["ips"] = text_sets(group[parents], pc.list_flatten(rows["ips"]).combine_chunks(), count)
    told["repositories"] = pa.array([[]] * count, hosts.schema.field("repositories").type)
    told["aliases"] = pa.array(np.bincount(group, rows["aliases"].to_numpy()).astype(np.int64))
    told["rule"] = groups.newest(rows["join"])
    homes = rows["console"].combine_chunks()
    told["consoles"] = text_sets(group, homes, count)
    if "present" in told:
        told["present"] = _any(rows["present"], group, count)
    return pa.table(told)


def _any(column: pa.ChunkedArray, group: Numbers, count: int) -> pa.Array:
    """Whether any of each group's rows says yes; what says nothing says yes."""
    yes = pc.fill_null(column, fill_value=True).to_numpy()
    return pa.array(np.bincount(group, yes, minlength=count) > 0)


def _first_rows(numbers: Numbers) -> Numbers:
    """For each row the first row that has the same number."""
    first = np.full(int(numbers.max(initial=-1)) + 1, len(numbers))
    np.minimum.at(first, numbers, np.arange(len(numbers)))
    return first[numbers]


def _distinct(rows: Numbers) -> Numbers:
    marks = np.zeros(int(rows.max(initial=-1)) + 1, np.bool_)
    marks[rows] = True
    return np.flatnonzero(marks)


def _differ(keys: Keys, values: Numbers) -> Marks:
    """By the number of the text: whether its owners have different values."""
    low = np.full(len(keys.texts), np.iinfo(np.int64).max)
    high = np.full(len(keys.texts), -1)
    np.minimum.at(low, keys.code, values)
    np.maximum.at(high, keys.code, values)
    return low < high


def _shared_keys(home: pa.ChunkedArray, own: pa.ChunkedArray, whole: Numbers) -> pa.Array:
    """For each host the key of its whole's host in the first console by name."""
    rank = pc.rank(home, sort_keys="ascending", tiebreaker="dense").to_numpy().astype(np.int64)
    order = np.lexsort((rank, whole))
    first = np.full(int(whole.max(initial=-1)) + 1, -1)
    first[whole[order][::-1]] = order[::-1]
    return own.take(pa.array(first[whole]))

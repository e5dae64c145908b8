"""Which aliases are one host: ranked rules, the strongest first.

========================  =====================================================================
``host-uuid``             equal host id of the console
``agent-uuid``            equal id of the agent
``dns-and-ip``            equal DNS name and an equal address, in different repositories
``mac-and-dns``           equal MAC and DNS name, in different repositories
``renamed``               the same address in one repository, under another name (`renames`)
========================  =====================================================================

An equal address alone joins nothing, nor does an equal DNS name alone; a name that only spells the
address, or that every machine bears, is no name. Two aliases of one repository are joined by an id
only, for the console itself tells them apart; or when one takes the other's place.

A weaker rule never brings together what a stronger one keeps apart: aliases with different host
ids, and, below `agent-uuid`, with different agent ids. When a rule would do that, directly or by a
third alias between them, none of the aliases concerned is joined by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align.groups import codes, distinct, filled

if TYPE_CHECKING:
    from plumbline.align.groups import Marks, Numbers


class Rule(StrEnum):
    """Why an alias belongs to its host, the strongest first."""

    SINGLE = "single"
    HOST_UUID = "host-uuid"
    AGENT_UUID = "agent-uuid"
    DNS_AND_IP = "dns-and-ip"
    MAC_AND_DNS = "mac-and-dns"
    RENAMED = "renamed"


RULES = tuple(Rule)
_NOBODYS_NAME = r"^$|^(localhost|ip6-localhost|ip6-loopback|unknown)(\.|$)|^[0-9.]+$|[: ]"
_NOBODYS_ADDRESS = r"^$|^(127\.|0\.0\.0\.0$|169\.254\.|::1?$|fe80:)"
_MAY_SPELL = r"([0-9]+[-._:]){3}[0-9].* |:"
"""In `name address`: the name has as many numbers as an address, or the address is IPv6."""
_NOBODYS_ID = r"^[0-]*$"
_NOBODYS_MAC = r"^[0:.\-]*$|^(ff[:.\-]?){5}ff$"


@dataclass(slots=True)
class Joins:
    """How far the aliases have been joined; one entry an alias."""

    label: Numbers
    """A number for the host: the place of one of its aliases."""
    rule: Numbers
    """Place in `RULES` of the rule that brought the alias to others."""
    evidence: list[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Texts that can join: the alias each belongs to, and a number for each distinct text."""

    owner: Numbers
    code: Numbers
    texts: pa.Array
    """The distinct texts, by their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What keeps aliases apart, as numbers; -1 for none."""

    host: Numbers
    agent: Numbers
    repository: Numbers


def join(aliases: pa.Table) -> Joins:
    """Join the aliases of one console, one row each and in the order of their keys.

    Where `first_alias` is set, the alias is joined with that one, by what `evidence` says.
    """
    count = aliases.num_rows
    hosts, agents = telling_ids(aliases["host_uuid"]), telling_ids(aliases["uuid"])
    names = telling_names(aliases["dns_name"])
    macs = telling_macs(aliases["mac"])
    homes = aliases["repository_id"].fill_null(-1).to_numpy()
    apart = Apart(host=codes(hosts), agent=codes(agents), repository=homes)
    joins = Joins(np.arange(count), np.zeros(count, np.int64), [None] * count)
    _continue_first(joins, aliases)
    _apply(joins, Rule.HOST_UUID, keys_of(hosts), apart)
    # First those without a host id among themselves, so that an agent id is at most one host
    # without one; then with the host that has one, if there is a single such.
    bare = pc.if_else(pa.array(apart.host < 0), agents, None)
    _apply(joins, Rule.AGENT_UUID, keys_of(bare), apart)
    _apply(joins, Rule.AGENT_UUID, keys_of(agents), apart)
    # First by the address that each was last seen at; any other comes after.
    rows = np.arange(count)
    _apply(joins, Rule.DNS_AND_IP, addressed(joins.label, names, rows, aliases["ip"]), apart)
    rows, addresses = every_address(aliases)
    _apply(joins, Rule.DNS_AND_IP, addressed(joins.label, names, rows, addresses), apart)
    _apply(joins, Rule.MAC_AND_DNS, keys_of(_pair(macs, names)), apart)
    return joins


def _continue_first(joins: Joins, aliases: pa.Table) -> None:
    """Put aliases to the first one of their host, where they continue one."""
    place = pc.index_in(aliases["first_alias"], value_set=aliases["alias"].combine_chunks())
    rows = np.flatnonzero(place.is_valid().to_numpy())
    joins.label[rows] = place.take(pa.array(rows)).to_numpy()
    joins.rule[rows] = RULES.index(Rule.RENAMED)
    evidence = aliases["evidence"].take(pa.array(rows)).to_pylist()
    for row, text in zip(rows.tolist(), evidence, strict=True):
        joins.evidence[row] = text


def components(label: Numbers, owner: Numbers, code: Numbers) -> Numbers:
    """Labels after joining all owners that share a code; the smallest label of each wins."""
    parent = np.arange(len(label))
    node = label[owner]
    lowest = np.full(int(code.max(initial=-1)) + 1, len(label))
    while True:
        np.minimum.at(lowest, code, parent[node])
        best = lowest[code]
        if np.array_equal(best, parent[node]):
            return parent[label]
        np.minimum.at(parent, node, best)
        parent = parent[parent]


def telling_ids(column: pa.ChunkedArray) -> pa.Array:
    """Ids as they are compared; null where one tells nothing."""
    return _usable(column, _NOBODYS_ID)


def telling_names(column: pa.ChunkedArray) -> pa.Array:
    """Names as they are compared; null where one tells no machine from another."""
    return _usable(column, _NOBODYS_NAME)


def telling_macs(column: pa.ChunkedArray) -> pa.Array:
    """MAC addresses as they are compared; null where one tells nothing."""
    return _usable(column, _NOBODYS_MAC)


def every_address(aliases: pa.Table) -> tuple[Numbers, pa.Array]:
    """Each alias's addresses, the latest first: the row and the address."""
    ip, ips = aliases["ip"].combine_chunks(), aliases["ips"].combine_chunks()
    parents, others = pc.list_parent_indices(ips), pc.list_flatten(ips)
    fresh = pc.fill_null(pc.not_equal(others, ip.take(parents)), fill_value=True)
    rows = np.concatenate((np.arange(len(ip)), parents.filter(fresh).to_numpy()))
    addresses = pa.concat_arrays([ip, others.filter(fresh)])
    said = filled(addresses)
    return rows[said], addresses.filter(pa.array(said))


def _apply(joins: Joins, rule: Rule, keys: Keys, apart: Apart) -> None:
    """Join by one rule all that no stronger one keeps apart."""
    old = joins.label
    merged = components(old, keys.owner, keys.code)
    grown = np.flatnonzero(parts_of(old, merged, len(old))[merged] > 1)
    refused = grown[_refused(rule, old, merged, grown, apart)]
    merged[refused] = old[refused]
    new = np.zeros(len(old), np.bool_)
    new[grown] = True
    new[refused] = False
    new &= joins.rule == 0
    _explain(joins, new, keys)
    joins.rule[new] = RULES.index(rule)
    joins.label = merged


def _explain(joins: Joins, new: Marks, keys: Keys) -> None:
    """Keep for each newly joined alias a text that it shares with another part of its host."""
    bridging = bridges_of(keys, joins.label)[keys.code]
    bridges = np.flatnonzero(bridging & new[keys.owner])
    texts = keys.texts.take(pa.array(keys.code[bridges])).to_pylist()
    for owner, text in zip(keys.owner[bridges].tolist(), texts, strict=True):
        joins.evidence[owner] = min(text, joins.evidence[owner] or text)


def bridges_of(keys: Keys, label: Numbers) -> Marks:
    """By the number of the text: whether aliases of several hosts have it."""
    low, high = (np.full(len(keys.texts), fill) for fill in (len(label), -1))
    np.minimum.at(low, keys.code, label[keys.owner])
    np.maximum.at(high, keys.code, label[keys.owner])
    return low < high


def _refused(rule: Rule, old: Numbers, merged: Numbers, grown: Numbers, apart: Apart) -> Marks:
    """Which of the aliases `grown` would come to a host that holds what must stay apart."""
    parts, wholes = old[grown], merged[grown]
    refused = np.zeros(len(old), np.bool_)
    if rule is not Rule.HOST_UUID:
        refused |= conflicting(parts, wholes, apart.host[grown], len(old))
    if rule not in {Rule.HOST_UUID, Rule.AGENT_UUID}:
        refused |= conflicting(parts, wholes, apart.agent[grown], len(old))
        refused |= crowding(parts, wholes, apart.repository[grown], len(old))
    return refused[wholes]


def conflicting(parts: Numbers, wholes: Numbers, ids: Numbers, count: int) -> Marks:
    """By label: whether two parts have an id each. Equal ids would be one part already."""
    known = ids >= 0
    return parts_of(parts[known], wholes[known], count) > 1


def crowding(parts: Numbers, wholes: Numbers, homes: Numbers, count: int) -> Marks:
    """By label: whether two parts are in one repository."""
    order = np.lexsort((parts, homes, wholes))
    part, home, whole = parts[order], homes[order], wholes[order]
    clash = (np.diff(whole) == 0) & (np.diff(home) == 0) & (np.diff(part) != 0)
    crowded = np.zeros(count, np.bool_)
    crowded[whole[1:][clash]] = True
    return crowded


def parts_of(parts: Numbers, wholes: Numbers, count: int) -> Numbers:
    """By label: of how many parts a whole is made."""
    pairs = distinct(wholes * max(1, count) + parts)
    return np.bincount(pairs // max(1, count), minlength=count)


def _usable(column: pa.ChunkedArray, nobodys: str) -> pa.Array:
    """Texts in lower case; null where the text tells no machine from another."""
    text = pc.ascii_rtrim(pc.utf8_lower(pc.utf8_trim_whitespace(column)), ".")
    known = pc.invert(pc.match_substring_regex(pc.fill_null(text, ""), nobodys))
    return pc.if_else(known, text, None).combine_chunks()


def _pair(one: pa.Array, other: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(one, other, " ")


def keys_of(texts: pa.Array) -> Keys:
    """The texts of rows as keys, each row on its own; null is no key."""
    encoded = texts.dictionary_encode()
    number = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    owner = np.flatnonzero(number >= 0)
    return Keys(owner=owner, code=number[owner], texts=encoded.dictionary)


def addressed(
    label: Numbers, names: pa.Array, rows: Numbers, addresses: pa.Array | pa.ChunkedArray
) -> Keys:
    """Name and address of each row that may join, where the name says more than the address."""
    usable = _usable(pa.chunked_array(addresses), _NOBODYS_ADDRESS)
    found = keys_of(_pair(names.take(pa.array(rows)), usable))
    keys = Keys(owner=rows[found.owner], code=found.code, texts=found.texts)
    telling = bridges_of(keys, label)
    places = np.flatnonzero(telling)
    texts = keys.texts.take(pa.array(places))
    doubtful = np.flatnonzero(
        pc.match_substring_regex(texts, _MAY_SPELL).to_numpy(zero_copy_only=False)
    )
    few = texts.take(pa.array(doubtful)).to_pylist()
    telling[places[doubtful]] = [_says_more(text) for text in few]
    kept = telling[keys.code]
    return Keys(owner=keys.owner[kept], code=keys.code[kept], texts=keys.texts)


def _says_more(key: str) -> bool:
    """Whether the name in `name address` is not made from the address, like ip-10-0-0-1."""
    name, _, address = key.replace(".", "-").replace(":", "-").replace("_", "-").partition(" ")
    return address not in name

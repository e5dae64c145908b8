"""What did not match, or matched across a boundary, each with the reason in words.

Four questions: hosts in no list, lists without a host, addresses that several repositories know
and that were not taken for one machine, and hosts that were joined across repositories.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align.groups import Groups, codes, distinct, filled, number_sets, text_sets
from plumbline.align.joins import every_address
from plumbline.terms.address import MemberKind, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from plumbline.align.groups import Marks, Numbers

_SHOWN = 3
"""So many texts are quoted as examples."""


def unlisted_hosts(hosts: pa.Table, memberships: pa.Table) -> pa.Table:
    """Hosts in no asset list: console, host, ip, dns_name, reason."""
    inside = pc.is_in(hosts["host"], value_set=pc.unique(memberships["host"]))
    left = hosts.filter(pc.invert(inside)).select(["console", "host", "ip", "dns_name", "ips"])
    named = filled(left["dns_name"]) | (pc.list_value_length(left["ips"]).to_numpy() > 0)
    told = np.where(
        named,
        "no list that names members covers its addresses, its DNS name or its ids",
        "it has neither an address nor a DNS name, and no list names its ids",
    )
    return left.drop_columns("ips").append_column("reason", pa.array(told, pa.string()))


def empty_lists(lists: pa.Table, ranges: pa.Table, memberships: pa.Table) -> pa.Table:
    """Asset lists without a host: console, list_id, name, type, reason."""
    key = ["console", "list_id"]
    full = set(_keys(memberships.group_by(key).aggregate([])))
    places = [place for place, one in enumerate(_keys(lists)) if one not in full]
    left = lists.take(pa.array(places, pa.int64()))
    parts = _parts(left, ranges)
    reasons = [
        _why_empty(row, parts.get((row["console"], row["list_id"]), []))
        for row in left.select([*key, "decided_by", "prepared"]).to_pylist()
    ]
    shown = left.select([*key, "name", "type"])
    return shown.append_column("reason", pa.array(reasons, pa.string()))


def shared_addresses(aliases: pa.Table) -> pa.Table:
    """Addresses that several hosts have in several repositories: which, and why not joined.

    Columns: console, ip, repositories, hosts, reason. `aliases` are aligned.
    """
    rows, addresses = every_address(aliases)
    at = codes(pc.binary_join_element_wise(_taken(aliases["console"], rows), addresses, " "))
    homes = pc.fill_null(aliases["repository_id"], -1).to_numpy()[rows]
    several = (_count(at, codes(aliases["host"])[rows]) > 1) & (_count(at, homes) > 1)
    chosen = np.flatnonzero(several[at] & (homes >= 0))
    chosen = chosen[np.argsort(at[chosen], kind="stable")]
    rows, at, homes = rows[chosen], at[chosen], homes[chosen]
    groups = Groups.of(at, np.zeros(len(at), np.int64))
    group = np.repeat(np.arange(len(groups.starts)), groups.sizes)
    count = len(groups.starts)
    first = pa.array(groups.starts)
    return pa.table(
        {
            "console": _taken(aliases["console"], rows).take(first),
            "ip": addresses.take(pa.array(chosen)).take(first),
            "repositories": number_sets(group, homes, count),
            "hosts": text_sets(group, _taken(aliases["host"], rows), count),
            "reason": pa.array(_why_apart(aliases, rows, group, homes), pa.string()),
        }
    )


def joined_hosts(hosts: pa.Table, aliases: pa.Table) -> pa.Table:
    """Hosts of several repositories: console, host, ip, dns_name, repositories, rule, evidence.

    The rule is the weakest that was needed; the evidence is one value that satisfied it.
    """
    shown = ["console", "host", "ip", "dns_name", "repositories", "rule"]
    joined = hosts.filter(pc.greater(pc.list_value_length(hosts["repositories"]), 1)).select(shown)
    place = pc.index_in(aliases["host"], value_set=joined["host"].combine_chunks())
    by_rule = pc.equal(aliases["rule"], joined["rule"].take(place))
    telling = pc.fill_null(pc.and_(pc.is_valid(place), by_rule), fill_value=False)
    evidence = pa.table({"host": aliases["host"], "text": aliases["evidence"]}).filter(telling)
    least = evidence.group_by("host").aggregate([("text", "min")])
    found = pc.index_in(joined["host"], value_set=least["host"].combine_chunks())
    return joined.append_column("evidence", least["text_min"].take(found))


def _parts(lists: pa.Table, ranges: pa.Table) -> dict[tuple[str, int], list[dict[str, str]]]:
    """The ranges of some lists, by list."""
    mine = ranges.filter(pc.is_in(ranges["list_id"], value_set=lists["list_id"].combine_chunks()))
    found: dict[tuple[str, int], list[dict[str, str]]] = {}
    told = mine.select(["origin", "kind", "text"]).to_pylist()
    for key, part in zip(_keys(mine), told, strict=True):
        found.setdefault(key, []).append(part)
    return found


def _why_empty(row: dict[str, object], parts: Sequence[dict[str, str]]) -> str:
    deciding = [part for part in parts if part["origin"] == row["decided_by"]]
    unread = [part["text"] for part in deciding if part["kind"] == MemberKind.UNPARSED]
    if len(unread) < len(deciding):
        return f"no host was seen in what it names: {_quoted(p['text'] for p in deciding)}"
    if unread:
        return f"nothing of it could be read: {_quoted(unread)}"
    if row["decided_by"] == Origin.DEFINITION:
        return "its definition is empty"
    if not row["prepared"]:
        return "the console has not prepared it yet"
    return "the console sees no address in it"


def _quoted(texts: Iterable[str]) -> str:
    shown = list(texts)
    rest = len(shown) - _SHOWN
    quoted = ", ".join(shown[:_SHOWN])
    return f"{quoted} and {rest} more" if rest > 0 else quoted


def _why_apart(aliases: pa.Table, rows: Numbers, group: Numbers, homes: Numbers) -> list[str]:
    """Why the hosts of each address were not joined: the strongest reason first."""
    names = codes(pc.utf8_lower(_taken(aliases["dns_name"], rows)))
    hosts = codes(_taken(aliases["host"], rows))
    crowded = _count(group, homes * (len(rows) + 1) + hosts) > _count(group, homes)
    named = np.bincount(group, names >= 0).astype(np.int64) == np.bincount(group)
    reasons: list[tuple[Marks, str]] = [
        (_several(aliases["host_uuid"], rows, group), "their host ids differ"),
        (_several(aliases["uuid"], rows, group), "their agents differ"),
        (_count(group[names >= 0], names[names >= 0], len(named)) > 1, "their DNS names differ"),
        (~named, "not all have a DNS name, and an address alone joins nothing"),
        (crowded, "one repository has several hosts of this name and address"),
    ]
    rest = "the name or the address tells no machine from another"
    marks, texts = zip(*reasons, strict=True)
    chosen: list[str] = np.select(marks, texts, default=rest).tolist()
    return chosen


def _several(column: pa.ChunkedArray, rows: Numbers, group: Numbers) -> Marks:
    ids = codes(pc.utf8_lower(_taken(column, rows)))
    known = ids >= 0
    return _count(group[known], ids[known], int(group.max(initial=-1)) + 1) > 1


def _count(group: Numbers, value: Numbers, count: int = 0) -> Numbers:
    """How many distinct values each group has."""
    if not len(group):
        return np.zeros(count, np.int64)
    low = int(value.min())
    width = int(value.max()) - low + 1
    return np.bincount(distinct(group * width + value - low) // width, minlength=count)


def _keys(table: pa.Table) -> list[tuple[str, int]]:
    pairs = (table[name].to_pylist() for name in ("console", "list_id"))
    return list(zip(*pairs, strict=True))


def _taken(column: pa.ChunkedArray, rows: Numbers) -> pa.Array:
    return column.combine_chunks().take(pa.array(rows))

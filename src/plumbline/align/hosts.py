"""From the console's names for a machine to one host.

An alias is what a repository calls a machine. Aliases are joined by the rules of `joins`, and what
they say is folded into one host: the newest word counts, and nothing never beats something.

A host's key comes from the strongest identity it has: the console's host id, else the agent's id,
else the alias in its oldest repository (the one with the lowest id). So it stays when the host
turns up in one more repository under a weaker identity, and in any younger repository; it changes
when a stronger identity becomes known.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align.groups import NEVER, Groups, codes, filled, instants, number_sets, text_sets
from plumbline.align.joins import RULES, Rule, every_address, join, telling_ids
from plumbline.align.renames import Renames
from plumbline.tables import ALIASES, HOSTS, Kind

if TYPE_CHECKING:
    from plumbline.align.groups import Marks, Numbers
    from plumbline.align.joins import Joins

_DECIDED_HERE = ("host", "rule", "evidence", "first_alias")
_DECIDED_LATER = ("present",)
_NEWEST = ("ip", "dns_name", "netbios_name", "mac", "os", "acr", "aes", "credentialed")


def align_hosts(aliases: pa.Table, renames: Renames | None = None) -> tuple[pa.Table, pa.Table]:
    """Hosts, and the aliases with their host, rule and evidence.

    `aliases` has the columns of the `aliases` table; `host`, `rule` and `evidence` may be missing
    and are not read. An alias may come in several rows. The result has one row an alias, in order
    of the keys, and does not depend on the order of the rows. `renames` tells which aliases
    continue a host under another name.
    """
    renamed = renames or Renames()
    found = [_align(rows, renamed) for rows in _by_console(_complete(aliases))]
    if not found:
        return HOSTS.empty(), ALIASES.empty()
    hosts, named = zip(*found, strict=True)
    return pa.concat_tables(hosts), pa.concat_tables(named)


def _complete(aliases: pa.Table) -> pa.Table:
    """The table in its schema; what is decided here is blank."""
    columns = [
        aliases[c.name]
        if c.name in aliases.column_names and c.name not in (*_DECIDED_HERE, *_DECIDED_LATER)
        else pa.nulls(aliases.num_rows, c.kind.arrow)
        for c in ALIASES.columns
    ]
    return pa.table(columns, names=list(ALIASES.names)).cast(ALIASES.schema)


def _by_console(aliases: pa.Table) -> list[pa.Table]:
    consoles = sorted(aliases["console"].unique().to_pylist())
    if len(consoles) == 1:
        return [aliases]
    return [aliases.filter(pc.equal(aliases["console"], console)) for console in consoles]


def _align(aliases: pa.Table, renames: Renames) -> tuple[pa.Table, pa.Table]:
    single = _one_row_each(aliases)
    place = pc.index_in(single["alias"], value_set=renames.continued["alias"].combine_chunks())
    for name in ("first_alias", "evidence"):
        single = _replaced(single, {name: renames.continued[name].combine_chunks().take(place)})
    joins = join(single)
    group = _numbered(joins.label)
    keys = _host_keys(single, group)
    named = {
        "host": keys.take(pa.array(group)),
        "rule": _rules(joins.rule),
        "evidence": pa.array(joins.evidence, pa.string()),
    }
    former = pc.is_in(single["alias"], value_set=renames.former).to_numpy()
    return _hosts(single, group, keys, joins, former), _replaced(single, named)


def _numbered(labels: Numbers) -> Numbers:
    """Labels as numbers without a gap, in the same order."""
    used = np.zeros(len(labels), np.int64)
    used[labels] = 1
    return (np.cumsum(used) - 1)[labels]


def _one_row_each(aliases: pa.Table) -> pa.Table:
    """One row an alias, in order of the keys."""
    order = pc.sort_indices(aliases["alias"])
    keys = aliases["alias"].take(order)
    if not pc.any(pc.equal(keys[1:], keys[:-1])).as_py():
        single = aliases.take(order)
        ips = _addresses(single, np.arange(single.num_rows), single.num_rows)
        return _replaced(single, {"ips": ips})
    return _folded(aliases)


def _folded(aliases: pa.Table) -> pa.Table:
    """The rows of each alias as one; rows as old as each other go by what they say."""
    said = [c.name for c in ALIASES.columns if c.kind not in {Kind.TEXTS, Kind.INTEGERS}]
    order = ["alias", "last_seen", *(name for name in said if name not in {"alias", "last_seen"})]
    keys = [(name, "ascending", "at_start") for name in order]
    ordered = aliases.take(pc.sort_indices(aliases, sort_keys=keys))
    group = codes(ordered["alias"])
    groups = Groups.of(group, instants(ordered["last_seen"]))
    told = {name: groups.newest(ordered[name]) for name in said}
    told["first_seen"] = groups.earliest(ordered["first_seen"])
    told["ips"] = _addresses(ordered, group, len(groups.starts))
    return pa.table([told[name] for name in ALIASES.names], names=list(ALIASES.names))


def _addresses(aliases: pa.Table, group: Numbers, count: int) -> pa.ListArray:
    rows, addresses = every_address(aliases)
    return text_sets(group[rows], addresses, count)


def _hosts(
    aliases: pa.Table, group: Numbers, keys: pa.Array, joins: Joins, former: Marks
) -> pa.Table:
    count = len(keys)
    # A name that the host does not bear any more is older than one seen at the same moment.
    groups = Groups.of(group, np.maximum(instants(aliases["last_seen"]), NEVER + 1) - former)
    told = {name: groups.newest(aliases[name]) for name in (*_NEWEST, "console", "host_uuid")}
    homes = aliases["repository_id"]
    known = filled(homes)
    weakest = np.zeros(count, np.int64)
    np.maximum.at(weakest, group, joins.rule)
    told |= {
        "host": keys,
        "agent_uuid": groups.newest(aliases["uuid"]),
        "ips": _addresses(aliases, group, count),
        "first_seen": groups.earliest(aliases["first_seen"]),
        "last_seen": groups.latest(aliases["last_seen"]),
        "repositories": number_sets(group[known], homes.drop_null().to_numpy(), count),
        "aliases": pa.array(groups.sizes),
        "rule": _rules(weakest),
        "present": pa.nulls(count, pa.bool_()),
    }
    table = pa.table([told[name] for name in HOSTS.names], names=list(HOSTS.names))
    return table.cast(HOSTS.schema)


def _host_keys(aliases: pa.Table, group: Numbers) -> pa.Array:
    """The key of each host.

    A host has one host id at most, and one agent id if it has no host id: the joins see to it.
    """
    homes = aliases["repository_id"].fill_null(-1).to_numpy()
    first = Groups.of(group, -homes)
    keys = first.newest(pc.coalesce(aliases["first_alias"], aliases["alias"]))
    console = aliases["console"][0].as_py()
    agents = _hashed(console, Rule.AGENT_UUID, first.newest(telling_ids(aliases["uuid"])))
    hosts = _hashed(console, Rule.HOST_UUID, first.newest(telling_ids(aliases["host_uuid"])))
    return pc.coalesce(hosts, agents, keys)


def _hashed(console: str, rule: Rule, ids: pa.Array) -> pa.Array:
    salt = f"{len(console)}:{console}{rule}:"
    return pa.array([value and _digest(salt + value) for value in ids.to_pylist()], pa.string())


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _rules(places: Numbers) -> pa.Array:
    words = pa.array([rule.value for rule in RULES])
    return words.take(pa.array(places))


def _replaced(table: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    for name, column in columns.items():
        table = table.set_column(table.column_names.index(name), name, column)
    return table

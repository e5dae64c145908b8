"""Several consoles looked at together: which of their hosts are one.

Tables and findings stay each console's own, so that the totals of a console are the same whether
it is looked at alone or beside others. Only hosts are joined, by `plumbline.align.consoles`; where
nothing is joined, and above all with a single console, nothing here costs anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow.compute as pc

from plumbline.align.consoles import NEEDED, Meeting, fold, meet
from plumbline.domain.finding import OPEN_STATES
from plumbline.posture.engine import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate
    from plumbline.posture.filters import Query
    from plumbline.posture.relation import Relation

OWN_HOST = ["console", "host"]
VULNERABILITY = ("plugin_id", "port", "protocol")
"""What two consoles tell alike when they report the same thing of one host."""


def meeting(estate: Estate) -> Meeting | None:
    """Which hosts are one; None where a single console is looked at.

    Raises:
        StorageError: the engine could not read its files or had no room.
    """
    return estate.kept("meeting", _meet) if estate.several else None


def _meet(estate: Estate) -> Meeting:
    aliases = estate.table("aliases").select(*NEEDED)
    return meet(Statement.of(aliases, estate.backend).fetch())


def joined(estate: Estate) -> ir.Table | None:
    """The hosts that were joined, as `plumbline.align.consoles.JOINED`; None where none was."""
    found = meeting(estate)
    if found is None or not found.joined.num_rows:
        return None
    return estate.summed("joined_hosts", lambda _: ibis.memtable(found.joined))


def doubted(estate: Estate) -> ir.Table | None:
    """Hosts that may be one and were not joined, as `DOUBTED` there; None where there is none."""
    found = meeting(estate)
    if found is None or not found.doubted.num_rows:
        return None
    return estate.summed("doubted_hosts", lambda _: ibis.memtable(found.doubted))


def shared(estate: Estate, rows: ir.Table) -> ir.Table:
    """Rows with a console's own `host`, under the key that joined hosts share."""
    keys = joined(estate)
    if keys is None:
        return rows
    keys = keys.select("console", host="own", shared="host")
    found = rows.left_join(keys, OWN_HOST, rname="joined__{name}")
    return found.select(
        *(
            ibis.coalesce(found.shared, found.host).name(name) if name == "host" else name
            for name in rows.columns
        )
    )


def own_keys(estate: Estate, rows: ir.Table) -> ir.Table:
    """Every key that consoles have for the hosts of these rows, as `host`."""
    keys = joined(estate)
    if keys is None:
        return rows.select("host")
    others = keys.semi_join(rows, "host").select(host="own")
    return rows.select("host").union(others, distinct=True)


def hosts(estate: Estate) -> ir.Table:
    """Every host once, with the `consoles` that see it; `console` is the one that saw it last.

    Of a joined host `repositories` is empty: ask `sources` for their names.
    """
    own = estate.table("hosts")
    alone = own.mutate(consoles=ibis.array([own.console]))
    keys = joined(estate)
    if keys is None:
        return alone
    alone = alone.anti_join(keys.select("console", host="own"), OWN_HOST)
    folded = estate.summed("folded_hosts", _fold)
    typed = (folded[name].cast(kind).name(name) for name, kind in alone.schema().items())
    return alone.union(folded.select(*typed))


def _fold(estate: Estate) -> ir.Table:
    found = meeting(estate)
    keys = joined(estate)
    if found is None or keys is None:
        return hosts(estate)
    rows = estate.table("hosts").semi_join(keys.select("console", host="own"), OWN_HOST)
    return ibis.memtable(fold(Statement.of(rows, estate.backend).fetch(), found.joined))


def keys_of(estate: Estate, key: str) -> tuple[str, ...]:
    """Every key that consoles have for the host of a key; the shared one comes first."""
    found = meeting(estate)
    if found is None:
        return (key,)
    mine = found.joined.filter(pc.equal(found.joined["own"], key))
    if not mine.num_rows:
        return (key,)
    one = mine["host"][0]
    others = found.joined.filter(pc.equal(found.joined["host"], one))["own"].to_pylist()
    return tuple(dict.fromkeys([one.as_py(), *others]))


def ambiguities(relation: Relation, estate: Estate, query: Query) -> Iterator[str]:
    """A warning for each number in a query that several consoles may have given."""
    fields = {relation.field(term.name).name: term for term in query.terms if term.name}
    if not estate.several or "console" in fields or "consoles" in fields:
        return
    for name, term in fields.items():
        if relation.field(name).local:
            yield (
                f"{term.name} is a number that each console gives by itself; "
                f"add console:NAME for one of {', '.join(estate.as_of)}."
            )


def present(rows: ir.Table) -> ir.BooleanValue:
    """Whether hosts or aliases are still there; older snapshots do not tell, and all are."""
    return rows.present.fill_null(True)  # noqa: FBT003 - the engine's signature


def departed(estate: Estate) -> ir.Table:
    """Each console's own hosts that are gone, by console and key."""
    own = estate.table("hosts")
    return own.filter(~present(own)).select(*OWN_HOST)


def reported_twice(estate: Estate) -> ir.Table:
    """Open vulnerabilities of joined hosts that more than one console reports.

    One row for each host, plugin, port and protocol: `reports`, how many findings tell of it, and
    their worst severity.
    """
    keys = joined(estate)
    if keys is None:
        none = estate.table("findings").limit(0)
        return none.group_by("host", *VULNERABILITY).aggregate(
            reports=none.count(), severity=none.severity.max()
        )
    return estate.summed("reported_twice", _reported_twice)


def _reported_twice(estate: Estate) -> ir.Table:
    keys = joined(estate)
    findings = estate.table("findings")
    rows = findings.filter(findings.state.isin(sorted(OPEN_STATES)))
    rows = rows.select(*OWN_HOST, *VULNERABILITY, "severity")
    if keys is not None:
        rows = rows.semi_join(keys.select("console", host="own"), OWN_HOST)
    rows = shared(estate, rows)
    found = rows.group_by("host", *VULNERABILITY).aggregate(
        reports=rows.count(),
        severity=rows.severity.max(),
        first=rows.console.min(),
        last=rows.console.max(),
    )
    return found.filter(found.first != found.last).drop("first", "last")

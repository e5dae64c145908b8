"""The part of an estate that a query is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.posture import consoles, filters, lookalikes
from plumbline.posture.engine import Estate
from plumbline.posture.narrowing import filtered
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from ibis.expr import types as ir

_KEY = ("console", "alias", "plugin_id", "port", "protocol")
_HOST = ("console", "host")


def part_of(estate: Estate, query: str) -> Estate:
    """The findings that a query finds, in any state, and the hosts they are on.

    Counts of earlier runs are kept for whole repositories and lists, not for a query: a part has
    none of them.

    Raises:
        UsageError: the query cannot be used.
        StorageError: the engine could not read its files or had no room.
    """
    terms = filters.parse(query)
    if not terms.terms:
        return estate
    lookalikes.refuse(RELATIONS["findings"], terms)
    matched = filtered(RELATIONS["findings"], estate, terms).select(*_KEY)
    # A part has sums of its own, the whole keeps none of them.
    work = Estate(tables=estate.tables, as_of=estate.as_of)
    findings = work.summed(
        "findings", lambda _: estate.table("findings").semi_join(matched, list(_KEY))
    )
    hosts = work.summed("hosts", lambda _: _hosts(estate, findings))
    facts = estate.table("facts").limit(0)
    return Estate(
        tables=dict(estate.tables) | {"findings": findings, "hosts": hosts, "facts": facts},
        as_of=estate.as_of,
        deadlines=estate.deadlines,
    )


def _hosts(estate: Estate, findings: ir.Table) -> ir.Table:
    """The hosts of these findings, with what other consoles tell of the same ones."""
    wanted = findings.select(*_HOST).distinct()
    keys = consoles.joined(estate)
    if keys is not None:
        keys = keys.select("console", "host", own="own")
        met = keys.semi_join(wanted, [keys.console == wanted.console, keys.own == wanted.host])
        others = keys.semi_join(met.select("host"), "host").select("console", host="own")
        wanted = wanted.union(others, distinct=True)
    return estate.table("hosts").semi_join(wanted, list(_HOST))

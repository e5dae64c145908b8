"""The part of an estate that a query is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.errors import UsageError
from plumbline.posture import consoles, filters, lookalikes
from plumbline.posture.engine import Estate
from plumbline.posture.filters import Query
from plumbline.posture.narrowing import filtered
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.filters import Term

_HOST = ("console", "host")
_FINDING = ("console", "finding")
VARIED = frozenset(
    {
        "state", "accepted", "mitigated_before", "fixed_at", "sla", "age_days", "last_seen",
        "opened_run", "changed_run", "last_event",
    }
)  # fmt: skip
"""Fields that a report speaks of itself, of every value: how findings stand, and since when."""


def divided(written: str) -> tuple[Query, tuple[str, ...]]:
    """What of a query a report can be held to, and the conditions that are left out.

    A report tells what is open beside what was fixed, and what it was before. Held to one state it
    would say that nothing was fixed, which is no news but the condition itself.

    Raises:
        UsageError: the query cannot be used.
    """
    query = filters.parse(written)
    kept = tuple(term for term in query.terms if not _is_varied(term))
    left_out = tuple(str(term) for term in query.terms if _is_varied(term))
    return Query(kept, query.written), left_out


def _is_varied(term: Term) -> bool:
    try:
        return bool(term.name) and RELATIONS["findings"].field(term.name).name in VARIED
    except UsageError:
        # It is refused where the rows are asked for.
        return False


def part_of(estate: Estate, query: Query) -> Estate:
    """The findings that a query finds, in any state, and the hosts they are on.

    Counts of earlier runs are kept for whole repositories and lists, not for a query: a part has
    none of them.

    Raises:
        UsageError: the query cannot be used.
        StorageError: the engine could not read its files or had no room.
    """
    if not query.terms:
        return estate
    relation = RELATIONS["findings"]
    lookalikes.refuse(relation, query)
    # By the one key that every finding has: a port or a protocol may be unknown.
    matched = filtered(relation, estate, query, [relation.field("finding")]).select(*_FINDING)
    # A part has sums of its own, the whole keeps none of them.
    work = Estate(tables=estate.tables, as_of=estate.as_of)
    findings = work.summed(
        "findings", lambda _: estate.table("findings").semi_join(matched, list(_FINDING))
    )
    hosts = work.summed("hosts", lambda _: _hosts(estate, findings))
    cut = {
        "findings": findings,
        "hosts": hosts,
        "events": estate.table("events").semi_join(findings.select(*_FINDING), list(_FINDING)),
        "facts": estate.table("facts").limit(0),
    }
    return Estate(
        tables=dict(estate.tables) | cut,
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

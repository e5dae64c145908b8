"""Which sources know which hosts: connections, repositories and asset lists side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.posture import consoles, counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate, Statement

_REPOSITORY = ["console", "repository_id"]


def in_repositories(estate: Estate, hosts: Sequence[str]) -> Statement:
    """One row for each of these hosts in each repository that still knows it.

    As `host`, `console`, `repository_id`, `last_seen` and `critical`, the open critical findings.
    """
    chosen = tuple(sorted(hosts))
    return estate.prepared(("matrix", chosen), lambda: _repositories(estate, chosen))


def in_lists(estate: Estate, hosts: Sequence[str]) -> Statement:
    """One row for each of these hosts in each asset list, as `host`, `console` and `list_id`."""
    chosen = tuple(sorted(hosts))
    return estate.prepared(("matrix-lists", chosen), lambda: _lists(estate, chosen))


def _repositories(estate: Estate, chosen: tuple[str, ...]) -> ir.Table:
    aliases = estate.table("aliases")
    aliases = aliases.filter(consoles.present(aliases))
    rows = aliases.group_by(*counts.PLACE).aggregate(last_seen=aliases.last_seen.max())
    found = counts.by_place(estate).select(*counts.PLACE, "critical")
    rows = rows.left_join(found, counts.PLACE, rname="open__{name}")
    rows = rows.select(*counts.PLACE, "last_seen", critical=rows.critical.fill_null(0))
    shared = consoles.shared(estate, rows)
    return shared.filter(shared.host.isin(chosen)).order_by("host", *_REPOSITORY)


def _lists(estate: Estate, chosen: tuple[str, ...]) -> ir.Table:
    rows = estate.table("memberships").select("console", "list_id", "host")
    shared = consoles.shared(estate, rows).distinct()
    return shared.filter(shared.host.isin(chosen)).order_by("host", "console", "list_id")

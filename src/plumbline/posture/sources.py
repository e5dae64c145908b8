"""Tables that more than one relation joins: names of lists and repositories, a value a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture.relation import Source

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

HOST = ("console", "host")
"""A host as one console knows it."""


def list_names(estate: Estate, only: ir.Table | None = None) -> ir.Table:
    """One row for each list a console's own host is in: the list's name as `value`."""
    members = _only(estate.table("memberships").select("console", "host", "list_id"), only)
    lists = estate.table("asset_lists").select("console", "list_id", value="name")
    return members.inner_join(lists, ["console", "list_id"]).select("console", "host", "value")


def _only(rows: ir.Table, only: ir.Table | None) -> ir.Table:
    """The rows of some hosts: those of some consoles, or of any."""
    if only is None:
        return rows
    return rows.semi_join(only, [key for key in HOST if key in only.columns])


def repository_names(estate: Estate, only: ir.Table | None = None) -> ir.Table:
    """One row for each repository a console's own host is in: the repository's name as `value`."""
    hosts = estate.table("hosts")
    each = hosts.select("console", "host", repository_id=hosts.repositories.unnest())
    names = repositories(estate).rename(value="name")
    named = each.inner_join(names, ["console", "repository_id"]).select(*HOST, "value")
    return _only(named, only)


def repositories(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    """The name of each repository."""
    return estate.table("repositories").select("console", "repository_id", "name")


def visible_repositories(estate: Estate) -> ir.Table:
    """The repositories the keys see now."""
    rows = estate.table("repositories")
    return rows.filter(rows.visible.fill_null(True))  # noqa: FBT003 - the engine's signature


def by_whole_name(estate: Estate, each: ir.Table) -> ir.Table:
    """Names to filter by; where several consoles are looked at, also as `console/name`."""
    if not estate.several:
        return each
    return each.union(each.mutate(value=each.console + ibis.literal("/") + each.value))


def collected(each: ir.Table, *keys: str) -> ir.Table:
    """The values of each host together, in order, as `names`."""
    return each.group_by(*keys).aggregate(names=each.value.collect(order_by=each.value))


def _each_list(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    return by_whole_name(estate, list_names(estate))


def _each_repository_name(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    return by_whole_name(estate, repositories(estate).rename(value="name"))


LISTS = Source(
    name="lists",
    keys=HOST,
    build=lambda estate, only: collected(list_names(estate, only), *HOST),
    gathered=True,
)
EACH_LIST = Source(name="each_list", keys=HOST, build=_each_list, many=True, qualified=True)
REPOSITORY = Source(name="repository", keys=("console", "repository_id"), build=repositories)
EACH_REPOSITORY_NAME = Source(
    name="each_repository_name",
    keys=("console", "repository_id"),
    build=_each_repository_name,
    many=True,
    qualified=True,
)


def each_cve(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    """One row for each CVE of a plugin, as `value`."""
    plugins = estate.table("plugins")
    return plugins.select("console", "plugin_id", value=plugins.cves.unnest())


EACH_CVE = Source(name="each_cve", keys=("console", "plugin_id"), build=each_cve, many=True)


def _each_xref(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    plugins = estate.table("plugins")
    return plugins.select("console", "plugin_id", value=plugins.xrefs.unnest())


EACH_XREF = Source(name="each_xref", keys=("console", "plugin_id"), build=_each_xref, many=True)


def host_name(hosts: ir.Table) -> ir.StringValue:
    """What a host is called where it is shown: by its best name, else by its address or an id."""
    names = ("dns_name", "netbios_name", "ip", "host_uuid", "agent_uuid", "mac")
    return ibis.coalesce(*(hosts[name].nullif("") for name in names))

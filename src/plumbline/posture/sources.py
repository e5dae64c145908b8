"""Tables that more than one relation joins: names of lists and repositories, a value a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.posture.relation import Source

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

HOST = ("console", "host")


def list_names(estate: Estate, only: ir.Table | None = None) -> ir.Table:
    """One row for each list a host is in: the list's name as `value`."""
    members = estate.table("memberships").select("console", "host", "list_id")
    if only is not None:
        members = members.semi_join(only, list(HOST))
    lists = estate.table("asset_lists").select("console", "list_id", value="name")
    return members.inner_join(lists, ["console", "list_id"]).select("console", "host", "value")


def repository_names(estate: Estate, only: ir.Table | None = None) -> ir.Table:
    """One row for each repository a host is in: the repository's name as `value`."""
    hosts = estate.table("hosts")
    each = hosts.select("console", "host", repository_id=hosts.repositories.unnest())
    names = repositories(estate).rename(value="name")
    named = each.inner_join(names, ["console", "repository_id"]).select(*HOST, "value")
    return named if only is None else named.semi_join(only, list(HOST))


def repositories(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    """The name of each repository."""
    return estate.table("repositories").select("console", "repository_id", "name")


def collected(each: ir.Table) -> ir.Table:
    """The values of each host together, in order, as `names`."""
    return each.group_by(*HOST).aggregate(names=each.value.collect(order_by=each.value))


LISTS = Source(
    name="lists", keys=HOST, build=lambda e, only: collected(list_names(e, only)), gathered=True
)
EACH_LIST = Source(name="each_list", keys=HOST, build=list_names, many=True)
HOST_REPOSITORIES = Source(
    name="host_repositories",
    keys=HOST,
    build=lambda e, only: collected(repository_names(e, only)),
    gathered=True,
)
EACH_REPOSITORY = Source(name="each_repository", keys=HOST, build=repository_names, many=True)
REPOSITORY = Source(name="repository", keys=("console", "repository_id"), build=repositories)


def each_cve(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    """One row for each CVE of a plugin, as `value`."""
    plugins = estate.table("plugins")
    return plugins.select("console", "plugin_id", value=plugins.cves.unnest())


EACH_CVE = Source(name="each_cve", keys=("console", "plugin_id"), build=each_cve, many=True)

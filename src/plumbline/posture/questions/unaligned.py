"""What did not fall into place, and why?"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import ibis

from plumbline.posture import consoles
from plumbline.posture.lists import parts
from plumbline.posture.questions.interface import Question, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

NO_LIST = "host in no list"
NO_HOST = "list without a host"
SHARED = "address in several repositories"
JOINED = "host joined across repositories"
DOUBTED = "host not joined across consoles"
RENAMED = "host under another name"
_COLUMNS = ("console", "kind", "subject", "name", "reason")


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    told = [_listless(estate), _empty_lists(estate), _shared(estate), _joined(estate)]
    told.append(_renamed(estate))
    doubted = consoles.doubted(estate)
    if doubted is not None:
        told.append(_doubted(estate, doubted))
    rows = reduce(lambda one, other: one.union(other), told)
    return rows.order_by("kind", "console", "subject")


def _told(
    rows: ir.Table, kind: str, subject: ir.Value, name: ir.Value, reason: ir.Value | str
) -> ir.Table:
    told = reason if not isinstance(reason, str) else ibis.literal(reason)
    columns = (ibis.literal(kind), subject.cast("string"), name, told)
    return rows.select("console", *(c.name(n) for c, n in zip(columns, _COLUMNS[1:], strict=True)))


def listless(estate: Estate) -> ir.Table:
    """Hosts that no asset list of any console holds; those that departed apart."""
    hosts = consoles.hosts(estate)
    members = consoles.shared(estate, estate.table("memberships").select("console", "host"))
    return hosts.filter(consoles.present(hosts)).anti_join(members, "host")


def _listless(estate: Estate) -> ir.Table:
    rows = listless(estate)
    name = ibis.coalesce(rows.dns_name, rows.netbios_name, rows.ip, "")
    reason = ibis.literal("no list holds its address, name or id: ") + ibis.coalesce(
        rows.ip, rows.dns_name, rows.host_uuid, "it has none"
    )
    return _told(rows, NO_LIST, rows.host, name, reason)


def empty_lists(estate: Estate) -> ir.Table:
    """Asset lists that hold no host."""
    return estate.table("asset_lists").anti_join(
        estate.table("memberships"), ["console", "list_id"]
    )


def _empty_lists(estate: Estate) -> ir.Table:
    keys = ["console", "list_id"]
    rows = empty_lists(estate).left_join(parts(estate), keys, rname="part__{name}")
    count = rows.ranges.fill_null(0)
    reason = ibis.cases(
        (~rows.prepared, "the console has not worked out its addresses yet"),
        (
            (count == 0) & (rows.unparsed.length() > 0),
            "no line of its definition could be read",
        ),
        (count == 0, "it names no address, name or id"),
        else_=ibis.literal("no known host is in its ranges: ") + count.cast("string"),
    )
    return _told(rows, NO_HOST, rows.list_id, rows.name, reason)


def _shared(estate: Estate) -> ir.Table:
    """An equal address alone joins nothing; two hosts behind one are worth a look."""
    aliases = estate.table("aliases")
    aliases = aliases.filter(aliases.ip.notnull())
    rows = aliases.group_by("console", "ip").aggregate(
        repositories=aliases.repository_id.nunique(),
        hosts=aliases.host.nunique(),
        name=aliases.dns_name.max(),
    )
    rows = rows.filter((rows.repositories > 1) & (rows.hosts > 1))
    reason = (
        rows.hosts.cast("string")
        + ibis.literal(" hosts in ")
        + rows.repositories.cast("string")
        + ibis.literal(" repositories; nothing but the address says they are one")
    )
    return _told(rows, SHARED, rows.ip, rows.name.fill_null(""), reason)


def _joined(estate: Estate) -> ir.Table:
    hosts = estate.table("hosts")
    rows = hosts.filter(hosts.repositories.length() > 1)
    reason = (
        ibis.literal("rule ")
        + rows.rule.fill_null("not told")
        + ibis.literal(" joined it in ")
        + rows.repositories.length().cast("string")
        + ibis.literal(" repositories")
    )
    name = ibis.coalesce(rows.dns_name, rows.netbios_name, rows.ip, "")
    return _told(rows, JOINED, rows.host, name, reason)


def _renamed(estate: Estate) -> ir.Table:
    """Hosts that kept their address and got, lost or changed their name."""
    aliases = estate.table("aliases")
    rows = aliases.filter(aliases.first_alias.notnull())
    name = ibis.coalesce(rows.dns_name, rows.netbios_name, "no name")
    reason = (
        ibis.literal("rule renamed: it took the place of ")
        + rows.evidence.fill_null("the host at its address")
        + ibis.literal("; nothing says that it is another machine")
    )
    return _told(rows, RENAMED, rows.host, name, reason)


def _doubted(estate: Estate, rows: ir.Table) -> ir.Table:
    """Hosts of one console that may be hosts of another; in doubt they stay apart."""
    hosts = estate.table("hosts").select("console", "host", "dns_name", "netbios_name", "ip")
    rows = rows.rename(host="own").inner_join(hosts, ["console", "host"])
    reason = (
        ibis.literal("rule ")
        + rows.rule
        + ibis.literal(" by ")
        + rows.evidence
        + ibis.literal(": ")
        + rows.why
    )
    name = ibis.coalesce(rows.dns_name, rows.netbios_name, rows.ip, "")
    return _told(rows, DOUBTED, rows.host, name, reason)


QUESTION = Question(
    name="unaligned",
    title="What did not fall into place",
    doc="Hosts in no list, lists without a host, shared addresses, joined and renamed hosts, and "
    "hosts that might be one on several consoles, with reasons.",
    columns=(
        text("console", "connection it came through"),
        text("kind", f"{NO_LIST}, {NO_HOST}, {SHARED}, {JOINED}, {RENAMED} or {DOUBTED}"),
        text("subject", "key of the host, number of the list, or the address"),
        text("name", "its name"),
        text("reason", "why"),
    ),
    ask=_ask,
)

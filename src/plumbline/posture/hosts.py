"""Hosts: one row for each aligned host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.posture import counts, risk, sources
from plumbline.posture.counted import combined_risk, number, sc_score, severities
from plumbline.posture.relation import Field, FieldKind, Relation, Source

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_TEXT, _INTEGER, _NUMBER = FieldKind.TEXT, FieldKind.INTEGER, FieldKind.NUMBER
_OPEN = "open"


def _addresses(estate: Estate, _: ir.Table | None) -> ir.Table:
    hosts = estate.table("hosts")
    return hosts.select("console", "host", value=hosts.ips.unnest())


FIELDS = (
    Field("console", _TEXT, "connection it came through"),
    Field("host", FieldKind.KEY, "key of the host"),
    Field("ip", FieldKind.ADDRESS, "address it was last seen at", shown=True),
    Field(
        "ips",
        FieldKind.ADDRESS,
        "every address known for it",
        each="addresses",
        names=("address",),
    ),
    Field("dns_name", _TEXT, "DNS name", names=("dns",), shown=True),
    Field("netbios_name", _TEXT, "NetBIOS name", names=("netbios",)),
    Field("mac", _TEXT, "MAC address"),
    Field("os", _TEXT, "operating system", shown=True),
    Field("host_uuid", _TEXT, "the console's id"),
    Field("agent_uuid", _TEXT, "the agent's id"),
    Field(
        "repositories",
        FieldKind.TEXTS,
        "repositories it is in",
        source="host_repositories",
        column="names",
        each="each_repository",
        names=("repository", "repo"),
    ),
    Field(
        "asset_lists",
        FieldKind.TEXTS,
        "asset lists it is in",
        source="lists",
        column="names",
        each="each_list",
        names=("asset_list", "list", "asset", "group"),
    ),
    Field("first_seen", FieldKind.TIME, "earliest finding", names=("first",)),
    Field("last_seen", FieldKind.TIME, "latest finding", names=("seen", "last"), shown=True),
    Field("acr", _NUMBER, "Asset Criticality Rating, 0 to 10"),
    Field("aes", _NUMBER, "Asset Exposure Score, 0 to 1000"),
    *severities(_OPEN),
    Field(
        "findings",
        _INTEGER,
        "open findings together",
        source=_OPEN,
        build=number(_OPEN, "findings"),
    ),
    sc_score(_OPEN),
    combined_risk(_OPEN, risk.HOST_SCALE, "how urgent it is, 0 to 10"),
    Field("credentialed", FieldKind.FLAG, "its last scan had credentials"),
    Field("rule", _TEXT, "rule that joined its names; `single` for one name"),
    Field("aliases", _INTEGER, "how many names the console has for it"),
)

HOSTS = Relation(
    name="hosts",
    doc="One row for each aligned host.",
    base=lambda estate: estate.table("hosts"),
    key=("console", "host"),
    fields=FIELDS,
    sources=(
        sources.LISTS,
        sources.EACH_LIST,
        sources.HOST_REPOSITORIES,
        sources.EACH_REPOSITORY,
        Source(name="addresses", keys=sources.HOST, build=_addresses, many=True),
        Source(name=_OPEN, keys=sources.HOST, build=lambda estate, _: counts.by_host(estate)),
    ),
    searched=("ip", "dns_name", "netbios_name", "os"),
    order=("-risk", "-findings"),
)

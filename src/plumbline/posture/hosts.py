"""Hosts: one row for each aligned host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.domain.finding import OPEN_STATES
from plumbline.posture import consoles, counts, score, sources
from plumbline.posture.counted import host_risk, number, sc_score, severities
from plumbline.posture.relation import Field, FieldKind, Relation, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

    Names = Callable[[Estate, ir.Table | None], ir.Table]
    Build = Callable[[Estate, ir.Table | None], ir.Table]

_TEXT, _INTEGER, _NUMBER = FieldKind.TEXT, FieldKind.INTEGER, FieldKind.NUMBER
_OPEN, _TWICE = "open", "twice"


_KEY = ("host",)
"""Whatever consoles see a host: it has one key."""


def _addresses(estate: Estate, _: ir.Table | None) -> ir.Table:
    hosts = consoles.hosts(estate)
    return hosts.select("host", value=hosts.ips.unnest())


def _consoles(estate: Estate, _: ir.Table | None) -> ir.Table:
    hosts = consoles.hosts(estate)
    return hosts.select("host", value=hosts.consoles.unnest())


def _names(each: Names) -> Build:
    """The values of each host as `names`, those of every console that sees it."""

    def build(estate: Estate, only: ir.Table | None) -> ir.Table:
        own = only if only is None else consoles.own_keys(estate, only)
        rows = consoles.shared(estate, each(estate, own)).select("host", "value")
        if consoles.joined(estate) is not None:
            rows = rows.distinct()
        return sources.collected(rows, *_KEY)

    return build


def _each(each: Names) -> Build:
    """One row for each value of a host, as `value`."""

    def build(estate: Estate, _: ir.Table | None) -> ir.Table:
        rows = sources.by_whole_name(estate, each(estate, None))
        return consoles.shared(estate, rows).select("host", "value")

    return build


def _each_plugin(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    """One row for each plugin with an open finding on a host, its number as `value`."""
    rows = consoles.shared(estate, _open(estate))
    return rows.select("host", value=rows.plugin_id.cast("string")).distinct()


def _each_cve(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    """One row for each CVE of an open finding on a host, as `value`."""
    rows = _open(estate).inner_join(sources.each_cve(estate), ["console", "plugin_id"])
    return consoles.shared(estate, rows.select("console", "host", "value")).select("host", "value")


def _open(estate: Estate) -> ir.Table:
    findings = estate.table("findings")
    rows = findings.filter(findings.state.isin(sorted(OPEN_STATES)))
    return rows.select("console", "host", "plugin_id")


def _of_host(each: Build) -> Build:
    """The values of each host together, as `names`; each once."""

    def build(estate: Estate, only: ir.Table | None) -> ir.Table:
        rows = each(estate, None).select("host", "value").distinct()
        rows = rows if only is None else rows.semi_join(only, "host")
        return sources.collected(rows, *_KEY)

    return build


def _twice(estate: Estate, _: ir.Table | None) -> ir.Table:
    rows = consoles.reported_twice(estate)
    return rows.group_by("host").aggregate(vulnerabilities=rows.count())


def _only_key(estate: Estate, key: str) -> tuple[str, ...]:
    return consoles.keys_of(estate, key)[:1]


def _base(estate: Estate) -> ir.Table:
    hosts = consoles.hosts(estate)
    return hosts.mutate(present=consoles.present(hosts), host_name=sources.host_name(hosts))


def _score(rows: ir.Table, _: Estate) -> ir.FloatingValue:
    return score.shown(score.of_hosts(rows.open__extent))


FIELDS = (
    Field(
        "console",
        _TEXT,
        "connection that saw it last; a filter asks for any that sees it",
        each="each_console",
    ),
    Field(
        "consoles",
        FieldKind.TEXTS,
        "connections that see it",
        each="each_console",
        tells_apart=True,
    ),
    Field("host", FieldKind.KEY, "key of the host", meant=_only_key),
    Field(
        "host_name",
        _TEXT,
        "what it is called: its DNS name, else its NetBIOS name, address or id",
        names=("hostname",),
        shown=True,
    ),
    Field("ip", FieldKind.ADDRESS, "address it was last seen at", shown=True),
    Field(
        "ips",
        FieldKind.ADDRESS,
        "every address known for it",
        each="addresses",
        names=("address",),
    ),
    Field("dns_name", _TEXT, "DNS name", names=("dns",)),
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
    Field(
        "reported_twice",
        _INTEGER,
        "open vulnerabilities that more than one console reports: same plugin, port and protocol",
        source=_TWICE,
        build=number(_TWICE, "vulnerabilities"),
    ),
    sc_score(_OPEN),
    host_risk(_OPEN),
    Field(
        "score",
        _NUMBER,
        "posture of the host, 0 to 100; 100 is best",
        source=_OPEN,
        build=_score,
    ),
    Field(
        "plugins",
        FieldKind.TEXTS,
        "numbers of the plugins with an open finding on it",
        source="host_plugins",
        column="names",
        each="each_plugin",
        names=("plugin", "plugin_id"),
        numbers=True,
        lengthy=True,
    ),
    Field(
        "cves",
        FieldKind.TEXTS,
        "CVE names of its open findings",
        source="host_cves",
        column="names",
        each="each_host_cve",
        names=("cve",),
        lengthy=True,
    ),
    Field("credentialed", FieldKind.FLAG, "its last scan had credentials"),
    Field("present", FieldKind.FLAG, "a console still has it; no for those that departed"),
    Field("rule", _TEXT, "rule that joined its names; `single` for one name"),
    Field("aliases", _INTEGER, "how many names the console has for it"),
)

HOSTS = Relation(
    name="hosts",
    doc="One row for each host, however many consoles see it.",
    base=_base,
    key=("console", "host"),
    fields=FIELDS,
    sources=(
        Source(name="lists", keys=_KEY, build=_names(sources.list_names), gathered=True),
        Source(
            name="each_list",
            keys=_KEY,
            build=_each(sources.list_names),
            many=True,
            qualified=True,
        ),
        Source(
            name="host_repositories",
            keys=_KEY,
            build=_names(sources.repository_names),
            gathered=True,
        ),
        Source(
            name="each_repository",
            keys=_KEY,
            build=_each(sources.repository_names),
            many=True,
            qualified=True,
        ),
        Source(name="addresses", keys=_KEY, build=_addresses, many=True),
        Source(name="each_console", keys=_KEY, build=_consoles, many=True),
        Source(name=_OPEN, keys=_KEY, build=lambda estate, _: counts.by_host(estate)),
        Source(name="host_plugins", keys=_KEY, build=_of_host(_each_plugin), gathered=True),
        Source(name="each_plugin", keys=_KEY, build=_each_plugin, many=True),
        Source(name="host_cves", keys=_KEY, build=_of_host(_each_cve), gathered=True),
        Source(name="each_host_cve", keys=_KEY, build=_each_cve, many=True),
        Source(name=_TWICE, keys=_KEY, build=_twice),
    ),
    searched=(
        "ips",
        "dns_name",
        "netbios_name",
        "mac",
        "os",
        "host_uuid",
        "agent_uuid",
        "asset_lists",
        "repositories",
        "plugins",
        "cves",
    ),
    order=("-risk", "-findings"),
    taken_along=("host_name", "ip"),
    ties=("-findings",),
)

"""Findings: one row for each instance, with what is known about its host and its plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import ACTIVE, STATE_GROUPS, Event, FindingState
from plumbline.posture import consoles, counts, risk, sla, sources
from plumbline.posture.relation import Field, FieldKind, Relation, Source

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate


def _base(estate: Estate) -> ir.Table:
    return estate.table("findings")


def _hosts(estate: Estate, _: ir.Table | None) -> ir.Table:
    names = ("dns_name", "netbios_name", "mac", "host_uuid", "os")
    hosts = estate.table("hosts")
    return hosts.select("console", "host", *names, name=sources.host_name(hosts))


_EVENT = ("console", "finding", "changed_run")
_PLUGIN_COLUMNS = (
    "name", "family", "vpr", "cvss4", "cvss3", "cvss2", "epss", "kev", "exploit", "cves", "xrefs",
    "synopsis", "description", "solution",
)  # fmt: skip


def _shared(estate: Estate, _: ir.Table | None) -> ir.Table:
    keys = consoles.joined(estate)
    if keys is None:
        return estate.table("hosts").select("console", "host", key="host")
    return keys.select("console", host="own", key="host")


def _host(rows: ir.Table, estate: Estate) -> ir.StringValue:
    if consoles.joined(estate) is None:
        return rows.host
    return ibis.coalesce(rows.shared__key, rows.host)


def _plugins(estate: Estate, _: ir.Table | None) -> ir.Table:
    return estate.table("plugins").select("console", "plugin_id", *_PLUGIN_COLUMNS)


def _addresses(estate: Estate, _: ir.Table | None) -> ir.Table:
    findings = estate.table("findings")
    # An aggregate, so that conditions are put to each address once and not pushed to each finding.
    return findings.group_by("console", "ip").aggregate(value=findings.ip.max())


def _events(estate: Estate, _: ir.Table | None) -> ir.Table:
    return estate.table("events").select("console", "finding", changed_run="run", value="event")


def _last_event(estate: Estate, only: ir.Table | None) -> ir.Table:
    rows = _events(estate, None)
    if only is not None:
        rows = rows.semi_join(only, list(_EVENT))
    return rows.group_by(*_EVENT).aggregate(value=rows.value.max())


def _outputs(estate: Estate, _: ir.Table | None) -> ir.Table:
    return estate.table("outputs").select("console", "output", "text")


def _weights(estate: Estate, _: ir.Table | None) -> ir.Table:
    return counts.weights(estate)


def _risk(rows: ir.Table, _: Estate) -> ir.FloatingValue:
    exact = risk.of_finding(
        rows.severity, rows.weights__impact, rows.weights__slope, rows.weights__lift
    )
    return risk.shown(exact)


def _age(rows: ir.Table, estate: Estate) -> ir.IntegerValue:
    return estate.days_since(rows, "first_seen", "fixed_at")


def _due(rows: ir.Table, estate: Estate) -> ir.TimestampValue:
    return sla.due(rows, estate.deadlines)


def _exploitable(rows: ir.Table, _: Estate) -> ir.BooleanValue:
    known = rows.plugins__exploit | rows.plugins__kev
    return known.fill_null(False)  # noqa: FBT003 - the engine's signature


def _severity(rows: ir.Table, _: Estate) -> ir.StringValue:
    return counts.severity_word(rows.severity)


def _severity_rank(rows: ir.Table, _: Estate) -> ir.IntegerValue:
    return rows.severity


_TEXT, _INTEGER, _NUMBER = FieldKind.TEXT, FieldKind.INTEGER, FieldKind.NUMBER
_FLAG, _TIME, _TEXTS = FieldKind.FLAG, FieldKind.TIME, FieldKind.TEXTS

FIELDS = (
    Field("console", _TEXT, "connection it came through", tells_apart=True),
    Field("repository_id", _INTEGER, "number of the repository", local=True),
    Field(
        "repository",
        _TEXT,
        "name of the repository",
        source="repository",
        column="name",
        each="each_repository_name",
        names=("repo",),
    ),
    Field("finding", FieldKind.KEY, "key of the finding"),
    Field(
        "severity",
        FieldKind.SEVERITY,
        "effective severity",
        build=_severity,
        rank=_severity_rank,
        needs=("severity",),
        shown=True,
    ),
    Field(
        "state",
        FieldKind.WORD,
        "state of the finding; active is open and reopened, which every number calls open",
        words=tuple(FindingState),
        groups=STATE_GROUPS,
        shown=True,
    ),
    Field(
        "risk",
        _NUMBER,
        "how urgent it is, 0 to 10",
        source="weights",
        build=_risk,
        needs=("severity",),
        shown=True,
    ),
    Field(
        "host",
        FieldKind.KEY,
        "key of the host; one for all consoles that see it",
        source="shared",
        build=_host,
        needs=("host",),
        meant=consoles.keys_of,
    ),
    Field(
        "host_name",
        _TEXT,
        "what the host is called: its DNS name, else its NetBIOS name, address or id",
        source="hosts",
        column="name",
        names=("hostname",),
        shown=True,
    ),
    Field("ip", FieldKind.ADDRESS, "address of the host", each="addresses", shown=True),
    Field("dns_name", _TEXT, "DNS name of the host", source="hosts", names=("dns",)),
    Field("netbios_name", _TEXT, "NetBIOS name of the host", source="hosts", names=("netbios",)),
    Field("mac", _TEXT, "MAC address of the host", source="hosts"),
    Field("host_uuid", _TEXT, "the console's id of the host", source="hosts"),
    Field("os", _TEXT, "operating system of the host", source="hosts"),
    Field(
        "asset_lists",
        _TEXTS,
        "asset lists the host is in",
        source="lists",
        column="names",
        each="each_list",
        names=("asset_list", "list", "asset", "group"),
    ),
    Field("plugin_id", _INTEGER, "number of the plugin", names=("plugin",), shown=True),
    Field(
        "plugin_name",
        _TEXT,
        "name of the plugin",
        source="plugins",
        column="name",
        names=("name",),
        shown=True,
    ),
    Field("family", _TEXT, "family of the plugin", source="plugins"),
    Field("port", _INTEGER, "port; 0 is the host itself", shown=True),
    Field("protocol", FieldKind.WORD, "protocol", words=("TCP", "UDP", "ICMP", "UNKNOWN")),
    Field("accepted", _FLAG, "covered by an accept-risk rule"),
    Field("recast", _FLAG, "severity set by a recast rule"),
    Field("mitigated_before", _FLAG, "it had been mitigated once before"),
    Field("first_seen", _TIME, "first observed by a scan", names=("first",)),
    Field("last_seen", _TIME, "last observed by a scan", names=("seen", "last")),
    Field("fixed_at", _TIME, "when it was fixed", names=("fixed",)),
    Field(
        "age_days",
        FieldKind.DAYS,
        "days since first seen, up to the snapshot or the day it was fixed",
        build=_age,
        needs=("first_seen", "fixed_at"),
        names=("age",),
        shown=True,
    ),
    Field(
        "due_at",
        _TIME,
        "by when it should be fixed: so many days after first seen, by its severity",
        build=_due,
        needs=("severity", "first_seen"),
        names=("due",),
    ),
    Field(
        "sla",
        FieldKind.WORD,
        "how it stands to that: overdue or within while it is open, met or missed once fixed",
        build=sla.standing,
        needs=("severity", "first_seen", "fixed_at", "state"),
        words=tuple(sla.Standing),
    ),
    Field("vpr", _NUMBER, "Vulnerability Priority Rating, 0 to 10", source="plugins"),
    Field("cvss4", _NUMBER, "CVSS 4 base score", source="plugins"),
    Field("cvss3", _NUMBER, "CVSS 3 base score", source="plugins", names=("cvss",)),
    Field("cvss2", _NUMBER, "CVSS 2 base score", source="plugins"),
    Field("epss", _NUMBER, "chance of exploitation, 0 to 1", source="plugins"),
    Field("kev", _FLAG, "in CISA's catalogue of exploited ones", source="plugins"),
    Field("exploit", _FLAG, "an exploit is available", source="plugins"),
    Field(
        "exploitable",
        _FLAG,
        "an exploit is available, or it is in KEV",
        source="plugins",
        build=_exploitable,
    ),
    Field("cves", _TEXTS, "CVE names", source="plugins", each="each_cve", names=("cve",)),
    Field(
        "xrefs",
        _TEXTS,
        "cross references such as IAVA #2021-A-0573",
        source="plugins",
        each="each_xref",
        names=("xref",),
    ),
    Field("synopsis", _TEXT, "what it is, in a sentence", source="plugins", lengthy=True),
    Field("solution", _TEXT, "how to fix it", source="plugins", lengthy=True),
    Field(
        "output", _TEXT, "what the plugin printed", source="outputs", column="text", lengthy=True
    ),
    Field("opened_run", _INTEGER, "run that first showed it"),
    Field("changed_run", _INTEGER, "run that last changed its state, severity or recast mark"),
    Field(
        "last_event",
        FieldKind.WORD,
        "what happened to it at that run; empty where its events are no longer kept",
        source="last_event",
        column="value",
        each="each_event",
        words=tuple(Event),
        lengthy=True,
    ),
)

FINDINGS = Relation(
    name="findings",
    doc="One row for each finding: host, plugin, port and protocol.",
    base=_base,
    # What the console tells findings apart by. Our own key would be shorter to write, but to read
    # it for every row costs more than all the rest of a page.
    key=("console", "alias", "plugin_id", "port", "protocol"),
    fields=FIELDS,
    sources=(
        sources.REPOSITORY,
        sources.EACH_REPOSITORY_NAME,
        sources.LISTS,
        sources.EACH_LIST,
        sources.EACH_CVE,
        sources.EACH_XREF,
        Source(name="hosts", keys=sources.HOST, build=_hosts),
        Source(
            name="shared",
            keys=sources.HOST,
            build=_shared,
            idle=lambda estate: consoles.joined(estate) is None,
        ),
        Source(name="plugins", keys=("console", "plugin_id"), build=_plugins),
        Source(name="weights", keys=("console", "plugin_id"), build=_weights),
        Source(name="outputs", keys=("console", "output"), build=_outputs),
        Source(name="addresses", keys=("console", "ip"), build=_addresses),
        Source(name="last_event", keys=_EVENT, build=_last_event, gathered=True),
        Source(name="each_event", keys=_EVENT, build=_events, many=True),
    ),
    searched=(
        "plugin_name", "plugin_id", "cves", "xrefs", "family", "ip", "dns_name", "netbios_name",
        "mac", "host_uuid", "os", "asset_lists", "repository",
    ),
    order=("-severity", "-risk", "-last_seen"),
    taken_along=("host_name", "ip", "cves", "solution"),
    default=f"state:{ACTIVE}",
    settling=("state", "finding", "accepted", "fixed_at", "sla", "changed_run", "last_event"),
)  # fmt: skip

"""What do several consoles see alike?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import consoles, counts
from plumbline.posture.questions.interface import Question, number, text
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_NAMES = ("ip", "dns_name", "os", "last_seen")


def _across(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    own = estate.table("hosts").select("console", *_NAMES, own="host")
    keys = consoles.joined(estate)
    if keys is None:
        none = own.limit(0)
        rows = none.mutate(host=none.own, rule=none.own, evidence=none.own)
    else:
        rows = keys.inner_join(own, ["console", "own"])
    return rows.select(*(column.name for column in ACROSS.columns)).order_by("host", "console")


def _twice(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    rows = consoles.reported_twice(estate)
    hosts = consoles.hosts(estate).select("host", "consoles", "ip", "dns_name")
    rows = rows.inner_join(hosts, "host")
    plugins = estate.table("plugins")
    # Two consoles may know different versions of a plugin; its name is the same or nearly so.
    plugins = plugins.group_by("plugin_id").aggregate(plugin_name=plugins.name.max())
    rows = rows.left_join(plugins, "plugin_id", rname="plugin__{name}")
    worst = rows.severity
    rows = rows.mutate(severity=counts.severity_word(worst), rank=worst)
    rows = rows.order_by(ibis.desc(rows["rank"]), "host", *consoles.VULNERABILITY)
    return rows.select(*(column.name for column in TWICE.columns))


ACROSS = Question(
    name="across-consoles",
    title="Hosts that several consoles see",
    doc="How each console knows a host that several see, and by which rule they were joined.",
    columns=(
        text("host", "key of the host, one for all consoles"),
        text("console", "connection that sees it"),
        text("own", "key of the host there"),
        text("ip", "its address there"),
        text("dns_name", "its DNS name there"),
        text("os", "its operating system there"),
        Heading("last_seen", FieldKind.TIME, "when it was last seen there"),
        text("rule", "rule that joined it: host-uuid, agent-uuid or dns-and-ip"),
        text("evidence", "the value it shares with another console's host"),
    ),
    ask=_across,
)

TWICE = Question(
    name="reported-twice",
    title="Open vulnerabilities that several consoles report",
    doc="Open vulnerabilities that more than one console reports of the same host: they are "
    "findings of each console, and count once for each of them.",
    columns=(
        text("host", "key of the host"),
        Heading("consoles", FieldKind.TEXTS, "connections that see the host"),
        text("ip", "address of the host"),
        text("dns_name", "DNS name of the host"),
        Heading("severity", FieldKind.SEVERITY, "worst of the findings' severities"),
        number("plugin_id", "number of the plugin"),
        text("plugin_name", "name of the plugin"),
        number("port", "port"),
        text("protocol", "protocol"),
        number("reports", "findings that tell of it"),
    ),
    ask=_twice,
)

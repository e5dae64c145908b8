"""Which hosts and which plugins are worst?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.posture import explore, filters
from plumbline.posture.hosts import HOSTS
from plumbline.posture.plugins import PLUGINS
from plumbline.posture.questions.interface import LIMIT, Question, headings, limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

FOUND = filters.parse("findings:>0")
_HOST = (
    "host", "host_name", "ip", "dns_name", "os", "critical", "high", "medium", "low", "info",
    "risk", "sc_score",
)  # fmt: skip
_PLUGIN = (
    "plugin_id", "name", "family", "severity", "risk", "hosts", "findings", "kev", "exploit"
)  # fmt: skip


def _hosts(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    columns = ("consoles", *_HOST) if estate.several else _HOST
    request = explore.Request(query=FOUND, columns=columns, limit=limit(arguments))
    return explore.page(HOSTS, estate, request)


def _plugins(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    order = ("-risk",)
    columns = ("console", *_PLUGIN) if estate.several else _PLUGIN
    request = explore.Request(query=FOUND, columns=columns, order=order, limit=limit(arguments))
    return explore.page(PLUGINS, estate, request)


TOP_HOSTS = Question(
    name="top-hosts",
    title="Hosts with the highest risk",
    doc="The hosts to look at first, by risk.",
    columns=headings(HOSTS, _HOST),
    beside=headings(HOSTS, ("consoles",)),
    ask=_hosts,
    parameters=(LIMIT,),
)

TOP_PLUGINS = Question(
    name="top-plugins",
    title="Plugins with the highest risk",
    doc="The plugins to look at first, by risk and then by how many hosts they concern.",
    columns=headings(PLUGINS, _PLUGIN),
    beside=headings(PLUGINS, ("console",)),
    ask=_plugins,
    parameters=(LIMIT,),
)

"""Counts of open findings: one definition, from which every number of every page is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import risk
from plumbline.terms.finding import OPEN_STATES
from plumbline.terms.severity import Severity

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

WORST_FIRST = tuple(sorted(Severity, reverse=True))
PLUGIN = ["console", "plugin_id"]
WORDS = tuple(severity.word for severity in WORST_FIRST)


def open_findings(estate: Estate) -> ir.Table:
    """The findings that stand against a host: open or reopened; accepted ones apart."""
    findings = estate.table("findings")
    return findings.filter(findings.state.isin(sorted(OPEN_STATES)))


def by_severity(rows: ir.Table) -> dict[str, ir.IntegerScalar]:
    """How many rows there are of each severity, worst first, under the severity's word."""
    return {s.word: rows.count(where=rows.severity == int(s)) for s in WORST_FIRST}


def severity_word(severity: ir.IntegerValue) -> ir.StringValue:
    """The word of a severity's number."""
    return ibis.cases(*((severity == int(s), s.word) for s in Severity))


def weights(estate: Estate) -> ir.Table:
    """What each plugin brings to the risk of its findings."""
    plugins = estate.table("plugins")
    return plugins.select("console", "plugin_id", **risk.weights(plugins))


def _weighed(estate: Estate) -> ir.Table:
    """Open findings with `risk`, the exact one."""
    findings = open_findings(estate).select("console", "host", "plugin_id", "severity")
    rows = findings.left_join(weights(estate), PLUGIN, rname="plugin__{name}")
    exact = risk.of_finding(rows.severity, rows.impact, rows.slope, rows.lift)
    return rows.select("console", "host", "severity", risk=exact)


def by_host(estate: Estate) -> ir.Table:
    """One row for each host with an open finding: counts, and what its risk is made of."""
    return estate.summed("by_host", _by_host)


def _by_host(estate: Estate) -> ir.Table:
    rows = _weighed(estate)
    return rows.group_by("console", "host").aggregate(
        **by_severity(rows),
        findings=rows.count(),
        worst=rows.risk.max(),
        extent=risk.extent(rows.risk).sum(),
    )


def host_risk(rows: ir.Table) -> ir.FloatingValue:
    """Exact risk of the rows of `by_host`."""
    return risk.combined(rows.worst, rows.extent, risk.HOST_SCALE)


def by_plugin(estate: Estate) -> ir.Table:
    """One row for each plugin with an open finding: findings, hosts and worst severity."""
    return estate.summed("by_plugin", _by_plugin)


def _by_plugin(estate: Estate) -> ir.Table:
    rows = open_findings(estate)
    return rows.group_by("console", "plugin_id").aggregate(
        findings=rows.count(), hosts=rows.host.nunique(), severity=rows.severity.max()
    )


def by_list(estate: Estate) -> ir.Table:
    """One row for each asset list with a member: its hosts, their counts and its risk."""
    hosts = by_host(estate)
    hosts = hosts.mutate(risk=host_risk(hosts))
    members = estate.table("memberships").select("console", "list_id", "host")
    rows = members.left_join(hosts, ["console", "host"], rname="counted__{name}")
    return rows.group_by("console", "list_id").aggregate(
        **{word: rows[word].sum() for word in (*WORDS, "findings")},
        hosts=rows.count(),
        worst=rows.risk.max(),
        extent=risk.extent(rows.risk).sum(),
    )


def list_risk(rows: ir.Table) -> ir.FloatingValue:
    """Exact risk of the rows of `by_list`."""
    return risk.combined(rows.worst, rows.extent, risk.LIST_SCALE)

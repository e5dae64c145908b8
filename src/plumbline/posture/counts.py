"""Counts of open findings: one definition, from which every number of every page is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import OPEN_STATES
from plumbline.domain.severity import Severity
from plumbline.posture import consoles, risk, score

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

WORST_FIRST = tuple(sorted(Severity, reverse=True))
PLUGIN = ["console", "plugin_id"]
PLACE = ["console", "repository_id", "host"]
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


def by_place(estate: Estate) -> ir.Table:
    """One row for each host in each repository with an open finding there.

    Counts, and what risk is made of. Numbers of hosts, lists and repositories all come from here.
    """
    return estate.summed("by_place", _by_place)


def _by_place(estate: Estate) -> ir.Table:
    found = open_findings(estate).select(*PLACE, "plugin_id", "severity")
    rows = found.left_join(weights(estate), PLUGIN, rname="plugin__{name}")
    exact = risk.of_finding(rows.severity, rows.impact, rows.slope, rows.lift)
    rows = rows.select(*PLACE, "severity", risk=exact)
    return rows.group_by(*PLACE).aggregate(
        **by_severity(rows),
        findings=rows.count(),
        worst=rows.risk.max(),
        extent=risk.extent(rows.risk).sum(),
    )


def by_host(estate: Estate) -> ir.Table:
    """One row for each host with an open finding: counts, and what its risk is made of.

    A host that several consoles see is one host, with the findings of all of them.
    """
    return _of_hosts(consoles.shared(estate, by_place(estate)), "host")


def by_own_host(estate: Estate) -> ir.Table:
    """The same for each host of each console on its own."""
    return _of_hosts(by_place(estate), "console", "host")


def _of_hosts(rows: ir.Table, *keys: str) -> ir.Table:
    return rows.group_by(*keys).aggregate(
        **_sums(rows), worst=rows.worst.max(), extent=rows.extent.sum()
    )


def by_repository(estate: Estate) -> ir.Table:
    """One row for each repository with an open finding: counts and hosts."""
    rows = by_place(estate)
    return rows.group_by("console", "repository_id").aggregate(**_sums(rows), hosts=rows.count())


def host_risk(rows: ir.Table) -> ir.FloatingValue:
    """Exact risk of the rows of `by_own_host` with the host's `acr` beside them."""
    together = risk.combined(rows.worst, rows.extent, risk.HOST_SCALE)
    return risk.weighed(together, rows.acr)


def by_plugin(estate: Estate) -> ir.Table:
    """One row for each plugin with an open finding: counts, hosts and worst severity."""
    return estate.summed("by_plugin", _by_plugin)


def _by_plugin(estate: Estate) -> ir.Table:
    rows = open_findings(estate)
    return rows.group_by(*PLUGIN).aggregate(
        **by_severity(rows),
        findings=rows.count(),
        hosts=rows.host.nunique(),
        severity=rows.severity.max(),
    )


def by_family(estate: Estate) -> ir.Table:
    """One row for each plugin family with an open finding: counts and hosts."""
    return estate.summed("by_family", _by_family)


def _by_family(estate: Estate) -> ir.Table:
    families = estate.table("plugins").select(*PLUGIN, "family")
    rows = open_findings(estate).select(*PLUGIN, "host", "severity")
    rows = rows.left_join(families, PLUGIN, rname="plugin__{name}")
    hosts = rows.group_by("console", "family", "host").aggregate(
        **by_severity(rows), findings=rows.count()
    )
    return hosts.group_by("console", "family").aggregate(**_sums(hosts), hosts=hosts.count())


def by_list(estate: Estate) -> ir.Table:
    """One row for each asset list with a member: its hosts, their counts and its risk.

    A list is its console's own, and so is what is counted on its hosts.
    """
    return estate.summed("by_list", _by_list)


def _by_list(estate: Estate) -> ir.Table:
    known = estate.table("hosts").select("console", "host", "acr")
    hosts = by_own_host(estate).left_join(known, ["console", "host"], rname="known__{name}")
    hosts = hosts.mutate(risk=host_risk(hosts), burden=hosts.extent)
    members = estate.table("memberships").select("console", "list_id", "host")
    members = members.anti_join(consoles.departed(estate), ["console", "host"])
    rows = members.left_join(hosts, ["console", "host"], rname="counted__{name}")
    return rows.group_by("console", "list_id").aggregate(
        **_sums(rows),
        hosts=rows.count(),
        worst=rows.risk.max(),
        extent=risk.extent(rows.risk).sum(),
        score=score.of_scope(rows.burden),
    )


def _sums(rows: ir.Table) -> dict[str, ir.IntegerScalar]:
    """Counts added up; 0 where there is nothing to add."""
    return {word: rows[word].sum().fill_null(0).cast("int64") for word in (*WORDS, "findings")}

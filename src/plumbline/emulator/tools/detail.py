"""The tools that name hosts: `iplist`, `vulnipdetail`, `cveipdetail` and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.addresses import runs
from plumbline.emulator.tools.sums import reference_rows
from plumbline.emulator.tools.tally import Bare, Table, Tally
from plumbline.emulator.wire import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plumbline.emulator.hosts import Host


def ip_list(tally: Tally) -> Bare:
    """Addresses and ranges of all hosts, numbered; neither totals nor pages."""
    hosts = tally.scope.view.stock.hosts.items
    ranges = runs({hosts[place].ip for place in np.unique(tally.rows.host).tolist()})
    written = [first if first == last else f"{first}-{last}" for first, last in ranges]
    return Bare(response={**{str(n): text for n, text in enumerate(written)}, "results": None})


def systems(tally: Tally) -> Table:
    """Operating systems and how many hosts run them."""
    hosts = tally.scope.view.stock.hosts.items
    counts: dict[str, int] = {}
    for place in np.unique(tally.rows.host).tolist():
        if system := hosts[place].system:
            counts[system] = counts.get(system, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    results = [{"count": str(n), "detectionMethod": "Active", "name": name} for name, n in ranked]
    return Table(results=results, elements=str(sum(counts.values())))


def vulnerable_hosts(*, summary: bool) -> Callable[[Tally], Table]:
    """A tool with a row for each plugin and the hosts that have it."""

    def tool(tally: Tally) -> Table:
        plugins, rows = tally.scope.view.stock.plugins.items, tally.rows
        hosts = tally.scope.view.stock.hosts.items
        results = []
        for place, having in tally.split(rows.plugin).items():
            plugin = plugins[place]
            found = [hosts[n] for n in np.unique(rows.host[having]).tolist()]
            results.append(
                {
                    "pluginID": str(plugin.id),
                    "total": str(len(having)),
                    "severity": SEVERITIES[int(rows.severity[having].max())],
                    "name": plugin.name,
                    "pluginDescription": plugin.description,
                    "hosts": _summaries(found) if summary else _details(found),
                    "family": plugin.family.wire(),
                }
            )
        return Table(results=results, elements=str(len(results)))

    return tool


def _by_repository(hosts: Iterable[Host]) -> dict[int, list[Host]]:
    grouped: dict[int, list[Host]] = {}
    for host in hosts:
        grouped.setdefault(host.repository.id, []).append(host)
    return grouped


def _named(host: Host) -> dict[str, str]:
    return {
        "ip": host.ip,
        "uuid": host.uuid,
        "macAddress": host.mac,
        "netbiosName": host.netbios,
        "dnsName": host.dns,
    }


def _details(hosts: Iterable[Host]) -> list[dict[str, Any]]:
    return [
        {"iplist": [_named(host) for host in group], "repository": group[0].repository.brief()}
        for group in _by_repository(hosts).values()
    ]


def _summaries(hosts: Iterable[Host]) -> list[dict[str, Any]]:
    return [
        {
            "iplist": ",".join(
                first if first == last else f"{first}-{last}"
                for first, last in runs({host.ip for host in group})
            ),
            "uuidIPsList": ",".join(host.uuid for host in group if host.uuid),
            "repository": group[0].repository.brief(),
        }
        for group in _by_repository(hosts).values()
    ]


def cross_hosts(name: str) -> Callable[[Tally], Table]:
    """A tool with a row for each CVE or bulletin and the hosts that have it."""

    def tool(tally: Tally) -> Table:
        hosts, rows = tally.scope.view.stock.hosts.items, tally.rows
        results = []
        for reference, places in sorted(reference_rows(tally, name).items()):
            found = [hosts[n] for n in np.unique(rows.host[places]).tolist()]
            groups = [
                {"repositoryID": str(repository), "iplist": [_named(host) for host in group]}
                for repository, group in _by_repository(found).items()
            ]
            results.append({name: reference, "total": str(len(places)), "hosts": groups})
        return Table(results=results, elements=str(len(results)))

    return tool

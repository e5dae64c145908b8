"""The tools named `sum…`: rows counted by severity, host, plugin, list, and so on."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.addresses import number
from plumbline.emulator.tools.tally import Table, Tally, scored, worst
from plumbline.emulator.wire import PROTOCOLS, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.emulator.findings import Ints
    from plumbline.emulator.hosts import Host
    from plumbline.emulator.plugins import Plugin


def by_severity(tally: Tally) -> Table:
    """Five rows from critical to info."""
    counts = tally.severities()
    results = [{"severity": SEVERITIES[n], "count": str(counts[n])} for n in (4, 3, 2, 1, 0)]
    return Table(results=results, elements=tally.elements(score=False))


def by_host(tally: Tally) -> Table:
    """A row for each host of each repository."""
    hosts = tally.scope.view.stock.hosts.items
    keys, counts = tally.grouped(tally.rows.host)
    pairs = zip(keys.tolist(), counts, strict=True)
    results = [_host(hosts[place], count) for place, count in pairs]
    return Table(results=results, elements=tally.elements())


def host_summary(tally: Tally, place: int) -> dict[str, Any]:
    """The row of one host, whether or not it has findings."""
    host = tally.scope.view.stock.hosts.items[place]
    severity = tally.rows.severity[tally.rows.host == place]
    return _host(host, np.bincount(severity, minlength=5))


def _host(host: Host, counts: Ints) -> dict[str, Any]:
    return {
        "ip": host.ip,
        "uuid": host.uuid,
        **scored(counts),
        "macAddress": host.mac,
        "policyName": host.policy,
        "pluginSet": host.plugin_set,
        "netbiosName": host.netbios,
        "dnsName": host.dns,
        "osCPE": host.cpe,
        "biosGUID": host.bios,
        "tpmID": "",
        "mcafeeGUID": "",
        "lastAuthRun": str(host.credentialed or ""),
        "lastUnauthRun": str(host.uncredentialed or ""),
        "uniqueness": host.identity,
        "hostUniqueness": host.identity,
        "hostUUID": host.host_uuid,
        "acrScore": host.acr,
        "keyDrivers": host.drivers,
        "assetExposureScore": host.exposure,
        "repository": host.repository.brief(),
    }


def by_plugin(tally: Tally) -> Table:
    """A row for each plugin, with the worst severity it has after recasts."""
    plugins = tally.scope.view.stock.plugins.items
    keys, counts = tally.grouped(tally.rows.plugin)
    hosts = tally.hosts_by(tally.rows.plugin)
    results = [
        _plugin(plugins[place], count, hosts[place])
        for place, count in zip(keys.tolist(), counts, strict=True)
    ]
    return Table(results=results, elements=tally.elements(last=sum(hosts.values())))


def _plugin(plugin: Plugin, counts: Ints, hosts: int) -> dict[str, Any]:
    return {
        "pluginID": str(plugin.id),
        "total": str(int(counts.sum())),
        "severity": SEVERITIES[worst(counts)],
        "vprScore": plugin.vpr_score,
        "vprContext": plugin.vpr_context,
        "name": plugin.name,
        "hostTotal": str(hosts),
        "family": plugin.family.wire(),
    }


def by_asset(tally: Tally) -> Table:
    """A row for each asset list, also those without findings."""
    rows, results = tally.rows, []
    sums = np.zeros(5, dtype=np.int64)
    for one in tally.scope.view.lists:
        inside = tally.scope.memberships.of(one.id)[rows.host]
        counts = np.bincount(rows.severity[inside], minlength=5)
        sums += counts
        asset = {"id": str(one.id), "name": one.name, "description": one.description}
        results.append({**scored(counts), "asset": {**asset, "type": one.kind, "status": "0"}})
    parts = (sums.sum(), *sums[::-1], scored(sums)["score"])
    return Table(results=results, elements=":".join(map(str, parts)))


def _summed(
    tally: Tally, keys: Ints, describe: Callable[[int], dict[str, Any]], *, first: bool = True
) -> Table:
    unique, counts = tally.grouped(keys)
    results = []
    for key, count in zip(unique.tolist(), counts, strict=True):
        named, sums = describe(key), scored(count)
        results.append(named | sums if first else sums | named)
    return Table(results=results, elements=tally.elements())


def by_family(tally: Tally) -> Table:
    """A row for each plugin family."""
    plugins = tally.scope.view.stock.plugins.items
    families = {plugin.family.id: plugin.family for plugin in plugins}
    ids = np.fromiter((p.family.id for p in plugins), dtype=np.int64, count=len(plugins))
    keys = ids[tally.rows.plugin]
    return _summed(tally, keys, lambda key: {"family": families[key].wire()}, first=False)


def by_port(tally: Tally) -> Table:
    """A row for each port."""
    return _summed(tally, tally.rows.port, lambda port: {"port": str(port)})


def by_protocol(tally: Tally) -> Table:
    """A row for each protocol, written `TCP(6)`."""
    names = tally.rows.protocol
    return _summed(tally, names, lambda n: {"protocol": f"{PROTOCOLS.get(n, str(n))}({n})"})


def by_name(tally: Tally) -> Table:
    """A row for each DNS name of each repository."""
    return _by_text(tally, lambda host: host.dns, "dnsName")


def by_network(bits: int, bits6: int) -> Callable[[Tally], Table]:
    """A tool with a row for each network of this size in each repository."""

    def network(host: Host) -> str:
        found = number(host.ip)
        if found is None:
            return host.ip
        version, value = found
        return _network(value, 32, bits) if version == 4 else _network(value, 128, bits6)  # noqa: PLR2004

    return lambda tally: _by_text(tally, network, "ip")


def _network(value: int, width: int, bits: int) -> str:
    low = value >> (width - bits) << (width - bits)
    return f"{IPv4Address(low) if width == 32 else IPv6Address(low)}/{bits}"  # noqa: PLR2004


def _by_text(tally: Tally, read: Callable[[Host], str], name: str) -> Table:
    hosts = tally.scope.view.stock.hosts.items
    groups: dict[tuple[str, int], int] = {}
    of_host = [groups.setdefault((read(h), h.repository.id), len(groups)) for h in hosts]
    texts = {place: text for (text, _), place in groups.items()}
    repositories = {groups[read(h), h.repository.id]: h.repository for h in hosts}
    keys = np.array(of_host, dtype=np.int64)[tally.rows.host]
    table = _summed(tally, keys, lambda key: {name: texts[key], "": key})
    results = [_with_repository(row, repositories[row[""]].brief()) for row in table.results]
    return Table(results=results, elements=table.elements)


def _with_repository(row: dict[str, Any], repository: dict[str, str]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key} | {"repository": repository}


REFERENCES: dict[str, Callable[[Plugin], tuple[str, ...]]] = {
    "cveID": lambda plugin: plugin.cves,
    "iavmID": lambda plugin: _numbered(plugin, ("IAVA #", "IAVB #", "IAVT #")),
    "msbulletinID": lambda plugin: _numbered(plugin, ("MSFT #",)),
    "cceID": lambda plugin: _numbered(plugin, ("CCE #",)),
}


def _numbered(plugin: Plugin, kinds: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(xref.partition("#")[2] for xref in plugin.xrefs if xref.startswith(kinds))


def reference_rows(tally: Tally, name: str) -> dict[str, Ints]:
    """For each CVE (or bulletin, …) the places of its rows among those that passed."""
    plugins = tally.scope.view.stock.plugins.items
    found: dict[str, list[Ints]] = {}
    for plugin, rows in tally.split(tally.rows.plugin).items():
        for reference in dict.fromkeys(REFERENCES[name](plugins[plugin])):
            found.setdefault(reference, []).append(rows)
    return {reference: np.concatenate(parts) for reference, parts in found.items()}


def by_cross_reference(name: str) -> Callable[[Tally], Table]:
    """A tool with a row for each CVE or bulletin, those with most findings first."""

    def summary(tally: Tally) -> Table:
        rows = tally.rows
        found = reference_rows(tally, name)
        ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        results: list[dict[str, Any]] = [
            {
                name: reference,
                "severity": SEVERITIES[int(rows.severity[places].max())],
                "total": str(len(places)),
                "hostTotal": str(len(np.unique(rows.host[places]))),
            }
            for reference, places in ranked
        ]
        total = sum(int(row["total"]) for row in results)
        hosts = sum(int(row["hostTotal"]) for row in results)
        return Table(results=results, elements=f"{total}:0:0:0:0:0:0:{hosts}")

    return summary

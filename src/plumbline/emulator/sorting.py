"""Sorting results by one field; the order among equals is that of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.addresses import number
from plumbline.emulator.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.emulator.filters import Scope
    from plumbline.emulator.findings import Ints
    from plumbline.emulator.hosts import Host
    from plumbline.emulator.plugins import Plugin

_COLUMNS = {
    "severity": "severity",
    "port": "port",
    "protocol": "protocol",
    "firstSeen": "first",
    "lastSeen": "last",
}
_BY_PLUGIN: dict[str, Callable[[Plugin], Any]] = {
    "pluginID": lambda plugin: plugin.id,
    "pluginName": lambda plugin: plugin.name,
    "name": lambda plugin: plugin.name,
    "family": lambda plugin: plugin.family.name,
    "vprScore": lambda plugin: float(plugin.vpr_score or 0),
    "baseScore": lambda plugin: float(plugin.base_score or 0),
    "cvssV3BaseScore": lambda plugin: float(plugin.v3_base_score or 0),
    "epssScore": lambda plugin: float(plugin.epss_score or 0),
    "exploitAvailable": lambda plugin: plugin.exploit_available,
    "pluginPubDate": lambda plugin: plugin.plugin_published,
    "pluginModDate": lambda plugin: plugin.plugin_modified,
    "vulnPubDate": lambda plugin: plugin.vuln_published,
    "patchPubDate": lambda plugin: plugin.patch_published,
}
_BY_HOST: dict[str, Callable[[Host], Any]] = {
    "ip": lambda host: number(host.ip) or (0, 0),
    "uuid": lambda host: host.uuid,
    "hostUUID": lambda host: host.host_uuid,
    "dnsName": lambda host: host.dns,
    "netbiosName": lambda host: host.netbios,
    "macAddress": lambda host: host.mac,
    "operatingSystem": lambda host: host.system,
    "repository": lambda host: host.repository.id,
    "acrScore": lambda host: float(host.acr or 0),
    "assetExposureScore": lambda host: float(host.exposure or 0),
}


def arrange_rows(scope: Scope, places: Ints, field: str, *, descending: bool) -> Ints:
    """Places of findings in the order of a field of `vulndetails`.

    Raises:
        Refusal: 146, there is no such field to sort by.
    """
    rows = scope.findings
    if field in _COLUMNS:
        keys = getattr(rows, _COLUMNS[field])[places]
    elif field in _BY_PLUGIN:
        keys = _ranks(scope.view.stock.plugins.items, _BY_PLUGIN[field])[rows.plugin[places]]
    elif field in _BY_HOST:
        keys = _ranks(scope.view.stock.hosts.items, _BY_HOST[field])[rows.host[places]]
    else:
        raise _unknown(field)
    order = np.argsort(-keys.astype(np.int64) if descending else keys, kind="stable")
    return np.asarray(places[order])


def _ranks(items: list[Any], read: Callable[[Any], Any]) -> Ints:
    """For each item its place in the order, the same for equals."""
    values = [read(item) for item in items]
    rank = {value: place for place, value in enumerate(sorted(set(values)))}
    return np.fromiter((rank[value] for value in values), dtype=np.int64, count=len(values))


def arrange(results: list[dict[str, Any]], field: str, *, descending: bool) -> list[dict[str, Any]]:
    """Results of a summary in the order of one of their fields.

    Raises:
        Refusal: 146, they have no such field.
    """
    if not field or not results:
        return results
    if field not in results[0]:
        raise _unknown(field)
    return sorted(results, key=lambda row: _key(row[field]), reverse=descending)


def _key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, dict):
        return _key(value.get("id", ""))
    text = str(value)
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text.lower()


def _unknown(field: str) -> Refusal:
    text = f"Invalid parameters specified for vuln query.\nThe sort field '{field}' is invalid.\n"
    return Refusal(text, code=146)

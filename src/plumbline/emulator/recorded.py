"""Recorded `vulndetails` rows as an estate: each row is served exactly as it was recorded."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from plumbline.emulator.estate import Estate, Stock, View
from plumbline.emulator.findings import ACCEPTED, BEEN_MITIGATED, RECAST, Findings
from plumbline.emulator.hosts import IP_KEY, Host, Repository
from plumbline.emulator.plugins import Family, Plugin
from plumbline.emulator.portfolio import file_lists
from plumbline.emulator.wire import NUMBERS, dump

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]


def replay(rows: Iterable[Row]) -> Estate:
    """Hold recorded rows, in the order given."""
    stock = Stock()
    plugins: dict[int, int] = {}
    hosts: dict[tuple[str, ...], int] = {}
    repositories: dict[int, Repository] = {}
    columns: list[dict[str, int]] = []
    for row in rows:
        plugin, repository = int(row["pluginID"]), _repository(row)
        repositories.setdefault(repository.id, repository)
        names = ("ip", "uuid", "hostUUID", "dnsName")
        key = (str(repository.id), *(str(row.get(name, "")) for name in names))
        if plugin not in plugins:
            plugins[plugin] = stock.plugins.add(_plugin(row))
        if key not in hosts:
            hosts[key] = stock.hosts.add(_host(row, repositories[repository.id]))
        stock.verbatim.append(dump(row))
        text = stock.add_text(row.get("pluginText", ""))
        place = {"host": hosts[key], "plugin": plugins[plugin], "text": text}
        columns.append(place | _own(row) | {"verbatim": len(stock.verbatim) - 1})
    now = int(time.time())
    view = View(
        stock=stock,
        cumulative=_findings(columns),
        patched=Findings.empty(),
        repositories=tuple(repositories.values()),
        updated={number: _newest(columns) for number in repositories},
        lists=file_lists(stock.hosts.items, now),
    )
    return Estate(view, as_of=now)


def _findings(columns: list[dict[str, int]]) -> Findings:
    names = columns[0] if columns else {}
    return Findings.of(**{name: [row[name] for row in columns] for name in names})


def _newest(columns: list[dict[str, int]]) -> int:
    return max((row["last"] for row in columns), default=0)


def _own(row: Row) -> dict[str, int]:
    flags = {"hasBeenMitigated": BEEN_MITIGATED, "acceptRisk": ACCEPTED, "recastRisk": RECAST}
    return {
        "port": _number(row, "port", 0),
        "protocol": NUMBERS.get(row.get("protocol", ""), 0),
        "severity": int(row["severity"]["id"]),
        "flags": sum(flag for name, flag in flags.items() if row.get(name) == "1"),
        "first": _number(row, "firstSeen", 0),
        "last": _number(row, "lastSeen", 0),
    }


def _number(row: Row, name: str, missing: int = -1) -> int:
    try:
        return int(row.get(name, ""))
    except ValueError:
        return missing


def _repository(row: Row) -> Repository:
    given = row.get("repository", {})
    return Repository(
        id=int(given.get("id", 1)),
        name=given.get("name", ""),
        data_format=given.get("dataFormat", "IPv4"),
        description=given.get("description", ""),
        uuid=given.get("uuid", ""),
    )


def _host(row: Row, repository: Repository) -> Host:
    text = {name: str(row.get(name, "")) for name in ("ip", "uuid", "hostUUID", "dnsName", "ips")}
    return Host(
        repository=repository,
        ip=text["ip"],
        dns=text["dnsName"],
        netbios=str(row.get("netbiosName", "")),
        mac=str(row.get("macAddress", "")),
        uuid=text["uuid"],
        host_uuid=text["hostUUID"],
        system=str(row.get("operatingSystem", "")),
        ips=text["ips"],
        acr=str(row.get("acrScore", "")),
        drivers=str(row.get("keyDrivers", "")),
        exposure=str(row.get("assetExposureScore", "")),
        identity=row.get("hostUniqueness") or row.get("uniqueness") or IP_KEY,
        uncredentialed=_number(row, "lastSeen", 0),
    )


_PLUGIN_TEXTS = {
    "name": "pluginName",
    "risk_factor": "riskFactor",
    "synopsis": "synopsis",
    "description": "description",
    "solution": "solution",
    "see_also": "seeAlso",
    "vpr_score": "vprScore",
    "exploit_ease": "exploitEase",
    "exploit_frameworks": "exploitFrameworks",
    "stig_severity": "stigSeverity",
    "base_score": "baseScore",
    "temporal_score": "temporalScore",
    "cvss_vector": "cvssVector",
    "v3_base_score": "cvssV3BaseScore",
    "v3_temporal_score": "cvssV3TemporalScore",
    "v3_vector": "cvssV3Vector",
    "cpe": "cpe",
    "check_type": "checkType",
    "version": "version",
    "bids": "bid",
}
_PLUGIN_DATES = {
    "vuln_published": "vulnPubDate",
    "patch_published": "patchPubDate",
    "plugin_published": "pluginPubDate",
    "plugin_modified": "pluginModDate",
    "seol_date": "seolDate",
}
_PLUGIN_LISTS = {"cves": "cve", "xrefs": "xref"}


def _plugin(row: Row) -> Plugin:
    told: dict[str, Any] = {field: _text(row, name) for field, name in _PLUGIN_TEXTS.items()}
    told |= {field: _number(row, name) for field, name in _PLUGIN_DATES.items()}
    for field, name in _PLUGIN_LISTS.items():
        told[field] = tuple(filter(None, _text(row, name).split(",")))
    return Plugin(
        id=int(row["pluginID"]),
        family=_family(row),
        severity=int(row["severity"]["id"]),
        vpr_context=row.get("vprContext", ""),
        exploit_available=_text(row, "exploitAvailable") == "Yes",
        **told,
    )


def _family(row: Row) -> Family:
    given = row.get("family", {})
    return Family(
        id=int(given.get("id", 0)),
        name=given.get("name", "N/A"),
        kind=given.get("type", "active"),
    )


def _text(row: Row, name: str) -> str:
    return str(row.get(name, ""))

"""What each filter lets through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.addresses import Ranges
from plumbline.emulator.clauses import (
    Clause,
    Scope,
    bounds,
    compare,
    invalid,
    numbers,
    only_equal,
    records,
    signed,
    text_test,
)
from plumbline.emulator.findings import ACCEPTED, BEEN_MITIGATED, RECAST, WAS
from plumbline.emulator.rows import vuln_uuid
from plumbline.emulator.times import period
from plumbline.emulator.wire import NUMBERS, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.emulator.findings import Bools
    from plumbline.emulator.hosts import Host
    from plumbline.emulator.plugins import Plugin


_PLUGIN_TYPES = ("active", "passive", "compliance", "lce")


def _severity(scope: Scope, clause: Clause) -> Bools:
    return compare(clause, scope.findings.severity)


def _repository(scope: Scope, clause: Clause) -> Bools:
    wanted = set(records(clause) if clause.name == "repository" else numbers(clause))
    return only_equal(clause, scope.by_host(lambda host: host.repository.id in wanted))


def _family(scope: Scope, clause: Clause) -> Bools:
    """Family 0 (compliance) cannot be filtered: nothing is found."""
    wanted = set(records(clause) if clause.name == "family" else numbers(clause)) - {0}
    return only_equal(clause, scope.by_plugin(lambda plugin: plugin.family.id in wanted))


def _list_id(scope: Scope, clause: Clause) -> Bools:
    members = np.zeros(len(scope.view.stock.hosts), dtype=bool)
    for list_id in numbers(clause):
        members |= _members(scope, list_id)
    return signed(clause, members[scope.findings.host])


def _members(scope: Scope, list_id: int) -> Bools:
    if list_id not in {one.id for one in scope.view.lists}:
        raise Refusal(f"Unable to retrieve Asset #{list_id}.\n", code=143)
    if list_id in scope.unprepared:
        raise Refusal(
            "Error loading uuid file into UUID list.\n"
            f"Unable to open file '/opt/sc/orgs/1/assets/{list_id}/uuids': "
            "No such file or directory\n",
            code=143,
        )
    return scope.memberships.of(list_id)


def _asset(scope: Scope, clause: Clause) -> Bools:
    if isinstance(clause.value, str | int):
        raise invalid("Filter 'asset' should be a record.")
    try:
        members = _operand(scope, clause.value)
    except (KeyError, TypeError, ValueError):
        raise invalid("Filter 'asset' must have an id, or an operator and operands.") from None
    return np.asarray(members[scope.findings.host], dtype=bool)


def _operand(scope: Scope, value: Any) -> Bools:
    if isinstance(value, list):
        masks = [_operand(scope, one) for one in value]
        return np.logical_or.reduce(masks) if masks else _members(scope, 0) & False
    if "id" in value:
        return _members(scope, int(value["id"]))
    first = _operand(scope, value["operand1"])
    if value.get("operator") == "complement":
        return ~first if "operand2" not in value else first & ~_operand(scope, value["operand2"])
    second = _operand(scope, value["operand2"])
    return first | second if value.get("operator") == "union" else first & second


def _ip(scope: Scope, clause: Clause) -> Bools:
    try:
        ranges = Ranges(clause.text)
    except ValueError as error:
        raise invalid(f"Filter 'ip': {error}.") from None
    return only_equal(clause, scope.by_host(lambda host: host.ip in ranges))


def _plugin_id(scope: Scope, clause: Clause) -> Bools:
    plugins = scope.view.stock.plugins.items
    ids = np.fromiter((plugin.id for plugin in plugins), dtype=np.int64, count=len(plugins))
    return np.asarray(compare(clause, ids)[scope.findings.plugin], dtype=bool)


def _port(scope: Scope, clause: Clause) -> Bools:
    hit = compare(clause, scope.findings.port)
    only = {"tcpport": "TCP", "udpport": "UDP"}.get(clause.name)
    return hit & (scope.findings.protocol == NUMBERS[only]) if only else hit


def _protocol(scope: Scope, clause: Clause) -> Bools:
    return compare(clause, scope.findings.protocol)


def _exploit(scope: Scope, clause: Clause) -> Bools:
    wanted = clause.text.lower() == "true"
    return signed(clause, scope.by_plugin(lambda plugin: plugin.exploit_available == wanted))


def _xref(scope: Scope, clause: Clause) -> Bools:
    """`TYPE|value` with `*` for the rest, such as `IAVA|20*` or `CISA-KNOWN-EXPLOITED|*`."""
    patterns = []
    for part in clause.parts:
        kind, _, value = part.partition("|")
        wild = re.escape(value or "*").replace(r"\*", ".*")
        patterns.append(re.compile(f"{re.escape(kind)} #{wild}", re.IGNORECASE))
    hit = scope.by_plugin(lambda p: any(m.fullmatch(x) for m in patterns for x in p.xrefs))
    return signed(clause, hit)


def _cross(kind: str) -> Callable[[Scope, Clause], Bools]:
    def judge(scope: Scope, clause: Clause) -> Bools:
        wanted = {f"{prefix} #{part}" for part in clause.parts for prefix in kind.split()}
        return signed(clause, scope.by_plugin(lambda p: not wanted.isdisjoint(p.xrefs)))

    return judge


def _cve(scope: Scope, clause: Clause) -> Bools:
    wanted = {part.upper() for part in clause.parts}
    return signed(clause, scope.by_plugin(lambda plugin: not wanted.isdisjoint(plugin.cves)))


def _plugin_type(scope: Scope, clause: Clause) -> Bools:
    """One type a query: no document shows several."""
    if clause.text not in _PLUGIN_TYPES:
        raise invalid(f"Filter 'pluginType' must be one of {', '.join(_PLUGIN_TYPES)}.")
    return only_equal(clause, scope.by_plugin(lambda plugin: plugin.family.kind == clause.text))


def _data_format(scope: Scope, clause: Clause) -> Bools:
    wanted = {part.lower() for part in clause.parts}
    return scope.by_host(lambda host: host.repository.data_format.lower() in wanted)


def _choice(flag: int, words: dict[str, bool | None]) -> Callable[[Scope, Clause], Bools]:
    """A filter whose words mean that a flag is set, unset, or does not matter."""

    def judge(scope: Scope, clause: Clause) -> Bools:
        if clause.text not in words:
            raise invalid(f"Filter '{clause.name}' must be one of {', '.join(words)}.")
        wanted = words[clause.text]
        is_set = scope.findings.flags & flag != 0
        return np.ones(len(is_set), dtype=bool) if wanted is None else is_set == wanted

    return judge


def _worded(
    read: Callable[[Any], str], *, plugin: bool, loose: bool = False
) -> Callable[[Scope, Clause], Bools]:
    """A text filter; `loose` ones take `=` as “contains”."""

    def judge(scope: Scope, clause: Clause) -> Bools:
        test = text_test(clause, loose=loose)
        spread = scope.by_plugin if plugin else scope.by_host
        return spread(lambda item: test(read(item)))

    return judge


def _output(scope: Scope, clause: Clause) -> Bools:
    test = text_test(clause, loose=True)
    texts = scope.view.stock.texts
    used = np.unique(scope.findings.text)
    passes = np.zeros(len(texts), dtype=bool)
    for place in used.tolist():
        passes[place] = test(texts[place].decode().replace("\\/", "/").replace("\\n", "\n"))
    return np.asarray(passes[scope.findings.text], dtype=bool)


def _scored(read: Callable[[Any], str], *, plugin: bool = True) -> Callable[[Scope, Clause], Bools]:
    """A score between two bounds (`7-10`), or `none`."""

    def judge(scope: Scope, clause: Clause) -> Bools:
        if clause.operator != "=":
            raise invalid(f"Operator '{clause.operator}' is not allowed for '{clause.name}'.")
        test = bounds(clause)
        spread = scope.by_plugin if plugin else scope.by_host
        return spread(lambda item: test(read(item)))

    return judge


def _dated(read: Callable[[Plugin], int]) -> Callable[[Scope, Clause], Bools]:
    def judge(scope: Scope, clause: Clause) -> Bools:
        first, last = period(clause.name, clause.text, scope.now, epochs=scope.epochs)
        return scope.by_plugin(lambda plugin: max(first, 0) <= read(plugin) <= last)

    return judge


def _seen(column: str) -> Callable[[Scope, Clause], Bools]:
    def judge(scope: Scope, clause: Clause) -> Bools:
        first, last = period(clause.name, clause.text, scope.now, epochs=scope.epochs)
        values = getattr(scope.findings, column)
        return np.asarray((values >= max(first, 1)) & (values <= last), dtype=bool)

    return judge


def _vuln_uuid(scope: Scope, clause: Clause) -> Bools:
    wanted = set(clause.parts)
    rows, seeds = scope.findings, scope.view.stock.hosts.pieces
    universal = scope.by_host(lambda host: host.repository.data_format == "universal")
    hit = np.zeros(len(rows), dtype=bool)
    for place in np.flatnonzero(universal).tolist():
        key = (int(rows.plugin[place]), int(rows.port[place]), int(rows.protocol[place]))
        hit[place] = vuln_uuid(seeds(int(rows.host[place])).seed, *key) in wanted
    return hit


def _host_text(read: Callable[[Host], str]) -> Callable[[Scope, Clause], Bools]:
    return _worded(read, plugin=False)


JUDGES: dict[str, Callable[[Scope, Clause], Bools]] = {
    "severity": _severity,
    "repositoryIDs": _repository,
    "repository": _repository,
    "familyID": _family,
    "family": _family,
    "assetID": _list_id,
    "asset": _asset,
    "ip": _ip,
    "uuid": _host_text(lambda host: host.uuid),
    "hostUUID": _host_text(lambda host: host.host_uuid),
    "dnsName": _host_text(lambda host: host.dns),
    "netbiosName": _host_text(lambda host: host.netbios),
    "operatingSystem": _worded(lambda host: host.system, plugin=False, loose=True),
    "vulnUUID": _vuln_uuid,
    "dataFormat": _data_format,
    "pluginID": _plugin_id,
    "pluginName": _worded(lambda plugin: plugin.name, plugin=True, loose=True),
    "pluginText": _output,
    "pluginType": _plugin_type,
    "cpe": _worded(lambda plugin: plugin.cpe, plugin=True),
    "exploitFrameworks": _worded(lambda p: p.exploit_frameworks, plugin=True, loose=True),
    "stigSeverity": _worded(lambda plugin: plugin.stig_severity, plugin=True),
    "port": _port,
    "tcpport": _port,
    "udpport": _port,
    "protocol": _protocol,
    "cveID": _cve,
    "iavmID": _cross("IAVA IAVB IAVT"),
    "msbulletinID": _cross("MSFT"),
    "cceID": _cross("CCE"),
    "xref": _xref,
    "exploitAvailable": _exploit,
    "mitigatedStatus": _choice(BEEN_MITIGATED, {"previously": True, "never": False}),
    "acceptRiskStatus": _choice(
        ACCEPTED, {"accepted": True, "acceptedRisk": True, "nonAcceptedRisk": False, "all": None}
    ),
    "acceptedRisk": _choice(ACCEPTED, {"true": True, "false": False}),
    "recastRiskStatus": _choice(RECAST, {"recast": True, "notRecast": False}),
    "recastRisk": _choice(RECAST, {"true": True, "false": False}),
    "wasVuln": _choice(WAS, {"excludeWas": False, "onlyWas": True, "includeWas": None}),
    "vprScore": _scored(lambda plugin: plugin.vpr_score),
    "baseCVSSScore": _scored(lambda plugin: plugin.base_score),
    "cvssV3BaseScore": _scored(lambda plugin: plugin.v3_base_score),
    "cvssV4BaseScore": _scored(lambda plugin: plugin.v4_base_score),
    "cvssV4ThreatScore": _scored(lambda plugin: plugin.v4_threat_score),
    "epssScore": _scored(lambda plugin: plugin.epss_score),
    "assetCriticalityRating": _scored(lambda host: host.acr, plugin=False),
    "assetExposureScore": _scored(lambda host: host.exposure, plugin=False),
    "lastSeen": _seen("last"),
    "firstSeen": _seen("first"),
    "lastMitigated": _seen("mitigated"),
    "daysMitigated": _seen("mitigated"),
    "patchPublished": _dated(lambda plugin: plugin.patch_published),
    "vulnPublished": _dated(lambda plugin: plugin.vuln_published),
    "pluginPublished": _dated(lambda plugin: plugin.plugin_published),
    "pluginModified": _dated(lambda plugin: plugin.plugin_modified),
    "seolDate": _dated(lambda plugin: plugin.seol_date),
}

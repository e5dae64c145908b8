"""The filters of an analysis: which there are, and which rows each one lets through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.addresses import Ranges
from plumbline.emulator.findings import ACCEPTED, BEEN_MITIGATED, RECAST, WAS
from plumbline.emulator.rows import vuln_uuid
from plumbline.emulator.times import period
from plumbline.emulator.wire import NUMBERS, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plumbline.emulator.estate import View
    from plumbline.emulator.findings import Bools, Findings, Ints
    from plumbline.emulator.hosts import Host
    from plumbline.emulator.lists import Memberships
    from plumbline.emulator.plugins import Plugin

VALID = (
    "acceptedRisk",
    "acceptRiskStatus",
    "aesSeverity",
    "asset",
    "assetCriticalityRating",
    "assetExposureScore",
    "assetID",
    "auditFile",
    "auditFileID",
    "baseCVSSScore",
    "benchmarkName",
    "cceID",
    "cpe",
    "cveID",
    "cvssV3BaseScore",
    "cvssV3Vector",
    "cvssV4BaseScore",
    "cvssV4Supplemental",
    "cvssV4ThreatScore",
    "cvssV4ThreatVector",
    "cvssV4Vector",
    "cvssVector",
    "dataFormat",
    "daysMitigated",
    "daysToMitigated",
    "dnsName",
    "epssScore",
    "exploitAvailable",
    "exploitFrameworks",
    "family",
    "familyID",
    "firstSeen",
    "hostUUID",
    "iavmID",
    "ip",
    "lastMitigated",
    "lastSeen",
    "mitigatedStatus",
    "msbulletinID",
    "netbiosName",
    "operatingSystem",
    "outputAssets",
    "patchPublished",
    "pluginID",
    "pluginModified",
    "pluginName",
    "pluginPublished",
    "pluginText",
    "pluginType",
    "policy",
    "policyID",
    "port",
    "protocol",
    "recastRisk",
    "recastRiskStatus",
    "repository",
    "repositoryIDs",
    "responsibleUser",
    "responsibleUserIDs",
    "seolDate",
    "severity",
    "solutionID",
    "stigSeverity",
    "tcpport",
    "udpport",
    "uuid",
    "vprScore",
    "vulnPublished",
    "vulnRoutedUserIDs",
    "vulnRoutingRuleID",
    "vulnUUID",
    "wasHttpMethod",
    "wasInputName",
    "wasInputType",
    "wasMitigated",
    "wasURL",
    "wasVuln",
    "xref",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One filter of a query; a value may be text, a number, an object or an array of objects."""

    name: str
    operator: str
    value: Any

    @property
    def text(self) -> str:
        """The value as text.

        Raises:
            Refusal: 146, the value is an object or an array.
        """
        if isinstance(self.value, dict | list) or self.value is None:
            raise _invalid(f"Filter '{self.name}' should be a string.")
        return str(self.value)

    @property
    def parts(self) -> list[str]:
        """The value split at commas and line breaks."""
        return [part.strip() for part in re.split(r"[,\r\n]+", self.text) if part.strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What filters look at: one source of one view, at one moment."""

    view: View
    memberships: Memberships
    findings: Findings
    now: int
    epochs: bool = True
    """Whether epoch time filters are understood."""
    unprepared: frozenset[int] = frozenset()
    """Asset lists whose addresses have not been worked out."""

    def by_plugin(self, test: Callable[[Plugin], bool]) -> Bools:
        """Rows whose plugin passes."""
        return self._spread(test, self.view.stock.plugins.items, self.findings.plugin)

    def by_host(self, test: Callable[[Host], bool]) -> Bools:
        """Rows whose host passes."""
        return self._spread(test, self.view.stock.hosts.items, self.findings.host)

    @staticmethod
    def _spread(test: Callable[[Any], bool], items: list[Any], column: Ints) -> Bools:
        passes = np.fromiter((test(item) for item in items), dtype=bool, count=len(items))
        return np.asarray(passes[column], dtype=bool)


def select(scope: Scope, clauses: Iterable[Clause]) -> Bools:
    """Rows that pass every filter; of filters with one name only the last counts.

    Raises:
        Refusal: 146 for what is unknown or badly written, 143 for what is not there yet.
    """
    chosen = np.ones(len(scope.findings), dtype=bool)
    for clause in {clause.name: clause for clause in clauses}.values():
        if clause.name not in VALID:
            raise _invalid(
                f"The filter '{clause.name}' is invalid (valid filters: {', '.join(VALID)})."
            )
        judge = JUDGES.get(clause.name)
        if judge is None:
            raise Refusal(f"Filter '{clause.name}' is not emulated.\n", code=143)
        chosen &= judge(scope, clause)
    return chosen


def _invalid(text: str) -> Refusal:
    return Refusal(f"Invalid parameters specified for vuln query.\n{text}\n", code=146)


def _numbers(clause: Clause, parts: Iterable[str] | None = None) -> list[int]:
    try:
        return [int(part) for part in (clause.parts if parts is None else parts)]
    except ValueError:
        raise _invalid(f"Filter '{clause.name}' should be a number or a list of them.") from None


def _compare(clause: Clause, column: Ints) -> Bools:
    """Compare a column with numbers; a list and ranges (`1-5`) are allowed with `=` and `!=`."""
    if clause.operator in {">=", "<="}:
        wanted = _numbers(clause)[0]
        return column >= wanted if clause.operator == ">=" else column <= wanted
    hit = np.zeros(len(column), dtype=bool)
    for part in clause.parts:
        first, dash, last = part.partition("-")
        low, high = _numbers(clause, (first, last if dash else first))
        hit |= (column >= low) & (column <= high)
    return _signed(clause, hit)


def _signed(clause: Clause, hit: Bools) -> Bools:
    if clause.operator not in {"=", "!="}:
        raise _invalid(f"Operator '{clause.operator}' is not allowed for '{clause.name}'.")
    return hit if clause.operator == "=" else ~hit


def _records(clause: Clause) -> list[int]:
    """Ids of an array of records, as `repository` and `family` want it."""
    if not isinstance(clause.value, list) or not all(isinstance(v, dict) for v in clause.value):
        raise _invalid(f"Filter '{clause.name}' should be an array of records.")
    return _numbers(clause, [str(record.get("id", "")) for record in clause.value])


def _severity(scope: Scope, clause: Clause) -> Bools:
    return _compare(clause, scope.findings.severity)


def _repository(scope: Scope, clause: Clause) -> Bools:
    wanted = set(_records(clause) if clause.name == "repository" else _numbers(clause))
    return _signed(clause, scope.by_host(lambda host: host.repository.id in wanted))


def _family(scope: Scope, clause: Clause) -> Bools:
    """Family 0 (compliance) cannot be filtered: nothing is found."""
    wanted = set(_records(clause) if clause.name == "family" else _numbers(clause)) - {0}
    return _signed(clause, scope.by_plugin(lambda plugin: plugin.family.id in wanted))


def _list_id(scope: Scope, clause: Clause) -> Bools:
    members = np.zeros(len(scope.view.stock.hosts), dtype=bool)
    for list_id in _numbers(clause):
        members |= _members(scope, list_id)
    return _signed(clause, members[scope.findings.host])


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
        raise _invalid("Filter 'asset' should be a record.")
    return np.asarray(_operand(scope, clause.value)[scope.findings.host], dtype=bool)


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
        raise _invalid(f"Filter 'ip': {error}.") from None
    return _signed(clause, scope.by_host(lambda host: host.ip in ranges))


def _plugin_id(scope: Scope, clause: Clause) -> Bools:
    plugins = scope.view.stock.plugins.items
    ids = np.fromiter((plugin.id for plugin in plugins), dtype=np.int64, count=len(plugins))
    return np.asarray(_compare(clause, ids)[scope.findings.plugin], dtype=bool)


def _port(scope: Scope, clause: Clause) -> Bools:
    hit = _compare(clause, scope.findings.port)
    only = {"tcpport": "TCP", "udpport": "UDP"}.get(clause.name)
    return hit & (scope.findings.protocol == NUMBERS[only]) if only else hit


def _protocol(scope: Scope, clause: Clause) -> Bools:
    return _compare(clause, scope.findings.protocol)


def _exploit(scope: Scope, clause: Clause) -> Bools:
    wanted = clause.text.lower() == "true"
    return _signed(clause, scope.by_plugin(lambda plugin: plugin.exploit_available == wanted))


def _xref(scope: Scope, clause: Clause) -> Bools:
    """`TYPE|value` with `*` for the rest, such as `IAVA|20*` or `CISA-KNOWN-EXPLOITED|*`."""
    patterns = []
    for part in clause.parts:
        kind, _, value = part.partition("|")
        wild = re.escape(value or "*").replace(r"\*", ".*")
        patterns.append(re.compile(f"{re.escape(kind)} #{wild}", re.IGNORECASE))
    hit = scope.by_plugin(lambda p: any(m.fullmatch(x) for m in patterns for x in p.xrefs))
    return _signed(clause, hit)


def _cross(kind: str) -> Callable[[Scope, Clause], Bools]:
    def judge(scope: Scope, clause: Clause) -> Bools:
        wanted = {f"{prefix} #{part}" for part in clause.parts for prefix in kind.split()}
        return _signed(clause, scope.by_plugin(lambda p: not wanted.isdisjoint(p.xrefs)))

    return judge


def _cve(scope: Scope, clause: Clause) -> Bools:
    wanted = {part.upper() for part in clause.parts}
    return _signed(clause, scope.by_plugin(lambda plugin: not wanted.isdisjoint(plugin.cves)))


def _plugin_type(scope: Scope, clause: Clause) -> Bools:
    wanted = set(clause.parts)
    return _signed(clause, scope.by_plugin(lambda plugin: plugin.family.kind in wanted))


def _data_format(scope: Scope, clause: Clause) -> Bools:
    wanted = {part.lower() for part in clause.parts}
    return scope.by_host(lambda host: host.repository.data_format.lower() in wanted)


def _choice(flag: int, words: dict[str, bool | None]) -> Callable[[Scope, Clause], Bools]:
    """A filter whose words mean that a flag is set, unset, or does not matter."""

    def judge(scope: Scope, clause: Clause) -> Bools:
        if clause.text not in words:
            raise _invalid(f"Filter '{clause.name}' must be one of {', '.join(words)}.")
        wanted = words[clause.text]
        is_set = scope.findings.flags & flag != 0
        return np.ones(len(is_set), dtype=bool) if wanted is None else is_set == wanted

    return judge


was = _choice(WAS, {"excludeWas": False, "onlyWas": True, "includeWas": None})


def _worded(
    read: Callable[[Any], str], *, plugin: bool, loose: bool = False
) -> Callable[[Scope, Clause], Bools]:
    """A text filter; `loose` ones take `=` as “contains”."""

    def judge(scope: Scope, clause: Clause) -> Bools:
        test = text_test(clause, loose=loose)
        spread = scope.by_plugin if plugin else scope.by_host
        return spread(lambda item: test(read(item)))

    return judge


def text_test(clause: Clause, *, loose: bool) -> Callable[[str], bool]:
    """How a text filter judges one text.

    Raises:
        Refusal: 146 for an operator it does not know or a bad regular expression.
    """
    wanted = clause.text.lower()
    if clause.operator == "pcre":
        try:
            pattern = re.compile(clause.text)
        except re.error as error:
            raise _invalid(f"Filter '{clause.name}': {error}.") from None
        return lambda text: pattern.search(text) is not None
    if clause.operator in {"~=", "="} and (loose or clause.operator == "~="):
        return lambda text: wanted in text.lower()
    if clause.operator not in {"=", "!="}:
        raise _invalid(f"Operator '{clause.operator}' is not allowed for '{clause.name}'.")
    names = {part.lower() for part in clause.parts} | {wanted}
    return lambda text: (text.lower() in names) == (clause.operator == "=")


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
            raise _invalid(f"Operator '{clause.operator}' is not allowed for '{clause.name}'.")
        test = _bounds(clause)
        spread = scope.by_plugin if plugin else scope.by_host
        return spread(lambda item: test(read(item)))

    return judge


def _bounds(clause: Clause) -> Callable[[str], bool]:
    if clause.text.lower() == "none":
        return lambda score: not score
    match = re.fullmatch(r"([\d.]+)(?:-([\d.]+))?", clause.text.strip())
    if match is None:
        raise _invalid(f"Filter '{clause.name}' must be a range such as 7-10.")
    low, high = float(match[1]), float(match[2] or match[1])
    return lambda score: bool(score) and low <= float(score) <= high


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
    "wasVuln": was,
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

"""A page of findings as typed columns: findings, hosts as named, plugins and outputs apart."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plumbline.domain.identity import Identities, finding_key, names_vuln_uuid, twin_key
from plumbline.domain.severity import Severity
from plumbline.extract.aliases import PageAliases
from plumbline.extract.outputs import Outputs
from plumbline.extract.plugins import Plugins
from plumbline.extract.sheet import LAST_MITIGATED, STAGED, Sheet
from plumbline.extract.told import Told, written
from plumbline.extract.values import Read
from plumbline.tables import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plumbline.console.rows import FindingPage, RowDecoder
    from plumbline.domain.finding import Source

_PLAIN = tuple(
    (c.name, c.source)
    for c in (*FINDINGS.columns, LAST_MITIGATED)
    if c.source and "." not in c.source and c.name not in {"severity", "output"}
)


@dataclass(frozen=True, slots=True)
class PageColumns:
    """One page, each table in its staged schema."""

    findings: pa.Table
    aliases: pa.Table
    plugins: pa.Table
    outputs: pa.Table
    odd: dict[str, int] = field(default_factory=dict)
    """How often which oddity occurred: `field port`, `strange row`, …"""


class Columns:
    """Turns pages into columns; remembers which plugins and outputs it has already given.

    One a run and console. With `twins`, rows of a page that share a key and yet differ get keys of
    their own; without, they keep the one key. Not thread-safe.
    """

    def __init__(self, console: str, decoder: RowDecoder, *, twins: bool = True) -> None:
        self._console = console
        self._decoder = decoder
        self._twins = twins
        self._identities = Identities(console)
        self._plugins = Plugins(console)
        self._outputs = Outputs(console)

    def read(self, page: FindingPage, source: Source, home: int) -> PageColumns:
        """All tables of one page of the repository `home`; no row is left out."""
        told = Told(page.rows, home)
        aliases = PageAliases(told, self._identities)
        outputs, new_outputs = self._outputs.read(told)
        sheet = self._sheet(told, aliases.of_rows, outputs)
        sheet.put("source", pa.repeat(pa.scalar(source.value), len(page.rows)))
        hosts = aliases.sheet(self._console)
        sheet.keep(aliases.of_each_row(hosts.apart))
        findings = sheet.table(STAGED["findings"])
        odd = _counts(hosts.odd | sheet.odd, page.strange, aliases.nameless)
        return PageColumns(
            findings=findings,
            aliases=aliases.table(hosts, findings),
            plugins=self._plugins.read(told, odd),
            outputs=new_outputs,
            odd=odd,
        )

    def _sheet(self, told: Told, aliases: list[str], outputs: Sequence[str | None]) -> Sheet:
        sheet = Sheet(self._console, told.rows)
        sheet.put("alias", pa.array(aliases, pa.string()))
        sheet.put("output", pa.array(outputs, pa.string()))
        sheet.put("finding", pa.array(self._keys(told, aliases, outputs), pa.string()))
        sheet.read("severity", told.severity, "severity", _severities)
        sheet.read("repository_id", told.repository, "repository.id")
        for name, wire in _PLAIN:
            sheet.read(name, told[wire], wire)
        if self._decoder.may_have_extras():
            sheet.keep([self._decoder.extras(row) for row in told.rows])
        return sheet

    def _keys(self, told: Told, aliases: list[str], outputs: Sequence[str | None]) -> list[str]:
        plugins, uuids = told["pluginID"], told["vulnUUID"]
        if not all(plugins):
            plugins = [
                plugin or f"?{written(row.pluginName)}"
                for plugin, row in zip(plugins, told.rows, strict=True)
            ]
        if any(uuids):
            uuids = [
                uuid if uuid and names_vuln_uuid(written(named)) else ""
                for uuid, named in zip(uuids, told["vulnUniqueness"], strict=True)
            ]
        columns = (plugins, told["port"], told["protocol"], uuids)
        texts = (column if _all_text(column) else map(written, column) for column in columns)
        found = list(map(finding_key, aliases, *texts))
        if not self._twins or len(set(found)) == len(found):
            return found
        return _told_apart(found, list(map(self._mark, outputs, told.rows, told.severity)))

    def _mark(self, output: str | None, row: Any, severity: Any) -> str:
        """What tells rows of one key apart: output, severity, and what could not be read of them.

        The console counts each under its severity, so none of them is a repeat of another.
        """
        extras = self._decoder.extras(row)
        told = json.dumps(extras, sort_keys=True, default=str) if extras else ""
        return f"{output or ''} {told} {written(severity)}"


def _all_text(values: Sequence[Any]) -> bool:
    return set(map(type, values)) <= {str}


def _counts(odd: dict[str, int], strange: int, nameless: int) -> dict[str, int]:
    more = {"strange row": strange, "row without a host": nameless}
    return odd | {kind: count for kind, count in more.items() if count}


def _told_apart(keys: Sequence[str], marks: Sequence[str]) -> list[str]:
    """Give rows of one page that share a key but not their mark keys of their own.

    A console may hold several outputs of one plugin at one port. Only rows of one page are told
    apart: on two pages the same row may have moved in between.
    """
    seen: dict[str, set[str]] = {}
    for key, mark in zip(keys, marks, strict=True):
        seen.setdefault(key, set()).add(mark)
    ranks = {key: sorted(known) for key, known in seen.items() if len(known) > 1}
    return [
        twin_key(key, ranks[key].index(mark)) if key in ranks else key
        for key, mark in zip(keys, marks, strict=True)
    ]


def _severities(values: Sequence[Any]) -> Read:
    found = list(map(_SEVERITIES.get, values))
    odd = [place for place, one in enumerate(found) if one is None] if None in found else []
    return Read(pa.array(found, pa.int64()), odd)


_SEVERITIES: dict[Any, int] = {key: s.value for s in Severity for key in (str(s.value), s.value)}

"""A page of findings as typed columns: findings, hosts as named, plugins and outputs apart."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from plumbline.console.rows import Named
from plumbline.domain.identity import (
    Identities,
    finding_tail,
    key_of_tail,
    names_vuln_uuid,
    twin_key,
)
from plumbline.domain.normalise import Note, plugin_ids, ports, times
from plumbline.domain.normalise.severities import severity
from plumbline.domain.oddities import Oddities
from plumbline.domain.severity import Severity
from plumbline.extract.aliases import PageAliases
from plumbline.extract.outputs import Outputs
from plumbline.extract.plugins import Plugins
from plumbline.extract.sheet import LAST_MITIGATED, STAGED, Sheet
from plumbline.extract.told import Told, written
from plumbline.extract.values import Read, key_texts
from plumbline.tables import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    odd: Oddities = field(default_factory=Oddities)
    """What was changed or could not be read, by kind, with examples."""


class Columns:
    """Turns pages into columns; remembers which plugins and outputs it has already given.

    One a run and console. With `twins`, rows of a page that share a key and yet differ get keys of
    their own; without, they keep the one key. What claims to be seen after the epoch second
    `latest` is odd: without, a day from now. Not thread-safe.
    """

    def __init__(
        self, console: str, decoder: RowDecoder, *, twins: bool = True, latest: int | None = None
    ) -> None:
        self._console = console
        self._decoder = decoder
        self._twins = twins
        self._latest = int(time.time()) + times.DAY if latest is None else latest
        self._identities = Identities(console)
        self._plugins = Plugins(console, self._latest)
        self._outputs = Outputs(console)

    def read(
        self,
        page: FindingPage,
        source: Source,
        home: int,
        place: Callable[[int], str] | None = None,
    ) -> PageColumns:
        """All tables of one page of the repository `home`; no row is left out.

        `place` says where a row stood, for examples of what was odd.
        """
        told = Told(page.rows, home)
        place = place or told.place
        aliases = PageAliases(told, self._identities)
        outputs, new_outputs = self._outputs.read(told)
        sheet = self._sheet(told, aliases.of_rows, outputs, place)
        sheet.put("source", pa.repeat(pa.scalar(source.value), len(page.rows)))
        hosts = aliases.sheet(self._console, self._latest, place)
        sheet.keep(aliases.of_each_row(hosts.apart))
        findings = sheet.table(STAGED["findings"])
        odd = Oddities({"strange row": page.strange} if page.strange else {})
        odd.update({"row without a host": aliases.nameless} if aliases.nameless else {})
        plugins = self._plugins.read(told, odd, place)
        odd.update(sheet.odd)
        odd.update(hosts.odd)
        return PageColumns(
            findings=findings,
            aliases=aliases.table(hosts, findings),
            plugins=plugins,
            outputs=new_outputs,
            odd=odd,
        )

    def _sheet(
        self,
        told: Told,
        aliases: list[str],
        outputs: Sequence[str | None],
        place: Callable[[int], str],
    ) -> Sheet:
        sheet = Sheet(self._console, told.rows, self._latest, place)
        sheet.put("alias", pa.array(aliases, pa.string()))
        sheet.put("output", pa.array(outputs, pa.string()))
        tails = _tails(told)
        keys, twins = self._keys(told, list(map(key_of_tail, aliases, tails)), outputs)
        sheet.put("finding", pa.array(keys, pa.string()))
        sheet.put("tail", pa.array(tails, pa.string()))
        sheet.put("twin", twins)
        sheet.take("severity", *_severities(told), "severity")
        sheet.read("repository_id", told.repository, "repository.id")
        for name, wire in _PLAIN:
            sheet.read(name, told[wire], wire)
        if self._decoder.may_have_extras():
            sheet.keep([self._decoder.extras(row) for row in told.rows])
        return sheet

    def _keys(
        self, told: Told, keys: list[str], outputs: Sequence[str | None]
    ) -> tuple[list[str], pa.Array]:
        """The keys of a page's rows, and which of several that share one each row is."""
        if not self._twins or len(set(keys)) == len(keys):
            return keys, pa.repeat(pa.scalar(0), len(keys))
        numbers = _twins(keys, list(map(self._mark, outputs, told.rows, told.severity)))
        return list(map(twin_key, keys, numbers)), pa.array(numbers, pa.int64())

    def _mark(self, output: str | None, row: Any, severity: Any) -> str:
        """What tells rows of one key apart: output, severity, and what could not be read of them.

        The console counts each under its severity, so none of them is a repeat of another.
        """
        extras = self._decoder.extras(row)
        told = json.dumps(extras, sort_keys=True, default=str) if extras else ""
        return f"{output or ''} {told} {written(severity)}"


def _all_text(values: Sequence[Any]) -> bool:
    return set(map(type, values)) <= {str}


def _tails(told: Told) -> list[str]:
    """What each row's key holds beside the key of its host."""
    uuids = told["vulnUUID"]
    plugins = key_texts(told["pluginID"], plugin_ids.plugin_id)
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
    return list(
        map(
            finding_tail,
            plugins,
            key_texts(told["port"], ports.port),
            key_texts(told["protocol"], ports.protocol),
            uuids if _all_text(uuids) else map(written, uuids),
        )
    )


def _twins(keys: Sequence[str], marks: Sequence[str]) -> list[int]:
    """Number the rows of one page that share a key but not their mark; 0 for all others.

    A console may hold several outputs of one plugin at one port. Only rows of one page are told
    apart: on two pages the same row may have moved in between.
    """
    seen: dict[str, set[str]] = {}
    for key, mark in zip(keys, marks, strict=True):
        seen.setdefault(key, set()).add(mark)
    ranks = {key: sorted(known) for key, known in seen.items() if len(known) > 1}
    return [
        ranks[key].index(mark) if key in ranks else 0 for key, mark in zip(keys, marks, strict=True)
    ]


def _severities(told: Told) -> tuple[Read, Sequence[Any]]:
    """The severities, and what they were read from."""
    found = list(map(_SEVERITIES.get, told.severity))
    if None not in found:
        return Read(pa.array(found, pa.int64()), []), told.severity
    values = [row.severity for row in told.rows]
    each = [severity(one, *_names(value)) for one, value in zip(told.severity, values, strict=True)]
    notes: dict[int, Note] = {n: one.note for n, one in enumerate(each) if one.note is not None}
    odd = [place for place, note in notes.items() if note.unreadable]
    told_ = [_severity_told(value) for value in values]
    return Read(pa.array([one.value for one in each], pa.int64()), odd, notes), told_


def _names(value: Any) -> tuple[Any, ...]:
    return (value.name, value.description) if isinstance(value, Named) else ()


def _severity_told(value: Any) -> Any:
    """A severity as the console wrote it, as far as it says anything."""
    if not isinstance(value, Named):
        return value
    return {name: part for name, part in msgspec.structs.asdict(value).items() if _says(part)}


def _says(part: Any) -> bool:
    return part is not None and part is not msgspec.UNSET


_SEVERITIES: dict[Any, int] = {key: s.value for s in Severity for key in (str(s.value), s.value)}

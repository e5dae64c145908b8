"""What the next snapshot would hold of a repository, beside all that the console counts in it.

Counted by store and severity, by host, by plugin, and by mark. A part shows what came. What went,
and what a rule changed, shows only in the console's totals; so a repository read in part is
believed only where they agree, host by host.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from plumbline.align.rekey import rekey
from plumbline.console.query import Mark, Tool
from plumbline.console.scalar import integer
from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.errors import QueryRefusedError
from plumbline.extract.proof import Repeat, count_repeats, prove
from plumbline.extract.told import written
from plumbline.lake.engine import show_files
from plumbline.sync import overlay
from plumbline.sync.host_sums import HostCounts, counted
from plumbline.tables import ALIASES, FINDINGS, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from plumbline.console.client import Console
    from plumbline.console.query import Analysis
    from plumbline.domain.proof import Proof
    from plumbline.domain.snapshot import Pin
    from plumbline.extract.proof import Counts
    from plumbline.extract.slices import Asking

_ROWS_A_PAGE = 5_000
_FEW = 2
"""So many hosts are read apart, however small the repository."""
_WORTH_APART = 4
"""Where more than one host in so many differs, all are read."""


@dataclass(slots=True, kw_only=True)
class Told:
    """What the console counts in a repository."""

    counts: Counts
    marks: dict[Mark, Mapping[Severity, int]] = field(default_factory=dict)
    """Marks in the cumulative store; those the console does not count are left out."""
    hosts: dict[str, HostCounts] = field(default_factory=dict)
    """By store or mark."""
    plugins: dict[str, Counter[str]] = field(default_factory=dict)
    """By store or mark."""
    scanned: dict[str, int] = field(default_factory=dict)
    """When each address was last scanned, in epoch seconds."""
    refused: list[str] = field(default_factory=list)
    """What it does not count for us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Where both sides differ, and what to read to find out."""

    proofs: tuple[Proof, ...]
    hosts: Mapping[Source, frozenset[str]]
    """Addresses to be read whole, by store."""
    stores: frozenset[Source] = frozenset()
    """Stores to be read whole."""
    reason: str = ""
    """Why stores are to be read whole."""

    @property
    def agrees(self) -> bool:
        """Whether nothing more needs to be read."""
        return not self.stores and not any(self.hosts.values())

    @classmethod
    def nothing(cls) -> Self:
        """Before anything was compared."""
        return cls(proofs=(), hosts={}, stores=frozenset(Source), reason="nothing was compared")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWhole:
    """What of a repository was read whole besides the part."""

    hosts: Mapping[Source, frozenset[str]] = field(default_factory=dict)
    stores: frozenset[Source] = frozenset()

    def of(self, source: Source) -> frozenset[str]:
        """The addresses read whole in one store."""
        return self.hosts.get(source, frozenset())

    @property
    def both(self) -> frozenset[str]:
        """The addresses read whole in both stores."""
        return self.of(Source.CUMULATIVE) & self.of(Source.PATCHED)

    def plus(self, verdict: Verdict) -> ReadWhole:
        """With what a verdict asked for."""
        hosts = {s: self.of(s) | verdict.hosts.get(s, frozenset()) for s in Source}
        return ReadWhole(hosts=hosts, stores=self.stores | verdict.stores)


class Reconciler:
    """Lays what was read of a repository over what was known of it, and counts."""

    def __init__(
        self,
        console: Console,
        engine: duckdb.DuckDBPyConnection,
        lake: Path,
        before: Mapping[str, Pin],
    ) -> None:
        self.console = console
        self.engine = engine
        self._lake = lake
        self._pins = before
        self._since = 0
        self._continued = pa.table({"alias": [], "first_alias": []})

    def remember(
        self,
        repository_id: int,
        asking: Asking,
        since: datetime,
        repeats: Mapping[str, Mapping[str, int]],
    ) -> None:
        """Look up what the snapshot before holds of a repository, as far as it is told still.

        `repeats` are the rows that were told beside the first of a finding, by store and finding.
        """
        self._since = int(since.timestamp())
        self._show("before", FINDINGS)
        self._show("before_aliases", ALIASES)
        seen_from = asking.look_back.start if asking.look_back else None
        self.engine.execute(overlay.STANDING, {"home": repository_id, "seen_from": seen_from})
        self.engine.execute(overlay.SCANNED_BEFORE, {"home": repository_id})
        self._continued = self.engine.execute(overlay.CONTINUED).to_arrow_table()
        told = ((source, one, n) for source in repeats for one, n in repeats[source].items())
        self.engine.register("repeats_before", _repeats(told))

    def _show(self, name: str, table: Table) -> None:
        pin = self._pins.get(table.name)
        files = [str(self._lake / file) for file in pin.files] if pin else []
        show_files(self.engine, name, files, table)

    def told(self, repository_id: int, asking: Asking, counts: Counts) -> Told:
        """Ask the console for its sums, but for those of the cumulative store's hosts."""
        found = Told(counts=counts)
        home = (repository_id,)
        cumulative = asking.everywhere(Tool.SUMSEVERITY, Source.CUMULATIVE, home)
        for mark in Mark:
            try:
                marked = self.console.severity_counts(cumulative.where(mark.filter))
                if any(marked.values()):
                    found.hosts[mark] = self._hosts(cumulative.where(mark.filter))
                    found.plugins[mark] = self._plugins(cumulative.where(mark.filter))
                found.marks[mark] = marked
            except QueryRefusedError:
                found.refused.append(f"findings {mark}")
        for source in Source:
            query = asking.everywhere(Tool.SUMID, source, home)
            try:
                found.plugins[source] = self._plugins(query)
                if source is Source.PATCHED:
                    found.hosts[source] = self._hosts(query)
            except QueryRefusedError:
                found.refused.append(f"findings by plugin or host in {source}")
        return found

    def _hosts(self, query: Analysis) -> HostCounts:
        return counted(self.console.host_rows(query, size=_ROWS_A_PAGE))

    def _plugins(self, query: Analysis) -> Counter[str]:
        found: Counter[str] = Counter()
        for row in self.console.plugin_rows(query, size=_ROWS_A_PAGE):
            found[written(row.plugin_id)] += integer(row.total) or 0
        return found

    def compare(
        self,
        repository_id: int,
        files: Iterable[str],
        whole: ReadWhole,
        told: Told,
        severities: tuple[Severity, ...],
        *,
        repeats: Iterable[Repeat] = (),
        listed: Sequence[str] = (),
    ) -> Verdict:
        """Count what there would be, with these staged parts and hosts read whole.

        `listed` are the staged aliases of the hosts that the console sums up.
        """
        now = ((one.source.value, one.finding, one.times) for one in repeats)
        self.engine.register("repeats_now", _repeats(now))
        self._lay(files, whole)
        ours, twice = self._ours(repository_id), count_repeats(self.repeats())
        proofs = tuple(prove(repository_id, told.counts, ours, twice))
        if reason := self._unfit():
            return Verdict(proofs=proofs, hosts={}, stores=frozenset(Source), reason=reason)
        hosts = self._differing_hosts(told, severities)
        uncertain = self._scanned_behind(told) | self._newly_named(repository_id, listed)
        hosts[Source.CUMULATIVE] |= self._twins() | (uncertain - whole.both)
        if any(hosts.values()):
            return _to_read(proofs, hosts, whole, told)
        differs = [source for source in Source if not _agrees(proofs, source)]
        differs += [
            Source.PATCHED if kind == Source.PATCHED else Source.CUMULATIVE
            for kind in told.plugins
            if self._plugins_differ(kind, told)
        ]
        differs += [Source.CUMULATIVE for mark in told.marks if self._marks_differ(mark, told)]
        if not differs:
            return Verdict(proofs=proofs, hosts={})
        stores = frozenset(Source if Source.CUMULATIVE in differs else differs)
        reason = "counts differed that no host explains"
        return Verdict(proofs=proofs, hosts={}, stores=stores, reason=reason)

    def _lay(self, files: Iterable[str], whole: ReadWhole) -> None:
        paths = list(files)
        self.engine.execute(
            overlay.FRESH_OF if paths else overlay.FRESH_OF_NOTHING, [paths] if paths else None
        )
        if paths and rekey(self.engine, self.engine.read_parquet(paths), self._continued):
            self.engine.execute(overlay.REKEYED_OF)
        pairs = [(source.value, ip) for source, hosts in whole.hosts.items() for ip in hosts]
        self.engine.register("read_hosts", _pairs(pairs))
        self.engine.execute(overlay.MERGED, {"stores": [source.value for source in whole.stores]})

    def _ours(self, number: int) -> dict[tuple[int, Source], dict[Severity | None, int]]:
        found: dict[tuple[int, Source], dict[Severity | None, int]] = {}
        for source, severity, rows in self.engine.execute(overlay.BY_SEVERITY).fetchall():
            kept = found.setdefault((number, Source(source)), {})
            kept[None if severity is None else Severity(severity)] = rows
        return found

    def repeats(self) -> list[Repeat]:
        """What is told more than once, in what was compared last."""
        rows = self.engine.execute(overlay.REPEATS).fetchall()
        return [
            Repeat(
                source=Source(source),
                severity=None if severity is None else Severity(severity),
                finding=finding,
                times=times,
                place=place,
            )
            for source, severity, finding, times, place in rows
        ]

    def _unfit(self) -> str:
        """Why hosts cannot be compared one by one; empty when they can."""
        [(unfit,)] = self.engine.execute(overlay.UNFIT).fetchall()
        return f"{unfit} findings without an address, plugin or severity" if unfit else ""

    def _differing_hosts(
        self, told: Told, severities: tuple[Severity, ...]
    ) -> dict[Source, set[str]]:
        kinds, ips, wanted, rows = [], [], [], []
        for kind, counts in told.hosts.items():
            for (ip, severity), number in counts.items():
                if not severities or severity in severities:
                    kinds.append(str(kind))
                    ips.append(ip)
                    wanted.append(severity)
                    rows.append(number)
        self.engine.register(
            "console_hosts",
            pa.table({"kind": pa.array(kinds, pa.string()), "ip": pa.array(ips, pa.string())})
            .append_column("severity", pa.array(wanted, pa.int64()))
            .append_column("n", pa.array(rows, pa.int64())),
        )
        kinds_told = [*map(str, told.hosts), *map(str, told.marks)]
        found: dict[Source, set[str]] = {source: set() for source in Source}
        for kind, ip in self.engine.execute(overlay.DIFFERING_HOSTS, [kinds_told]).fetchall():
            found[Source.PATCHED if kind == Source.PATCHED else Source.CUMULATIVE].add(ip)
        return found

    def _twins(self) -> set[str]:
        """Hosts with several findings under one key, which only a whole reading tells apart."""
        return {ip for (ip,) in self.engine.execute(overlay.TWINS).fetchall()}

    def _scanned_behind(self, told: Told) -> set[str]:
        """Hosts of which a scan was imported that is older than the part that was read.

        What it saw again has another last sighting now, which no count shows.
        """
        known = self.engine.execute("FROM scanned_before").fetchall()
        before = {ip: at for ip, at in known if at is not None}
        return {
            ip
            for ip, at in told.scanned.items()
            if at < self._since and ip in before and at > before[ip]
        }

    def _newly_named(self, repository_id: int, listed: Sequence[str]) -> set[str]:
        """Hosts that have another name at their address, which no count shows."""
        if not listed:
            return set()
        found = self.engine.execute(overlay.NEWLY_NAMED, [list(listed), repository_id])
        return {ip for (ip,) in found.fetchall()}

    def _plugins_differ(self, kind: str, told: Told) -> bool:
        ours = dict(self.engine.execute(overlay.BY_PLUGIN, [str(kind)]).fetchall())
        theirs = {plugin: rows for plugin, rows in told.plugins[kind].items() if rows}
        return ours != theirs

    def _marks_differ(self, mark: Mark, told: Told) -> bool:
        ours = self.marks()[mark]
        return any(ours.get(s, 0) != told.marks[mark].get(s, 0) for s in Severity)

    def marks(self) -> dict[Mark, dict[Severity, int]]:
        """How many findings have which mark, in what was compared last."""
        found: dict[Mark, dict[Severity, int]] = {mark: {} for mark in Mark}
        for kind, severity, rows in self.engine.execute(overlay.BY_MARK, [list(Mark)]).fetchall():
            if severity is not None:
                found[Mark(kind)][Severity(severity)] = rows
        return found


def _to_read(
    proofs: tuple[Proof, ...],
    differing: Mapping[Source, set[str]],
    whole: ReadWhole,
    told: Told,
) -> Verdict:
    """Read hosts apart, or whole stores where such hosts are many or reading them did not help.

    What left the cumulative store may lie in the other one, so such hosts are read in both.
    """
    stores: set[Source] = set()
    for source, addresses in differing.items():
        every = {ip for ip, _ in told.hosts.get(source, ())}
        again = addresses & whole.of(source)
        if again or "" in addresses or len(addresses) > max(_FEW, len(every) // _WORTH_APART):
            stores |= set(Source) if source is Source.CUMULATIVE else {source}
    wanted = {
        Source.CUMULATIVE: differing[Source.CUMULATIVE],
        Source.PATCHED: differing[Source.CUMULATIVE] | differing[Source.PATCHED],
    }
    hosts = {
        source: frozenset(addresses - whole.of(source))
        for source, addresses in wanted.items()
        if source not in stores
    }
    reason = "the counts of many of its hosts differed" if stores else ""
    return Verdict(proofs=proofs, hosts=hosts, stores=frozenset(stores), reason=reason)


def _agrees(proofs: Iterable[Proof], source: Source) -> bool:
    return all(proof.agrees for proof in proofs if proof.source is source)


def _repeats(told: Iterable[tuple[str, str, int]]) -> pa.Table:
    found = list(told)
    return pa.table(
        {
            "source": pa.array([source for source, _, _ in found], pa.string()),
            "finding": pa.array([finding for _, finding, _ in found], pa.string()),
            "times": pa.array([times for _, _, times in found], pa.int64()),
        }
    )


def _pairs(pairs: Iterable[tuple[str, str]]) -> pa.Table:
    found = list(pairs)
    return pa.table(
        {
            "source": pa.array([source for source, _ in found], pa.string()),
            "ip": pa.array([ip for _, ip in found], pa.string()),
        }
    )

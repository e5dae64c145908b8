"""Which parts of a console's findings are read on their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from plumbline.console.query import (
    Analysis,
    Filter,
    Tool,
    hosts,
    mitigated_between,
    mitigated_in_days,
    seen_between,
    seen_in_days,
)
from plumbline.domain.finding import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from plumbline.domain.connection import Scope
    from plumbline.domain.severity import Severity

SPLIT_ABOVE = 20_000
"""A repository with more rows than this is read severity by severity: less to read again when
the console changes meanwhile, and each part may fit one page, which cannot drift."""
HOSTS_TOGETHER = 200
"""Addresses in one question: some 3 kB of filter, 8 kB where they are of version 6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Findings of one repository and store, perhaps of one severity or of some of them only."""

    repository_id: int
    source: Source
    severity: Severity | None = None
    expected: int = 0
    """Rows the console counted when the run was planned."""
    part: str = ""
    """Which findings these are, fit for a name; empty for all."""
    filters: tuple[Filter, ...] = ()
    """What makes them these."""
    alternative: int | None = None
    """Which of the alternatives of the run; nothing for all of them together."""

    @property
    def name(self) -> str:
        """Name of the slice, fit for a folder."""
        severity = self.severity.word if self.severity is not None else "all"
        part = f"{self.part}-" if self.part else ""
        number = f"-{self.alternative}" if self.alternative is not None else ""
        return f"r{self.repository_id}-{self.source}-{part}{severity}{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """How far back the connection asks; settled once, so that it does not slide meanwhile."""

    start: datetime
    end: datetime
    days: int | None = None
    """The same in days, where the console refuses epochs."""

    @property
    def filter(self) -> Filter:
        """Only findings seen in that time."""
        if self.days is not None:
            return seen_in_days(self.days)
        return seen_between(_epoch(self.start), _epoch(self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Increment:
    """What may have changed in a repository since it was read: seen or mitigated since then."""

    since: datetime
    until: datetime
    days: int | None = None
    """Days that cover it, where the console refuses epochs."""

    @property
    def part(self) -> str:
        """Name of these findings among all of the repository."""
        return f"from{_epoch(self.since)}"

    def filters(self, source: Source, look_back: LookBack | None) -> tuple[Filter, ...]:
        """Only these findings; one filter of a name counts, so the later start is taken."""
        if source is Source.PATCHED:
            return (self._mitigated,)
        if self.days is not None:
            return (seen_in_days(min(self.days, (look_back and look_back.days) or self.days)),)
        since = max(self.since, look_back.start) if look_back else self.since
        return (seen_between(_epoch(since), _epoch(self.until)),)

    @property
    def _mitigated(self) -> Filter:
        if self.days is not None:
            return mitigated_in_days(self.days)
        return mitigated_between(_epoch(self.since), _epoch(self.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How findings are asked for in this run."""

    scope: Scope
    look_back: LookBack | None = None
    was_filter: bool = True
    alternatives: tuple[tuple[Filter, ...], ...] = ((),)
    """What the exclusions of the scope leave, see `Analysis.alternatives`."""

    def query(self, tool: Tool, part: Slice) -> Analysis:
        """The query for a slice; one single question where the slice is of one alternative."""
        severities = self.scope.severities
        if part.severity is not None:
            severities = (part.severity,)
        scope = replace(
            self.scope,
            repositories=(part.repository_id,),
            severities=severities,
            look_back_days=None,
        )
        query = self._ask(tool, part.source, scope).where(*part.filters)
        if part.alternative is None:
            return query
        [question] = replace(query, alternatives=(self.alternatives[part.alternative],)).questions
        return question

    def apart(self, parts: Iterable[Slice]) -> Iterator[Slice]:
        """Slices whose rows can be read: one for each alternative that can have rows."""
        for part in parts:
            if self.alternatives == ((),):
                yield part
                continue
            query = self.query(Tool.VULNDETAILS, part)
            for number, given in enumerate(self.alternatives):
                if replace(query, alternatives=(given,)).questions:
                    yield replace(part, alternative=number)

    def everywhere(self, tool: Tool, source: Source, repositories: tuple[int, ...]) -> Analysis:
        """The query over several repositories at once."""
        scope = replace(self.scope, repositories=repositories, look_back_days=None)
        return self._ask(tool, source, scope)

    def hosts(self, repository_id: int) -> Analysis:
        """The query for all hosts of a repository, whatever the severity of their findings."""
        scope = replace(
            self.scope, repositories=(repository_id,), severities=(), look_back_days=None
        )
        return self._ask(Tool.SUMIP, Source.CUMULATIVE, scope)

    def _ask(self, tool: Tool, source: Source, scope: Scope) -> Analysis:
        query = Analysis(
            tool=tool, source=source, was=scope.was, was_filter=self.was_filter
        ).within(scope)
        query = replace(query, alternatives=self.alternatives)
        return query.where(self.look_back.filter) if self.look_back else query


def slices(
    repository_id: int,
    counts: Mapping[Source, Mapping[Severity, int]],
    part: str = "",
    filters: Mapping[Source, tuple[Filter, ...]] | None = None,
) -> Iterator[Slice]:
    """Cut a repository, or a part of it, into slices by what the console counts in it."""
    for source, by_severity in counts.items():
        total = sum(by_severity.values())
        whole = Slice(
            repository_id=repository_id,
            source=source,
            expected=total,
            part=part,
            filters=(filters or {}).get(source, ()),
        )
        if total <= SPLIT_ABOVE:
            if total:
                yield whole
            continue
        for severity in sorted(by_severity, reverse=True):
            if by_severity[severity]:
                yield replace(whole, severity=severity, expected=by_severity[severity])


def host_slices(repository_id: int, source: Source, addresses: Sequence[str]) -> Iterator[Slice]:
    """Some hosts of a repository, each with everything that is told of it."""
    wanted = sorted(addresses)
    for start in range(0, len(wanted), HOSTS_TOGETHER):
        some = wanted[start : start + HOSTS_TOGETHER]
        mark = blake2b(",".join(some).encode(), digest_size=8).hexdigest()
        # Sorts behind the parts read before: what was read last counts.
        yield Slice(
            repository_id=repository_id,
            source=source,
            part=f"hosts{start // HOSTS_TOGETHER}x{mark}",
            filters=(hosts(*some),),
        )


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())

"""Which parts of a console's findings are read on their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from plumbline.console.query import Analysis, Filter, Tool
from plumbline.terms.finding import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plumbline.terms.connection import Scope
    from plumbline.terms.severity import Severity

SPLIT_ABOVE = 20_000
"""A repository with more rows than this is read severity by severity: less to read again when
the console changes meanwhile, and each part may fit one page, which cannot drift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Findings of one repository and store, perhaps of one severity only."""

    repository_id: int
    source: Source
    severity: Severity | None = None
    expected: int = 0
    """Rows the console counted when the run was planned."""

    @property
    def name(self) -> str:
        """Name of the slice, fit for a folder."""
        part = self.severity.word if self.severity is not None else "all"
        return f"r{self.repository_id}-{self.source}-{part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How findings are asked for in this run."""

    scope: Scope
    window: Filter | None = None
    """The look-back, settled once so that it does not slide while pages are read."""
    was_filter: bool = True

    def query(self, tool: Tool, part: Slice) -> Analysis:
        """The query for a slice."""
        severities = self.scope.severities
        if part.severity is not None:
            severities = (part.severity,)
        scope = replace(
            self.scope,
            repositories=(part.repository_id,),
            severities=severities,
            look_back_days=None,
        )
        return self._ask(tool, part.source, scope)

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
        return query.where(self.window) if self.window else query


def slices(repository_id: int, counts: Mapping[Source, Mapping[Severity, int]]) -> Iterator[Slice]:
    """Cut a repository into slices by what the console counts in it."""
    for source, by_severity in counts.items():
        total = sum(by_severity.values())
        if total <= SPLIT_ABOVE:
            if total:
                yield Slice(repository_id=repository_id, source=source, expected=total)
            continue
        for severity in sorted(by_severity, reverse=True):
            if by_severity[severity]:
                yield Slice(
                    repository_id=repository_id,
                    source=source,
                    severity=severity,
                    expected=by_severity[severity],
                )

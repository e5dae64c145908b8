"""What a run has to read, by what the console tells and what the last snapshot remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from plumbline.console.query import Filter, Tool, seen_between, seen_in_days
from plumbline.console.records import OLDEST, release
from plumbline.errors import FatalError, RefusedError
from plumbline.extract.slices import Asking
from plumbline.sync.memory import Memory, told_update
from plumbline.terms.finding import Source
from plumbline.terms.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.console.client import Console
    from plumbline.console.records import Repository
    from plumbline.extract.proof import Counts
    from plumbline.terms.connection import Scope

FULL_EVERY = timedelta(days=7)
"""After this time everything is read anew, whatever the console says has changed."""
_MOBILE = "mobile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One repository to read, with what the console counts in it."""

    repository: Repository
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run reads and what it takes over from the last snapshot."""

    asking: Asking
    tasks: tuple[Task, ...]
    kept: tuple[Repository, ...]
    """Repositories that have not changed."""
    visible: tuple[Repository, ...]
    warnings: tuple[str, ...] = field(default=())

    def is_unchanged(self, memory: Memory) -> bool:
        """Whether no repository needs reading, and none has come or gone out of sight."""
        return not self.tasks and {str(one.id) for one in self.visible} == set(memory.repositories)


def make_plan(
    console: Console, scope: Scope, memory: Memory | None, *, full: bool, now: datetime
) -> Plan:
    """Look at the console and decide.

    Raises:
        FatalError: the console is older than API keys are.
        RefusedError: the keys are an Administrator's, or see no repository that is asked for.
    """
    _refuse_administrator(console)
    _refuse_outdated(console)
    visible, warnings = _visible(console.repositories(), scope)
    asking = Asking(scope=scope, window=_window(console, scope, now))
    kept = () if full or memory is None else _kept(visible, memory)
    if kept and memory and not _still_agree(console, asking, kept, memory):
        kept = ()
    tasks = tuple(
        Task(repository=one, counts=count(console, asking, one.id))
        for one in visible
        if one not in kept
    )
    return Plan(asking=asking, tasks=tasks, kept=kept, visible=visible, warnings=tuple(warnings))


def count(console: Console, asking: Asking, repository_id: int) -> Counts:
    """What the console counts in one repository, in both its stores."""
    return {
        source: console.severity_counts(
            asking.everywhere(Tool.SUMSEVERITY, source, (repository_id,))
        )
        for source in Source
    }


def _refuse_administrator(console: Console) -> None:
    if console.current_user().is_administrator:
        raise RefusedError(
            "These keys belong to an Administrator, who is in no organisation and sees nothing.",
            advice="use the keys of a user with the role Auditor or Vulnerability Analyst in the "
            "group Full Access; `plumbline connection guide` tells how",
            unchanged="the last published snapshot",
        )


def _refuse_outdated(console: Console) -> None:
    """Refuse a console that tells a version without API keys; some tell none."""
    if () < release(console.version_told)[:2] < OLDEST:
        raise FatalError(
            f"Security Center {console.version_told} is too old; 5.13 is the first with API keys.",
            advice="upgrade the console, best to 6.6",
            unchanged="the last published snapshot",
        )


def _visible(
    repositories: Iterable[Repository], scope: Scope
) -> tuple[tuple[Repository, ...], list[str]]:
    found = {one.id: one for one in repositories}
    if not found:
        raise RefusedError(
            "The keys see no repository.",
            advice="give the user's group access to the repositories, best the group Full Access",
            unchanged="the last published snapshot",
        )
    wanted = scope.repositories or tuple(found)
    missing = [number for number in wanted if number not in found]
    chosen = [found[number] for number in sorted(wanted) if number in found]
    if not chosen:
        raise RefusedError(
            f"The keys do not see repository {', '.join(map(str, missing))}.",
            advice=f"choose among {', '.join(map(str, sorted(found)))} with "
            "`plumbline connection edit --repository`, or give the user's group access",
            unchanged="the last published snapshot",
        )
    readable = tuple(one for one in chosen if one.data_format.lower() != _MOBILE)
    if not readable:
        raise RefusedError(
            "The keys see repositories of mobile devices only, which hold no findings of hosts.",
            advice="give the user's group access to the other repositories",
            unchanged="the last published snapshot",
        )
    return readable, [f"Repository {number} is not visible to these keys." for number in missing]


def _window(console: Console, scope: Scope, now: datetime) -> Filter | None:
    """The look-back as a filter that does not slide, or in days where epochs are refused."""
    if scope.look_back_days is None:
        return None
    if not console.heeds_epochs():
        return seen_in_days(scope.look_back_days)
    start = now - timedelta(days=scope.look_back_days)
    return seen_between(int(start.timestamp()), int((now + timedelta(days=1)).timestamp()))


def _kept(visible: Iterable[Repository], memory: Memory) -> tuple[Repository, ...]:
    """Repositories that the console says have not changed since they were read."""
    known = ((one, memory.of(one.id)) for one in visible)
    return tuple(
        one
        for one, then in known
        if then is not None and then.updated and then.updated == told_update(one)
    )


def _still_agree(
    console: Console, asking: Asking, kept: Iterable[Repository], memory: Memory
) -> bool:
    """Whether the console still counts in all of them together what it counted then."""
    ids = tuple(one.id for one in kept)
    known = [found.typed for found in map(memory.of, ids) if found is not None]
    for source in Source:
        told = console.severity_counts(asking.everywhere(Tool.SUMSEVERITY, source, ids))
        ours = {s: sum(counts.get(source, {}).get(s, 0) for counts in known) for s in Severity}
        if ours != {s: told.get(s, 0) for s in Severity}:
            return False
    return True


def is_full_due(memory: Memory | None, scope_mark: str, now: datetime) -> bool:
    """Whether everything must be read anew: first run, another scope, or long ago."""
    if memory is None or memory.scope != scope_mark or not memory.full_at:
        return True
    return now - datetime.fromisoformat(memory.full_at) >= FULL_EVERY

"""What a run has to read, by what the console tells and what the last snapshot remembers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Self

from plumbline.console.exclusions import (
    Exclusion,
    alternatives,
    asks_for_families,
    check_exclusions,
    exclusions,
)
from plumbline.console.query import Mark, Tool
from plumbline.console.version import Support, ask_version
from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.errors import FatalError, QueryRefusedError, RefusedError
from plumbline.extract.slices import Asking, Increment, LookBack
from plumbline.sync.memory import FORM, Memory, Sight, told_update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from plumbline.config.settings import Settings
    from plumbline.console.client import Console
    from plumbline.console.records import Repository, User
    from plumbline.domain.connection import Scope
    from plumbline.extract.proof import Counts
    from plumbline.sync.memory import RepositoryMemory

_MOBILE = "mobile"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Increments:
    """How incremental runs read, as the settings say."""

    overlap: timedelta = timedelta(hours=48)
    """How far they read back behind the last reading."""
    full_every: timedelta = timedelta(days=7)
    """After this time everything is read anew, whatever the console says has changed."""
    whole_below: int = 2_000
    """Findings below which a changed repository is read whole."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings say."""
        return cls(
            overlap=timedelta(hours=settings.overlap_hours),
            full_every=timedelta(days=settings.full_every_days),
            whole_below=settings.whole_below,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One repository to read, with what the console counts in it."""

    repository: Repository
    counts: Counts
    increment: Increment | None = None
    """What may have changed in it; nothing when it is to be read whole."""
    repeats: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What was told more than once when it was read: store to finding to rows beside the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run reads and what it takes over from the last snapshot."""

    asking: Asking
    tasks: tuple[Task, ...]
    kept: tuple[Repository, ...]
    """Repositories that have not changed."""
    visible: tuple[Repository, ...]
    clock: datetime
    """The time by the console's own clock."""
    latest: int
    """Epoch second in which the last thing can have been seen: a day ahead of both clocks."""
    sight: Sight
    warnings: tuple[str, ...] = field(default=())

    @property
    def counts(self) -> Mapping[str, int]:
        """Active findings of each severity that the console counts in what is to be read."""
        found: Counter[str] = Counter()
        for task in self.tasks:
            told = task.counts.get(Source.CUMULATIVE, {})
            found.update({severity.word: number for severity, number in told.items()})
        return dict(found)

    def is_unchanged(self, memory: Memory) -> bool:
        """Whether no repository needs reading, and none has come or gone out of sight."""
        return not self.tasks and {str(one.id) for one in self.visible} == set(memory.repositories)


def make_plan(
    console: Console,
    scope: Scope,
    memory: Memory | None,
    *,
    full: bool,
    now: datetime,
    increments: Increments,
) -> Plan:
    """Look at the console and decide.

    Raises:
        FatalError: the console is older than API keys are.
        RefusedError: the keys are an Administrator's, or see no repository that is asked for.
    """
    warnings = _checked_version(console)
    user = console.current_user()
    _refuse_administrator(user)
    every = console.repositories()
    visible, missing = _visible(every, scope)
    warnings += missing
    clock = now + timedelta(seconds=console.clock_skew or 0)
    heeds_epochs = cache(console.heeds_epochs)
    left_out, unknown = _exclusions(console, scope)
    warnings += unknown
    asking = Asking(
        scope=scope,
        look_back=_look_back(scope, clock, heeds_epochs),
        alternatives=alternatives(left_out),
    )
    known = None if full else memory
    kept = _kept(visible, known) if known else ()
    if kept and known and not _still_agree(console, asking, kept, known):
        kept = ()
    tasks = tuple(
        Task(repository=one, counts=count(console, asking, one.id))
        for one in visible
        if one not in kept
    )
    if tasks:
        _check_exclusions(console, asking, left_out, tasks)
    if known:
        tasks = tuple(_narrowed(one, known, increments, clock, heeds_epochs) for one in tasks)
    return Plan(
        asking=asking,
        tasks=tasks,
        kept=kept,
        visible=visible,
        clock=clock,
        latest=int((max(now, clock) + _DAY).timestamp()),
        sight=Sight.of(user, every),
        warnings=tuple(warnings),
    )


def _narrowed(
    task: Task,
    memory: Memory,
    increments: Increments,
    clock: datetime,
    heeds_epochs: Callable[[], bool],
) -> Task:
    """The task with only what may have changed, where that is known and worth it."""
    then = memory.of(task.repository.id)
    settled = then.settled if then else None
    rows = sum(sum(found.values()) for found in task.counts.values())
    if then is None or settled is None or rows < increments.whole_below:
        return task
    since = min(settled, clock) - increments.overlap
    # A day more: the console counts whole days back from the moment of each request.
    days = None if heeds_epochs() else ceil((clock - since) / _DAY) + 1
    increment = Increment(since=since, until=clock + _DAY, days=days)
    return replace(task, increment=increment, repeats=then.repeats)


def count(console: Console, asking: Asking, repository_id: int) -> Counts:
    """What the console counts in one repository, in both its stores."""
    return {
        source: console.severity_counts(
            asking.everywhere(Tool.SUMSEVERITY, source, (repository_id,))
        )
        for source in Source
    }


def _refuse_administrator(user: User) -> None:
    if user.is_administrator:
        raise RefusedError(
            "These keys belong to an Administrator, who is in no organisation and sees nothing.",
            advice="use the keys of a user with the role Auditor or Vulnerability Analyst in the "
            "group Full Access; `plumbline connection guide` tells how",
            unchanged="the last published snapshot",
        )


def _checked_version(console: Console) -> list[str]:
    """Refuse a console without API keys; warn of one that does not tell its version."""
    version = ask_version(console)
    if version.support is Support.TOO_OLD:
        raise FatalError(
            f"{version.shown} is too old; 5.13 is the first with API keys.",
            advice="upgrade the console, best to 6.6",
            unchanged="the last published snapshot",
        )
    if version.support is Support.UNKNOWN:
        return [f"{version.shown[0].upper()}{version.shown[1:]}; it is read nevertheless."]
    return []


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
    excluded = set(scope.exclude_repositories)
    wanted = tuple(n for n in scope.repositories or tuple(found) if n not in excluded)
    missing = [number for number in wanted if number not in found]
    chosen = [found[number] for number in sorted(wanted) if number in found]
    if not wanted:
        raise RefusedError(
            "Every repository that the keys see is excluded.",
            advice="`plumbline connection edit --exclude-repository`, or give the user's group "
            "access to more",
            unchanged="the last published snapshot",
        )
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


def _exclusions(console: Console, scope: Scope) -> tuple[tuple[Exclusion, ...], list[str]]:
    """What the scope excludes, and what of that the console does not have."""
    if not asks_for_families(scope):
        return exclusions(scope), []
    families = console.plugin_families()
    missing = [one for one in scope.exclude_families if one and one not in families]
    told = [f"The console has no plugin family {one}, which is excluded." for one in missing]
    return exclusions(scope, families), told


def _check_exclusions(
    console: Console, asking: Asking, found: tuple[Exclusion, ...], tasks: Iterable[Task]
) -> None:
    """Make sure that nothing is lost between what is read and what is excluded."""
    ids = tuple(task.repository.id for task in tasks)
    whole = replace(asking, alternatives=((),))
    for source in Source:
        check_exclusions(console, whole.everywhere(Tool.SUMSEVERITY, source, ids), found)


def _look_back(scope: Scope, clock: datetime, heeds_epochs: Callable[[], bool]) -> LookBack | None:
    """How far back the scope asks, in days where epochs are refused."""
    if scope.look_back_days is None:
        return None
    return LookBack(
        start=clock - timedelta(days=scope.look_back_days),
        end=clock + _DAY,
        days=None if heeds_epochs() else scope.look_back_days,
    )


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
    known = [found for found in map(memory.of, ids) if found is not None]
    for source in Source:
        told = console.severity_counts(asking.everywhere(Tool.SUMSEVERITY, source, ids))
        ours = {s: sum(one.typed.get(source, {}).get(s, 0) for one in known) for s in Severity}
        if ours != {s: told.get(s, 0) for s in Severity}:
            return False
    return all(_marks_agree(console, asking, ids, known, mark) for mark in Mark)


def _marks_agree(
    console: Console,
    asking: Asking,
    ids: tuple[int, ...],
    known: Sequence[RepositoryMemory],
    mark: Mark,
) -> bool:
    """Whether as many findings have a mark as then: a rule changes them without an import."""
    if not all(found.marks for found in known):
        return True
    query = asking.everywhere(Tool.SUMSEVERITY, Source.CUMULATIVE, ids).where(mark.filter)
    try:
        told = console.severity_counts(query)
    except QueryRefusedError:
        return True
    return all(told.get(s, 0) == sum(one.marked(mark, s) for one in known) for s in Severity)


def is_full_due(
    memory: Memory | None, scope_mark: str, now: datetime, full_every: timedelta
) -> bool:
    """Whether everything must be read anew: first run, another scope or form, or long ago."""
    if memory is None or memory.scope != scope_mark or not memory.full_at or memory.form < FORM:
        return True
    return now - datetime.fromisoformat(memory.full_at) >= full_every

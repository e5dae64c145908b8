"""What a published snapshot remembers of the console, for the next run to compare with."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self

import msgspec

from plumbline import __version__
from plumbline.domain.connection import ListRequest
from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.extract.proof import count_repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from plumbline.console.query import Mark
    from plumbline.console.records import AssetList, Named, Repository, User
    from plumbline.domain.connection import Connection, Scope
    from plumbline.extract.proof import Counts, Repeat

USABLE_FOR = timedelta(days=1)
"""What a stopped run staged is read anew after this time: plugins change without a sign."""

_MOST_REPEATS = 10_000
"""Where more findings are told twice, the repository is read whole whenever it changes."""


class RepositoryMemory(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as it was when it was last read."""

    updated: str
    """`lastVulnUpdate` before the reading began; empty when the console does not tell."""
    counts: dict[str, dict[str, int]]
    """Store to severity to count, agreed by both sides."""
    marks: dict[str, dict[str, int]] = {}
    """Mark to severity to count in the cumulative store, as was read; empty in older memories."""
    read_at: str = ""
    """When its last reading began, by the console's clock; empty in older memories."""
    whole_at: str = ""
    """When it was last read whole."""
    repeated: dict[str, dict[str, int]] = {}
    """Store to severity to rows that the console tells beside the first of a finding."""
    repeats: dict[str, dict[str, int]] = {}
    """Store to key of such a finding to such rows; empty where they are too many to remember."""

    @property
    def settled(self) -> datetime | None:
        """What was seen before then lay in the console when it was read, late imports aside."""
        if not self.read_at:
            return None
        told = [self.read_at, *([self.updated] if self.updated else [])]
        return min(map(datetime.fromisoformat, told))

    def marked(self, mark: Mark, severity: Severity) -> int:
        """How many findings of a severity have a mark."""
        return self.marks.get(mark.value, {}).get(severity.word, 0)

    def read(
        self, marks: Mapping[Mark, Mapping[Severity, int]], at: datetime, *, whole: bool
    ) -> Self:
        """The same, read at that time by the console's clock, with what was marked in it."""
        when = at.isoformat()
        return msgspec.structs.replace(
            self, marks=_worded(marks), read_at=when, whole_at=when if whole else ""
        )

    def whole_since(self, then: str) -> Self:
        """The same, last read whole then unless it was so now."""
        return self if self.whole_at else msgspec.structs.replace(self, whole_at=then)

    @property
    def typed(self) -> Counts:
        """The counts with their own types."""
        return _typed(self.counts)

    @property
    def typed_repeats(self) -> Counts:
        """Repeated rows by store and severity, with their own types."""
        return _typed(self.repeated)


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What the keys can see, as far as the console tells it."""

    user: str = ""
    role: str = ""
    group: str = ""
    responsible_asset: str = ""
    """Asset list that the user's view may be held to."""
    repositories: dict[str, str] = {}
    """All visible ones, number to name, whether or not they are asked for."""

    @classmethod
    def of(cls, user: User, repositories: Iterable[Repository]) -> Self:
        """What the console says of the keys' user."""
        return cls(
            user=user.username,
            role=_told(user.role),
            group=_told(user.group),
            responsible_asset=_told(user.responsible_asset),
            repositories={str(one.id): one.name for one in repositories},
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    def changed_since(self, before: Sight) -> str:
        """Why less may be seen than then, in words; empty when the same user looks as before."""
        pairs = (
            ("user", before.user, self.user),
            ("role", before.role, self.role),
            ("group", before.group, self.group),
            ("responsible asset", before.responsible_asset, self.responsible_asset),
        )
        found = [
            f"{what} from {was!r} to {now!r}" for what, was, now in pairs if _id(was) != _id(now)
        ]
        return f"what the keys can see changed: {', '.join(found)}" if found else ""


def _told(named: Named) -> str:
    """Number and name; empty for nobody."""
    return f"{named.id} {named.name}".strip() if named.id is not None and named.id >= 0 else ""


def _id(told: str) -> str:
    """The number alone: who is renamed sees no less."""
    return told.partition(" ")[0]


FORM = 2
"""Raised when what is published changes its form: an older snapshot is followed by a full run.

2: published findings are counted again; addresses, names and times are normalised.
"""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Where the console stood."""

    scope: str
    """Mark of what was asked for."""
    form: int = 1
    """The `FORM` of the snapshot."""
    repositories: dict[str, RepositoryMemory] = {}
    lists: str = ""
    """Mark of the asset lists as they were listed."""
    full_at: str = ""
    """When everything was last read anew."""
    sight: Sight | None = None
    """What the keys could see."""

    def of(self, repository_id: int) -> RepositoryMemory | None:
        """What is remembered of a repository."""
        return self.repositories.get(str(repository_id))

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    @classmethod
    def from_json(cls, plan: Mapping[str, Any]) -> Memory | None:
        """Read what a snapshot left; nothing when it is of another form."""
        try:
            return msgspec.convert(dict(plan), cls)
        except msgspec.ValidationError:
            return None


class Unfinished(msgspec.Struct, frozen=True, kw_only=True):
    """What a run set out to read; lies beside its staged pages until they are published."""

    mark: str
    """Mark of the console and of what was asked for."""
    base: int
    """Run of the snapshot that was to be followed; 0 for none."""
    began: datetime
    repositories: dict[str, RepositoryMemory] = {}

    @classmethod
    def read(cls, plan: bytes | None) -> Unfinished | None:
        """Read what was left; nothing when nothing was, or in another form."""
        try:
            return msgspec.json.decode(plan, type=cls) if plan else None
        except msgspec.DecodeError:
            return None

    def goes_on_from(self, before: Unfinished) -> bool:
        """Whether pages staged for that one can serve this one."""
        same = (self.mark, self.base) == (before.mark, before.base)
        return same and self.began - before.began < USABLE_FOR

    def still_holds(self, repository_id: str, before: Unfinished) -> bool:
        """Whether the console says that a repository is as it was when that one set out."""
        then = before.repositories.get(repository_id)
        return bool(then and then.updated) and self.repositories.get(repository_id) == then


def told_update(repository: Repository) -> str:
    """When the console says its findings last changed, as text; empty when it does not say."""
    return repository.last_update.isoformat() if repository.last_update else ""


def remembered(updated: str, counts: Counts, repeats: Sequence[Repeat] = ()) -> RepositoryMemory:
    """A repository to remember, with what is counted in it, and what is told more than once."""
    repeated: dict[str, Counter[str]] = {}
    for (source, severity), times in count_repeats(repeats).items():
        # An unreadable severity is counted under the lowest one, as in the proof.
        word = (severity or Severity.INFO).word
        repeated.setdefault(source.value, Counter())[word] += times
    found: dict[str, dict[str, int]] = {}
    for one in repeats if len(repeats) <= _MOST_REPEATS else ():
        found.setdefault(one.source.value, {})[one.finding] = one.times
    return RepositoryMemory(
        updated=updated,
        counts=_worded(counts),
        repeated={source: dict(times) for source, times in repeated.items()},
        repeats=found,
    )


def _typed(counts: Mapping[str, Mapping[str, int]]) -> Counts:
    return {
        Source(source): {Severity.parse(word): n for word, n in found.items()}
        for source, found in counts.items()
    }


def _worded(counts: Mapping[Any, Mapping[Severity, int]]) -> dict[str, dict[str, int]]:
    return {
        str(name): {severity.word: n for severity, n in found.items()}
        for name, found in counts.items()
    }


_INCLUDES = ("repositories", "severities", "asset_lists", "families", "look_back_days", "was")
_EXCLUDES = (
    "exclude_repositories",
    "exclude_families",
    "exclude_plugin_types",
    "exclude_addresses",
)


def mark_of_scope(scope: Scope) -> str:
    """A mark that differs when a scope asks for other findings."""
    return _mark(_scope_text(scope))


def _scope_text(scope: Scope) -> str:
    """The scope as text; without exclusions as it was before there were any.

    Lakes remember the mark of this text, and another mark makes the next run read everything.
    """
    names = [*_INCLUDES, *(name for name in _EXCLUDES if getattr(scope, name))]
    return f"Scope({', '.join(f'{name}={getattr(scope, name)!r}' for name in names)})"


def mark_of_source(connection: Connection) -> str:
    """A mark that differs for other findings, another console or another version of ours."""
    scope = _scope_text(connection.scope)
    return _mark(repr((__version__, FORM, connection.address.url, scope)))


def mark_of_lists(lists: Iterable[AssetList], request: ListRequest) -> str:
    """A mark that differs when a list was added, removed or changed, or is asked for otherwise."""
    listed = list(lists)
    known = repr([(one.id, one.name, one.modified, one.addresses) for one in listed])
    if request == ListRequest():
        return _mark(known)
    asked = [one.extra | {"viewable": one.viewable} for one in listed]
    return _mark(f"{known} {request!r} {asked!r}")


def _mark(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()

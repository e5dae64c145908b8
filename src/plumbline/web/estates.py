"""How a page gets its data: `seen(request)` is the visitor's part of what was published last.

Opened estates are kept by the snapshots they show, each visitor's part of one by what they may see,
and answers by what was asked; all of that is dropped when a newer snapshot is published.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from plumbline.ledger import deadlines as policy
from plumbline.ledger import snapshots
from plumbline.posture import explore, filters, questions
from plumbline.posture.opening import estate_of
from plumbline.posture.paging import AT
from plumbline.posture.purview import scoped
from plumbline.posture.relations import RELATIONS
from plumbline.web import cursor
from plumbline.web.freshness import Freshness, freshness_of
from plumbline.web.installation import own
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import pyarrow as pa
    from django.http import HttpRequest

    from plumbline.domain.deadlines import Deadlines
    from plumbline.domain.person import Purview
    from plumbline.ledger.records import Snapshot
    from plumbline.posture.engine import Estate, Statement
    from plumbline.posture.filters import Query
    from plumbline.web.visitor import Visitor

Value = TypeVar("Value")
Runs = tuple[int, ...]
_ESTATES, _PARTS, _ANSWERS = 3, 24, 400
_PAGE = 50
_LARGEST_ANSWER = 2_000
"""Rows: a longer answer is told, but not kept."""


class Shelf(Generic[Value]):
    """Keeps what was made last; the least used goes first. Of two who ask at once, one makes it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._making: dict[Hashable, RLock] = {}
        self._lock = Lock()

    def get(
        self,
        key: Hashable,
        make: Callable[[], Value],
        fits: Callable[[Value], bool] = lambda _: True,
    ) -> Value:
        """What belongs to a key; made if it is not there, kept if it fits."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            turn = self._making.setdefault(key, RLock())
        try:
            with turn:
                with self._lock:
                    if key in self._kept:
                        return self._kept[key]
                made = make()
                if fits(made):
                    self._keep(key, made)
                return made
        finally:
            with self._lock:
                self._making.pop(key, None)

    def keep_only(self, wanted: Callable[[Any], bool]) -> None:
        """Let go of the rest; whoever still uses it may go on doing so."""
        with self._lock:
            for key in [key for key in self._kept if not wanted(key)]:
                del self._kept[key]

    def _keep(self, key: Hashable, made: Value) -> None:
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows of many."""

    rows: list[dict[str, Any]]
    following: str
    """Where the next page begins; empty on the last one."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A visitor's part of some snapshots, and the answers that were given about it."""

    estate: Estate
    runs: Runs
    _answers: Shelf[Any] = field(default_factory=lambda: Shelf(_ANSWERS), repr=False)

    def answer(self, key: Hashable, make: Callable[[Estate], Statement]) -> pa.Table:
        """The rows of an answer; asked once for each key."""
        return self._answers.get(
            key, lambda: make(self.estate).fetch(), lambda rows: rows.num_rows <= _LARGEST_ANSWER
        )

    def kept(self, key: Hashable, make: Callable[[Estate], Value]) -> Value:
        """Anything else that is worked out from the estate, a drawing for one; made once."""
        found: Value = self._answers.get(("kept", key), lambda: make(self.estate))
        return found

    def ask(self, question: str, *arguments: str) -> list[dict[str, Any]]:
        """The rows of a named question.

        Raises:
            UsageError: the question or an argument does not fit.
        """
        key = ("ask", question, *arguments)
        found = self.answer(key, lambda e: questions.ask(e, question, arguments))
        return list(found.to_pylist())

    def rows(self, relation: str, request: explore.Request) -> list[dict[str, Any]]:
        """A page of findings, hosts, plugins or lists.

        Raises:
            UsageError: the query, a column or the order cannot be used.
        """
        key = ("rows", relation, request)
        found = self.answer(key, lambda e: explore.rows(RELATIONS[relation], e, request))
        return list(found.to_pylist())

    def page(self, relation: str, request: explore.Request, after: str = "") -> Page:
        """One page, and where the next one begins; `after` is where the one before ended.

        Raises:
            UsageError: the query, a column, the order or `after` cannot be used.
        """
        limit = request.limit or _PAGE
        asked = replace(
            request,
            limit=limit + 1,
            keyed=True,
            after=cursor.decode(after, self.runs) if after else None,
        )
        found = self.rows(relation, asked)
        more = found[limit - 1] if len(found) > limit else None
        rows = [{n: v for n, v in row.items() if not n.startswith(AT)} for row in found[:limit]]
        return Page(rows=rows, following=cursor.encode(self.runs, more) if more else "")

    def total(self, relation: str, query: Query | str) -> int:
        """How many rows a query finds.

        Raises:
            UsageError: the query cannot be used.
        """
        asked = filters.parse(query) if isinstance(query, str) else query
        key = ("total", relation, asked)
        found: int = self._answers.get(
            key, lambda: explore.total(RELATIONS[relation], self.estate, asked)
        )
        return found


_estates: Shelf[Estate] = Shelf(_ESTATES)
_parts: Shelf[Seen] = Shelf(_PARTS)


def seen(request: HttpRequest) -> Seen:
    """What the visitor may see of what was published last; empty before the first run.

    Raises:
        StorageError: the ledger or a file of the lake cannot be read.
    """
    return seen_by(visitor(request), snapshots.latest_all())


def seen_by(found: Visitor, shown: Sequence[Snapshot]) -> Seen:
    """What a visitor may see of some snapshots.

    Raises:
        StorageError: a file of the lake cannot be read.
    """
    mine = [s for s in shown if all(p.whole or s.connection in p.consoles for p in found.purviews)]
    runs = tuple(snapshot.run for snapshot in mine)
    # Another policy of deadlines counts otherwise, at once and in every process.
    now = policy.current(own())
    key = (runs, found.purviews, now)
    return _parts.get(key, lambda: _part(mine, runs, found.purviews, now))


def freshness(request: HttpRequest) -> Freshness | None:
    """How fresh and proven what the visitor sees is; None where nobody signed in."""
    try:
        found = visitor(request)
    except LookupError:
        return None
    return freshness_of(found, snapshots.latest_all(), own().stale_after_hours)


def warnings(request: HttpRequest) -> tuple[str, ...]:
    """What a reader of a file has to be warned of, as pages warn of it."""
    found = freshness(request)
    return found.warnings if found else ()


def partly(request: HttpRequest, found: Seen) -> frozenset[str]:
    """The connections of which the visitor sees a part."""
    who = visitor(request)
    return frozenset(name for name in found.estate.as_of if not who.holds(name))


def forget() -> None:
    """Let go of everything."""
    _parts.keep_only(lambda _: False)
    _estates.keep_only(lambda _: False)


def keep_newest(shown: Sequence[Snapshot]) -> None:
    """Let go of every estate but those of these snapshots and the deadlines of now.

    Whoever is still being told of another goes on undisturbed; it ends when they have been.
    """
    runs, now = {snapshot.run for snapshot in shown}, policy.current(own())
    for shelf in (_parts, _estates):
        shelf.keep_only(lambda key: runs.issuperset(key[0]) and key[-1] == now)


def _part(
    mine: Sequence[Snapshot], runs: Runs, purviews: tuple[Purview, ...], now: Deadlines
) -> Seen:
    estate = _estates.get((runs, now), lambda: estate_of(own(), mine, deadlines=now))
    for purview in purviews:
        estate = scoped(estate, purview)
    return Seen(estate, runs)

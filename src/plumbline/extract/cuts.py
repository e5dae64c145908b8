"""How a slice is cut by filters into pieces that fit one page each: one answer cannot drift.

The console's own sums say how many rows a severity, family, plugin or address has, so pieces are
planned before any is read. A sum that does not cover the slice (rows without an address, families
that cannot be filtered) or that the console refuses is passed over for the next one. Rows that
share plugin and address are never torn apart, but by their severity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol, TypeVar

from plumbline.console.query import Filter, Tool, families, hosts
from plumbline.console.scalar import integer
from plumbline.console.wire import FamilyObject
from plumbline.errors import QueryRefusedError, RetriableError
from plumbline.extract.proof import count_distinct
from plumbline.extract.told import written
from plumbline.lake.staging import Cause, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb

    from plumbline.console.query import Analysis
    from plumbline.console.scalar import Scalar
    from plumbline.console.wire import FamilyRow, HostRow, PluginRow
    from plumbline.domain.severity import Severity
    from plumbline.extract.pages import PageReader
    from plumbline.extract.slices import Asking, Slice
    from plumbline.lake.staging import SliceStage

K = TypeVar("K")
Counts = dict[str, int]
"""Rows by what a filter can ask for, in the order of ranges."""
_SUMS_A_PAGE = 5_000
_MOST_KEYS = 200
"""Values in one filter, where each is named."""


class Counting(Protocol):
    """The console's sums."""

    def severity_counts(self, query: Analysis) -> dict[Severity, int]:
        """Rows by severity."""

    def family_rows(self, query: Analysis, size: int | None = None) -> Iterator[FamilyRow]:
        """Rows by plugin family."""

    def plugin_rows(self, query: Analysis, size: int | None = None) -> Iterator[PluginRow]:
        """Rows by plugin."""

    def host_rows(self, query: Analysis, size: int | None = None) -> Iterator[HostRow]:
        """Rows by host."""


Sum = Callable[[Counting, "Analysis"], Counts]
"""One of the console's sums, by what a filter can ask for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One way to cut: what is counted, and how one part of it is asked for."""

    name: str
    filter_name: str
    count: Sum
    ask: Callable[[Sequence[str]], Filter]
    most: int | None = None
    """Values that one piece may have."""
    is_range: bool = False
    """Whether a piece takes what lies between its values, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Part of a slice, and how it was cut off."""

    part: Slice
    axis: Axis | None
    """The last way it was cut; nothing for the slice itself."""
    fits: bool
    """Whether it fits one page; if not, it cannot be cut further."""

    @property
    def name(self) -> str:
        """Name of the piece, fit for a folder; the same whenever the same is asked for."""
        told = " ".join(map(str, self.part.filters))
        mark = blake2b(told.encode(), digest_size=8).hexdigest()
        return f"{self.axis.name if self.axis else 'all'}-{mark}"


@dataclass(slots=True)
class Knife:
    """Cuts slices by what a console counts; remembers which filters it does not heed."""

    console: Counting
    asking: Asking
    unheeded: set[str] = field(default_factory=set)

    def pieces(self, part: Slice, room: int, *, by_severity: bool) -> list[Piece]:
        """The slice in pieces of at most so many rows, as far as it can be cut.

        Raises:
            PlumblineError: the console cannot be asked any more.
        """
        axes = AXES if by_severity and part.severity is None else AXES[1:]
        return list(self._cut(Piece(part=part, axis=None, fits=False), room, axes))

    def query(self, part: Slice) -> Analysis:
        """The question for a slice."""
        return self.asking.query(Tool.VULNDETAILS, part)

    def _cut(self, piece: Piece, room: int, axes: Sequence[Axis]) -> Iterator[Piece]:
        counted: dict[Sum, Counts] = {}
        for place, axis in enumerate(axes):
            if not self._is_of_use(axis, piece.part):
                continue
            if axis.count not in counted:
                counted[axis.count] = self._count(axis, piece.part)
            counts = counted[axis.count]
            if axis.is_range and len({":" in key for key in counts}) > 1:
                continue  # no range goes from an address of version 4 to one of version 6
            groups = list(pack(counts, room, axis.most))
            if len(groups) < 2:  # noqa: PLR2004 - one is not cut
                continue
            for keys, count in groups:
                found = _narrowed(piece.part, axis, keys, count, fits=count <= room)
                yield from (found,) if found.fits else self._cut(found, room, axes[place + 1 :])
            return
        yield piece

    def _is_of_use(self, axis: Axis, part: Slice) -> bool:
        """A range would replace a filter of its name, and ask for more."""
        named = any(one.name == axis.filter_name for one in part.filters)
        return axis.name not in self.unheeded and not (axis.is_range and named)

    def _count(self, axis: Axis, part: Slice) -> Counts:
        """What an axis counts in a part; nothing where it is refused or not all of the part."""
        try:
            counts = axis.count(self.console, self.asking.query(Tool.SUMSEVERITY, part))
        except (QueryRefusedError, RetriableError):
            return {}
        return counts if sum(counts.values()) == part.expected else {}


@dataclass(slots=True, kw_only=True)
class Cutter:
    """Reads a slice piece by piece, and proves that the pieces are the slice."""

    knife: Knife
    reader: PageReader
    engine: duckdb.DuckDBPyConnection
    read: Callable[[Slice, SliceStage], Outcome]

    def read_cut(self, whole: Slice, stage: SliceStage) -> Outcome | None:
        """The slice from pieces of one page each; nothing where it cannot be cut.

        Pieces that an earlier run read whole are taken over.

        Raises:
            PlumblineError: the console cannot be asked any more, or the disk refuses.
        """
        by_severity = True
        while True:
            room = self.reader.size.ceiling
            plan = partial(self.knife.pieces, whole, room, by_severity=by_severity)
            pieces = self.reader.between(plan)
            if len(pieces) < 2:  # noqa: PLR2004 - one is not cut
                return None
            found = self._read_all(whole, pieces, stage)
            if found and (not found.whole or self._apart(found, stage)):
                return found
            if found and not by_severity:
                return None
            # Rows that share a key were torn apart by their severity.
            by_severity = by_severity and found is None

    def _read_all(self, whole: Slice, pieces: list[Piece], stage: SliceStage) -> Outcome | None:
        """Read piece after piece; nothing where they must be planned anew."""
        read: list[Outcome] = []
        for piece in pieces:
            wanted, place = piece.part.expected, stage.piece(piece.name)
            if piece.fits and wanted > self.reader.size.ceiling:
                return None  # rows are heavier than was thought
            outcome = self._read_one(piece, place)
            if outcome is None or outcome.expected != wanted:
                if (total := self.reader.total(self.knife.query(whole))) != whole.expected:
                    return _changed(whole, total)
                self.knife.unheeded.add(piece.axis.name if piece.axis else "")
                return None
            if not outcome.whole:
                names = tuple(one.name for one in pieces[: len(read) + 1])
                return _stuck(whole, piece, names, [*read, outcome])
            read.append(outcome)
        return Outcome(
            whole=True,
            expected=whole.expected,
            distinct=sum(one.distinct for one in read),
            passes=(),
            rows=sum(one.rows for one in read),
            note=f"the order of rows changed from page to page; read in {len(read)} pieces",
            repeated=sum(one.repeated for one in read),
            pieces=tuple(piece.name for piece in pieces),
        )

    def _read_one(self, piece: Piece, place: SliceStage) -> Outcome | None:
        """Read a piece; nothing where the console refuses to be asked for it."""
        outcome = place.outcome
        if outcome and outcome.whole and outcome.expected == piece.part.expected:
            return outcome
        if outcome:
            place.discard()
        try:
            return self.read(piece.part, place)
        except QueryRefusedError:
            return None

    def _apart(self, found: Outcome, stage: SliceStage) -> bool:
        """Whether no finding is in two pieces."""
        files = stage.files_of("findings", found)
        return count_distinct(self.engine, files, found.rows) == found.distinct


def _changed(whole: Slice, total: int | None) -> Outcome:
    return Outcome(
        whole=False,
        expected=total,
        distinct=0,
        passes=(),
        rows=0,
        note=f"the console told {whole.expected} rows, then {total}, while it was read in pieces",
        cause=Cause.CHANGED,
    )


def _stuck(whole: Slice, piece: Piece, pieces: tuple[str, ...], read: Sequence[Outcome]) -> Outcome:
    """The last piece neither fits one page nor can be cut, or rows of it are withheld."""
    outcome = read[-1]
    asked = " ".join(map(str, piece.part.filters))
    return Outcome(
        whole=False,
        expected=whole.expected,
        distinct=sum(one.distinct for one in read),
        passes=(),
        rows=sum(one.rows for one in read),
        pieces=pieces,
        note=f"of the {outcome.expected} rows with {asked}, {outcome.distinct} came: "
        f"{outcome.note}",
        cause=outcome.cause,
    )


def pack(
    counts: Mapping[K, int], room: int, most: int | None = None
) -> Iterator[tuple[tuple[K, ...], int]]:
    """Neighbours together, as many as there is room for; what alone exceeds it stays alone.

    Every group comes with its count; together they are all of the keys, in their order.
    """
    group: list[K] = []
    held = 0
    for key, count in counts.items():
        if group and (held + count > room or len(group) == most):
            yield tuple(group), held
            group, held = [], 0
        group.append(key)
        held += count
    if group:
        yield tuple(group), held


def _narrowed(part: Slice, axis: Axis, keys: Sequence[str], count: int, *, fits: bool) -> Piece:
    asked = axis.ask(keys)
    kept = tuple(one for one in part.filters if one.name != asked.name)
    narrowed = replace(part, filters=(*kept, asked), expected=count)
    return Piece(part=narrowed, axis=axis, fits=fits)


def _severities(console: Counting, query: Analysis) -> Counts:
    counts = console.severity_counts(query)
    return {str(int(one)): counts[one] for one in sorted(counts) if counts[one]}


def _families(console: Counting, query: Analysis) -> Counts:
    """Without family 0, of compliance checks, for which consoles find nothing when asked."""
    rows = console.family_rows(query, _SUMS_A_PAGE)
    told = ((_number(_id_of(row)), row.total) for row in rows)
    return _summed(told, least=1)


def _id_of(row: FamilyRow) -> Scalar:
    return row.family.id if isinstance(row.family, FamilyObject) else row.family


def _plugins(console: Counting, query: Analysis) -> Counts:
    rows = console.plugin_rows(query, _SUMS_A_PAGE)
    return _summed(((_number(row.plugin_id), row.total) for row in rows), least=0)


def _summed(told: Iterable[tuple[int, Scalar]], *, least: int) -> Counts:
    found: Counter[int] = Counter()
    for number, total in told:
        if number >= least:
            found[number] += integer(total) or 0
    return {str(number): found[number] for number in sorted(found) if found[number]}


def _number(value: Scalar) -> int:
    """A plain number, or -1: anything else cannot be asked for for certain."""
    text = written(value)
    return int(text) if text.isascii() and text.isdigit() else -1


def _addresses(console: Counting, query: Analysis) -> Counts:
    found: Counter[str] = Counter()
    for row in console.host_rows(query, _SUMS_A_PAGE):
        found[written(row.ip)] += integer(row.total) or 0
    placed = []
    for text, count in found.items():
        try:
            address = ip_address(text)
        except ValueError:
            continue
        placed.append((address.version, int(address), text, count))
    return {text: count for _, _, text, count in sorted(placed) if count}


def _span(name: str) -> Callable[[Sequence[str]], Filter]:
    def ask(keys: Sequence[str]) -> Filter:
        ends = keys if len(keys) == 1 else (keys[0], keys[-1])
        return Filter(name, "=", "-".join(ends))

    return ask


def _list(name: str) -> Callable[[Sequence[str]], Filter]:
    return lambda keys: Filter(name, "=", ",".join(keys))


AXES = (
    Axis(name="severity", filter_name="severity", count=_severities, ask=_list("severity")),
    Axis(
        name="family",
        filter_name="family",
        count=_families,
        ask=lambda keys: families(*map(int, keys)),
    ),
    Axis(
        name="plugins",
        filter_name="pluginID",
        count=_plugins,
        ask=_span("pluginID"),
        is_range=True,
    ),
    Axis(
        name="plugin-list",
        filter_name="pluginID",
        count=_plugins,
        ask=_list("pluginID"),
        most=_MOST_KEYS,
    ),
    Axis(name="range", filter_name="ip", count=_addresses, ask=_span("ip"), is_range=True),
    Axis(
        name="addresses",
        filter_name="ip",
        count=_addresses,
        ask=lambda keys: hosts(*keys),
        most=_MOST_KEYS,
    ),
)
"""In the order they are tried. A list of values follows its range, where that is not understood."""

"""The form in which a queryable relation is declared: its fields, and where each comes from."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING

from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate


class FieldKind(StrEnum):
    """What a field holds, and with it how a filter reads its values."""

    TEXT = "text"
    """Letter case apart; `*` stands for any characters. Compared whole, or by a part of it: see
    `PARTIAL`."""
    KEY = "key"
    """An id in hex digits."""
    WORD = "word"
    """One of a few words."""
    SEVERITY = "severity"
    """critical, high, medium, low or info; ordered."""
    INTEGER = "integer"
    NUMBER = "number"
    DAYS = "days"
    """A number of days; `30` and `30d` are the same."""
    FLAG = "flag"
    """yes or no."""
    TIME = "time"
    """UTC. A date, a time, or an age such as `7d`."""
    TEXTS = "texts"
    """Several texts; a filter asks for any of them."""
    ADDRESS = "address"
    """An IP address; a filter also takes a network or a range."""


PARTIAL = frozenset(
    {
        "description", "dns_name", "family", "host_name", "name", "netbios_name", "os", "output",
        "plugin_name", "solution", "synopsis", "tags", "xrefs",
    }
)  # fmt: skip
"""Fields of texts that a filter finds by a part, in any relation: `os:windows` finds Microsoft
Windows Server 2022, and `os:="Windows 10"` just that. Names that stand for a thing of their own
(asset lists, repositories, connections, CVEs) are compared whole."""


def joined_name(source: str, column: str) -> str:
    """The name a source's column has once it is joined."""
    return f"{source}__{column}"


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of an answer: its name, what it holds and what it means."""

    name: str
    kind: FieldKind
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table joined many to one, and only when a field in use asks for it."""

    name: str
    keys: tuple[str, ...]
    """Columns that the relation's rows and the source have in common."""
    build: Callable[[Estate, ir.Table | None], ir.Table]
    """Makes the table. The second argument, when given, holds the only keys that are wanted."""
    gathered: bool = False
    """It is summed up from many rows, so a page makes it for its own keys alone."""
    many: bool = False
    """A key may come more than once: fit to filter by, not to show."""
    qualified: bool = False
    """Where several consoles are looked at, each value comes as `console/value` as well."""
    idle: Callable[[Estate], bool] = lambda _: False
    """Whether it has nothing to tell of an estate; it is not joined then."""

    def column(self, name: str) -> str:
        """The name a column of this source has once it is joined."""
        return joined_name(self.name, name)

    def table(self, estate: Estate, only: ir.Table | None = None) -> ir.Table:
        """The source with its columns named as they are once joined."""
        made = self.build(estate, only)
        return made.rename({self.column(c): c for c in made.columns if c not in self.keys})


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a relation: declared once; filters, help and documentation read it."""

    name: str
    kind: FieldKind
    doc: str
    _: KW_ONLY
    source: str = ""
    """Source it comes from; empty for the relation's own columns."""
    column: str = ""
    """Column there, where it is not called like the field."""
    build: Callable[[ir.Table, Estate], ir.Value] | None = None
    """Makes the value where it is no plain column."""
    rank: Callable[[ir.Table, Estate], ir.Value] | None = None
    """Makes what is compared and sorted instead of the value shown."""
    needs: tuple[str, ...] = ()
    """The relation's own columns that `build` and `rank` read."""
    each: str = ""
    """Source to filter by, with one value a row in `value`; for fields of several values."""
    names: tuple[str, ...] = ()
    """Other names a filter may use."""
    words: tuple[str, ...] = ()
    """The words a field of kind `word` can hold, as they are stored."""
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Words of a filter that stand for several of these."""
    meant: Callable[[Estate, str], tuple[str, ...]] | None = None
    """For keys: the own column's values that a key in a filter stands for."""
    shown: bool = False
    """Among the columns people see when they ask for none."""
    tells_apart: bool = False
    """Among them where several consoles are looked at."""
    local: bool = False
    """A number that each console gives by itself, so that another console's may be the same."""
    numbers: bool = False
    """Its texts are numbers: a word without a field finds whole ones."""
    lengthy: bool = False
    """A long text, or dear to read: programs as well get it only when they ask for it."""

    @property
    def heading(self) -> Heading:
        """The field as a column of an answer."""
        return Heading(self.name, self.kind, self.doc)

    @property
    def own(self) -> tuple[str, ...]:
        """The relation's own columns that the value is made of."""
        if self.needs or self.source:
            return self.needs
        return (self.column or self.name,)

    def value(self, rows: ir.Table, estate: Estate) -> ir.Value:
        """What is shown, from rows to which the source is joined."""
        if self.build is not None:
            return self.build(rows, estate)
        column = self.column or self.name
        return rows[joined_name(self.source, column) if self.source else column]

    def compared(self, rows: ir.Table, estate: Estate) -> ir.Value:
        """What filters and sorting look at."""
        return self.rank(rows, estate) if self.rank is not None else self.value(rows, estate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Something that can be filtered, sorted and paged."""

    name: str
    doc: str
    base: Callable[[Estate], ir.Table]
    key: tuple[str, ...]
    """Own columns that tell rows apart; they settle ties, so that pages never overlap."""
    fields: tuple[Field, ...]
    sources: tuple[Source, ...]
    searched: tuple[str, ...]
    """Fields that a bare word is looked for in."""
    order: tuple[str, ...]
    """Default order; `-` before a name is descending."""
    taken_along: tuple[str, ...] = ()
    """Fields that no export is without."""
    ties: tuple[str, ...] = ()
    """What settles ties of any order, before the key does."""
    default: str = ""
    """The condition that holds where a reader's query says nothing of that."""
    settling: tuple[str, ...] = ()
    """Fields that say something of it: a query with one of them is taken as it stands."""

    @property
    def contract(self) -> tuple[str, ...]:
        """The columns programs get when they ask for none."""
        return tuple(field.name for field in self.fields if not field.lengthy)

    @property
    def exported(self) -> tuple[str, ...]:
        """The columns of a file when none are asked for: those that people see come first."""
        seen = (field.name for field in self.fields if field.shown)
        return tuple(dict.fromkeys((*seen, *self.taken_along, *self.contract)))

    def field(self, name: str) -> Field:
        """A field by its name or another name of it.

        Raises:
            UsageError: there is none; close names are suggested.
        """
        wanted = name.lower()
        for field in self.fields:
            if wanted == field.name or wanted in field.names:
                return field
        raise UsageError(f"{self.name} have no field {name!r}.", advice=self.suggestion(name))

    def source(self, name: str) -> Source:
        """A source by its name."""
        return next(source for source in self.sources if source.name == name)

    def suggestion(self, name: str) -> str:
        """What the writer of an unknown name may have meant."""
        known = [n for field in self.fields for n in (field.name, *field.names)]
        close = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
        if close:
            return f"did you mean {' or '.join(close)}?"
        return f"one of {', '.join(field.name for field in self.fields)}."

"""What a named question is: its parameters, its columns and how it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.errors import UsageError
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate, Statement
    from plumbline.posture.relation import Relation

_MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something a question wants to know first."""

    name: str
    doc: str
    default: str | None = None
    """None: it has to be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question asked of the data."""

    name: str
    title: str
    doc: str
    columns: tuple[Heading, ...]
    ask: Callable[[Estate, Mapping[str, str]], ir.Table]
    """Makes the answer; the second argument has a value for every parameter.

    Raises:
        UsageError: a parameter's value does not fit.
    """
    statement: Callable[[Estate, Mapping[str, str]], Statement] | None = None
    """The same ready to be run, where it can be had without making it anew for each argument."""
    parameters: tuple[Parameter, ...] = ()
    beside: tuple[Heading, ...] = ()
    """Columns that come first where several consoles are looked at."""

    def columns_of(self, estate: Estate) -> tuple[Heading, ...]:
        """The columns of the answer from an estate."""
        return (*self.beside, *self.columns) if estate.several else self.columns

    def arguments(self, given: Sequence[str]) -> dict[str, str]:
        """A value for each parameter, in the order of the parameters.

        Raises:
            UsageError: one is missing, or there are too many.
        """
        if len(given) > len(self.parameters):
            most = {0: "no argument", 1: "one argument"}.get(
                len(self.parameters), "fewer arguments"
            )
            raise UsageError(
                f"The question {self.name} takes {most}, not {' '.join(given)!r}.",
                advice=f"`plumbline ask {self.usage}`.",
            )
        found = {}
        for place, parameter in enumerate(self.parameters):
            value = given[place] if place < len(given) else parameter.default
            if value is None:
                raise UsageError(
                    f"The question {self.name} needs {parameter.name.upper()}: {parameter.doc}.",
                    advice=f"`plumbline ask {self.usage}`.",
                )
            found[parameter.name] = value
        return found

    @property
    def usage(self) -> str:
        """How it is called: the name and its parameters, optional ones in brackets."""
        words = (
            p.name.upper() if p.default is None else f"[{p.name.upper()}]" for p in self.parameters
        )
        return " ".join([self.name, *words])


LIMIT = Parameter(name="limit", doc="how many rows at most", default="10")


def limit(arguments: Mapping[str, str]) -> int:
    """The number of rows asked for.

    Raises:
        UsageError: it is no whole number from 1.
    """
    text = arguments[LIMIT.name]
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= _MOST_ROWS):
        raise UsageError(
            f"{text!r} is no number of rows.", advice=f"a whole number, 1 to {_MOST_ROWS}."
        )
    return int(text)


def headings(relation: Relation, names: Sequence[str]) -> tuple[Heading, ...]:
    """Columns of an answer that are fields of a relation."""
    return tuple(relation.field(name).heading for name in names)


def number(name: str, doc: str) -> Heading:
    """A column that holds a count."""
    return Heading(name, FieldKind.INTEGER, doc)


def text(name: str, doc: str) -> Heading:
    """A column that holds a text."""
    return Heading(name, FieldKind.TEXT, doc)

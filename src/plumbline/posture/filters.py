r"""The simple filter language: reading it, and writing it back.

::

    query  = [ term { blank term } ]
    term   = [ "-" ] ( field ":" value { "," value } | text { "," text } )
    value  = [ ">=" | "<=" | ">" | "<" | "=" ] text | [ text ] ".." [ text ]
    text   = '"' any character, with \" and \\ '"' | characters without blank, comma and quote

Terms are joined by AND, the values of a term by OR, `-` turns a term round. A text without a field
is looked for in the fields that a relation names for it. What a value means is the field's affair:
see `plumbline.posture.conditions`. Words that look like a condition and are none are refused by
`plumbline.posture.lookalikes`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

from plumbline.errors import UsageError


class Comparison(StrEnum):
    """How a value is compared."""

    EQUAL = ""
    EXACT = "="
    """The whole value as it stands, where `EQUAL` is content with a part of a text."""
    AT_LEAST = ">="
    AT_MOST = "<="
    ABOVE = ">"
    BELOW = "<"
    BETWEEN = ".."


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a query; quoted ones are taken as they stand."""

    text: str
    quoted: bool = False
    at: int = field(default=0, compare=False)
    """Where it begins in the query, from 0."""

    def __str__(self) -> str:
        if not self.quoted:
            return self.text
        escaped = self.text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a term. A range has two ends, either of which may be absent."""

    comparison: Comparison = Comparison.EQUAL
    low: Text | None = None
    """The value itself, or the lower end of a range."""
    high: Text | None = None

    def __str__(self) -> str:
        if self.comparison is Comparison.BETWEEN:
            return f"{self.low or ''}..{self.high or ''}"
        return f"{self.comparison}{self.low}"

    @property
    def at(self) -> int:
        """Where it begins in the query, from 0."""
        first = self.low or self.high
        return first.at if first else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition."""

    name: str
    """Field as it was written; empty for a search."""
    values: tuple[Value, ...]
    negated: bool = False
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        name = f"{self.name}:" if self.name else ""
        return f"{'-' * self.negated}{name}{','.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked, term by term."""

    terms: tuple[Term, ...] = ()
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    def refuse(self, what: str, at: int, advice: str = "") -> NoReturn:
        """Raise an error that points at a character of this query.

        Raises:
            UsageError: always.
        """
        raise refusal(self.written, what, at, advice)


NO_QUERY = Query()


def refusal(written: str, what: str, at: int, advice: str = "") -> UsageError:
    """An error that shows the query with a mark under the character at fault."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in written)
    return UsageError(f"{what} At character {at + 1}:\n  {line}\n  {' ' * at}^", advice=advice)


def parse(written: str) -> Query:
    """Read a query.

    Raises:
        UsageError: it cannot be read; points at the character and says what helps.
    """
    return _Reader(written).query()


_BLANKS = re.compile(r"\s*")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*):")
_COMPARISON = re.compile(r">=|<=|>|<|=")
_BARE = re.compile(r'[^\s,"]+')
_BARE_END = re.compile(r'(?:(?!\.\.)[^\s,"])+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ADDRESS = re.compile(r'[0-9A-Fa-f]{1,4}:(?:[0-9A-Fa-f:.-]*[0-9A-Fa-f:])?(?:/[0-9]+)?(?=[\s,"]|$)')
"""An IPv6 address or network, a MAC address, or the beginning of one."""


class _Reader:
    """Walks over the characters once, left to right."""

    def __init__(self, written: str) -> None:
        self._written = written
        self._at = 0

    def query(self) -> Query:
        self._check_characters()
        terms = []
        self._skip(_BLANKS)
        while self._at < len(self._written):
            terms.append(self._term())
            if not self._skip(_BLANKS) and self._at < len(self._written):
                self._refuse("A blank is missing.", "put a blank between terms.")
        return Query(tuple(terms), self._written)

    def _check_characters(self) -> None:
        for at, character in enumerate(self._written):
            if character == "\0" or "\ud800" <= character <= "\udfff":
                self._at = at
                self._refuse("This character cannot be looked for.", "leave it out.")

    def _term(self) -> Term:
        start = self._at
        negated = self._skip_text("-")
        name = "" if self._is_address() else self._skip(_NAME)
        values = [self._value() if name else self._searched()]
        while self._skip_text(","):
            values.append(self._value() if name else self._searched())
        return Term(name=name[:-1], values=tuple(values), negated=negated, at=start)

    def _is_address(self) -> bool:
        """`fe80::1` is an address to search for, no field called fe80."""
        return _ADDRESS.match(self._written, self._at) is not None

    def _searched(self) -> Value:
        return Value(low=self._text(_BARE))

    def _value(self) -> Value:
        comparison = self._skip(_COMPARISON)
        if comparison:
            return Value(comparison=Comparison(comparison), low=self._text(_BARE))
        low = None if self._sees("..") else self._text(_BARE_END)
        if not self._skip_text(".."):
            return Value(low=low)
        at_end = self._at == len(self._written) or self._written[self._at] in ", \t\r\n"
        high = None if at_end or self._written[self._at].isspace() else self._text(_BARE)
        if low is None and high is None:
            self._refuse("A range needs an end.", "write 1..5, 1.. or ..5.")
        return Value(comparison=Comparison.BETWEEN, low=low, high=high)

    def _text(self, bare: re.Pattern[str]) -> Text:
        start = self._at
        if self._sees('"'):
            quoted = _QUOTED.match(self._written, start)
            if not quoted:
                self._refuse("This quote is not closed.", 'add a closing ".')
            self._at = quoted.end()
            return Text(_ESCAPE.sub(r"\1", quoted[1]), quoted=True, at=start)
        text = self._skip(bare)
        if not text:
            self._refuse(
                "A value is missing.",
                "write field:value without a blank after the colon, or field:none for what was not "
                'supplied; put a text that holds a colon in quotes: "a: b".',
            )
        if self._sees('"'):
            self._refuse("A quote stands inside a value.", "put the whole value in quotes.")
        return Text(text, at=start)

    def _sees(self, text: str) -> bool:
        return self._written.startswith(text, self._at)

    def _skip_text(self, text: str) -> bool:
        if not self._sees(text):
            return False
        self._at += len(text)
        return True

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._written, self._at)
        if not found:
            return ""
        self._at = found.end()
        return found[0]

    def _refuse(self, what: str, advice: str) -> NoReturn:
        raise refusal(self._written, what, self._at, advice)

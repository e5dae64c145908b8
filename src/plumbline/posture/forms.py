"""Statements that differ in nothing but values: compiled once, and given the values when they run.

Making and compiling an expression takes longer than the engine takes for the answer. So where a
value reaches a statement as a plain literal alone (a text, a whole number, an IPv4 address), a
stand-in takes its place, the statement is compiled with that, and the stand-in becomes a
parameter. What a value decides beyond that (a wildcard, `none`, a severity, an age) stays in the
form itself. The values never become part of a statement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from plumbline.errors import UsageError
from plumbline.posture import conditions
from plumbline.posture.addresses import Span
from plumbline.posture.filters import Comparison, Query, Term, Text, Value
from plumbline.posture.relation import FieldKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plumbline.posture.engine import Estate
    from plumbline.posture.relation import Field, Relation

_TEXT, _WHOLE, _ADDRESS, _FRACTION = "~stand-in~", 918_273_000, 4_251_819_000, "9.182736"
_MOST = 200
_FOUND = re.compile(
    r"'~stand-in~(\d{3})'|(?<![\w.'])(?:918273|4251819)(\d{3})(?![\w.'])|'9\.182736(\d{3})1e\+250'"
)
_TRACE = re.compile(r"stand-in|18273|251819|253\.109")
"""What is left of a stand-in that did not come through as it was."""
_TEXTS = conditions.TEXTS | {FieldKind.KEY}
_ONE = frozenset({Comparison.EQUAL, Comparison.EXACT})
_WHOLE_NUMBERS = {FieldKind.INTEGER: r"[+-]?[0-9]{1,18}", FieldKind.DAYS: r"[0-9]{1,9}d?"}


@dataclass(slots=True)
class Slots:
    """Takes values, and gives each a stand-in by its place."""

    values: list[str | int] = field(default_factory=list)
    is_clear: bool = True
    """Whether nobody wrote what looks like a stand-in."""

    def text(self, value: str) -> str:
        """The stand-in of a text."""
        return f"{_TEXT}{self._place(value):03}"

    def query(self, relation: Relation, estate: Estate, query: Query) -> Query:
        """A query with stand-ins for its values."""
        self.is_clear = self.is_clear and not _TRACE.search(str(query))
        return Query(tuple(self._term(relation, estate, term) for term in query.terms))

    def after(self, values: Sequence[Any] | None) -> tuple[Any, ...] | None:
        """The place to go on at, with stand-ins; a time stays as it is."""
        return None if values is None else tuple(map(self._sorted_by, values))

    @property
    def usable(self) -> bool:
        """Whether there is something to take out of the form, and it can be."""
        return self.is_clear and 0 < len(self.values) <= _MOST

    @property
    def parameters(self) -> dict[str, str | int]:
        """The values by the names of `parametrised`."""
        return {f"v{place}": value for place, value in enumerate(self.values)}

    def parametrised(self, sql: str) -> str:
        """A statement with parameters `v0`, `v1`, … for the stand-ins.

        Empty where a stand-in did not come through as the literal it was, or not at all.
        """
        seen: set[int] = set()

        def parameter(found: re.Match[str]) -> str:
            place = int(next(filter(None, found.groups())))
            seen.add(place)
            return f"$v{place}"

        made = _FOUND.sub(parameter, sql)
        whole = seen == set(range(len(self.values))) and not _TRACE.search(made)
        return made if whole else ""

    def _place(self, value: str | int) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def _sorted_by(self, value: Any) -> Any:
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return _WHOLE + self._place(value)
        if isinstance(value, float):
            return float(f"{_FRACTION}{self._place(repr(value)):03}1e+250")
        if not isinstance(value, str) or _may_be_time(value):
            self.is_clear = self.is_clear and not _TRACE.search(str(value))
            return value
        return self.text(value)

    def _term(self, relation: Relation, estate: Estate, term: Term) -> Term:
        if not term.name:
            return replace(term, values=tuple(map(self._searched, term.values)))
        try:
            found = relation.field(term.name)
        except UsageError:
            # It is told where the statement is made, with its place in the query.
            return term
        values = (one for v in term.values for one in self._values(found, estate, v))
        return replace(term, values=tuple(values))

    def _searched(self, value: Value) -> Value:
        """An address or a wildcard is looked for in another way, and stays."""
        word = value.low
        if word is None or not conditions.is_plain(word) or conditions.span_of(word.text):
            return value
        return _quoted(self.text(word.text.lower()))

    def _values(self, found: Field, estate: Estate, value: Value) -> Iterator[Value]:
        text = value.low if value.comparison in _ONE else None
        if any(conditions.is_bare(value, word) for word in (conditions.NONE, conditions.ANY)):
            yield value
        elif found.kind in _WHOLE_NUMBERS:
            yield self._numbers(value, _WHOLE_NUMBERS[found.kind])
        elif found.kind is FieldKind.ADDRESS:
            yield self._span(value)
        elif text is None or not text.text or not _is_plain(found, text):
            yield value
        else:
            wanted = text.text.lower()
            for key in found.meant(estate, wanted) if found.meant else (wanted,):
                yield replace(_quoted(self.text(key.lower())), comparison=value.comparison)

    def _numbers(self, value: Value, form: str) -> Value:
        ends = [end for end in (value.low, value.high) if end is not None]
        if not all(re.fullmatch(form, end.text, re.ASCII) for end in ends):
            return value
        return replace(value, low=self._whole(value.low), high=self._whole(value.high))

    def _whole(self, end: Text | None) -> Text | None:
        if end is None:
            return None
        return Text(str(_WHOLE + self._place(int(end.text.removesuffix("d")))))

    def _span(self, value: Value) -> Value:
        try:
            span = _span(value)
        except ValueError:
            return value
        if span is None or not isinstance(span.first, IPv4Address):
            return value
        ends = [_ADDRESS + self._place(int(end)) for end in (span.first, span.last)]
        return _quoted("-".join(str(IPv4Address(end)) for end in ends))


def _is_plain(found: Field, text: Text) -> bool:
    """Whether a text is compared as it stands, letter case apart."""
    return found.kind in _TEXTS and (found.kind is FieldKind.KEY or conditions.is_plain(text))


def _span(value: Value) -> Span | None:
    """The addresses a value means; None where it means none, or has a wildcard."""
    if value.low is None or conditions.ANY in value.low.text:
        return None
    if value.comparison is Comparison.EQUAL:
        return Span.parse(value.low.text)
    if value.comparison is Comparison.BETWEEN and value.high is not None:
        return Span.between(value.low.text, value.high.text)
    return None


def _quoted(text: str) -> Value:
    return Value(low=Text(text, quoted=True))


def _may_be_time(text: str) -> bool:
    """Whether a text may be a time, which is another kind of literal."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True

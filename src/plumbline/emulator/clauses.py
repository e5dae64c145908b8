"""Filters as they are asked, what they look at, and how numbers, words and ranges are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plumbline.emulator.estate import View
    from plumbline.emulator.findings import Bools, Findings, Ints
    from plumbline.emulator.hosts import Host
    from plumbline.emulator.lists import Memberships
    from plumbline.emulator.plugins import Plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One filter of a query; a value may be text, a number, an object or an array of objects."""

    name: str
    operator: str
    value: Any

    @property
    def text(self) -> str:
        """The value as text.

        Raises:
            Refusal: 146, the value is an object or an array.
        """
        if isinstance(self.value, dict | list) or self.value is None:
            raise invalid(f"Filter '{self.name}' should be a string.")
        return str(self.value)

    @property
    def parts(self) -> list[str]:
        """The value split at commas and line breaks."""
        return [part.strip() for part in re.split(r"[,\r\n]+", self.text) if part.strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What filters look at: one source of one view, at one moment."""

    view: View
    memberships: Memberships
    findings: Findings
    now: int
    epochs: bool = True
    """Whether epoch time filters are understood."""
    unprepared: frozenset[int] = frozenset()
    """Asset lists whose addresses have not been worked out."""

    def by_plugin(self, test: Callable[[Plugin], bool]) -> Bools:
        """Rows whose plugin passes."""
        return self._spread(test, self.view.stock.plugins.items, self.findings.plugin)

    def by_host(self, test: Callable[[Host], bool]) -> Bools:
        """Rows whose host passes."""
        return self._spread(test, self.view.stock.hosts.items, self.findings.host)

    @staticmethod
    def _spread(test: Callable[[Any], bool], items: list[Any], column: Ints) -> Bools:
        passes = np.fromiter((test(item) for item in items), dtype=bool, count=len(items))
        return np.asarray(passes[column], dtype=bool)


def invalid(text: str) -> Refusal:
    """The refusal of a filter that cannot be read: 146."""
    return Refusal(f"Invalid parameters specified for vuln query.\n{text}\n", code=146)


def numbers(clause: Clause, parts: Iterable[str] | None = None) -> list[int]:
    """The value, or these parts of it, as whole numbers; refused if they are none."""
    try:
        return [int(part) for part in (clause.parts if parts is None else parts)]
    except ValueError:
        raise invalid(f"Filter '{clause.name}' should be a number or a list of them.") from None


def compare(clause: Clause, column: Ints) -> Bools:
    """Compare a column with numbers; a list and ranges (`1-5`) are allowed with `=` and `!=`."""
    if clause.operator in {">=", "<="}:
        wanted = numbers(clause, [clause.text])[0]
        return column >= wanted if clause.operator == ">=" else column <= wanted
    hit = np.zeros(len(column), dtype=bool)
    for part in clause.parts:
        first, dash, last = part.partition("-")
        low, high = numbers(clause, (first, last if dash else first))
        hit |= (column >= low) & (column <= high)
    return signed(clause, hit)


def signed(clause: Clause, hit: Bools) -> Bools:
    """What was hit for `=`, the rest for `!=`; other operators are refused."""
    if clause.operator not in {"=", "!="}:
        raise invalid(f"Operator '{clause.operator}' is not allowed for '{clause.name}'.")
    return hit if clause.operator == "=" else ~hit


def only_equal(clause: Clause, hit: Bools) -> Bools:
    """What was hit; a filter that is documented with `=` alone refuses other operators."""
    if clause.operator != "=":
        raise invalid(f"Operator '{clause.operator}' is not allowed for '{clause.name}'.")
    return hit


def records(clause: Clause) -> list[int]:
    """Ids of an array of records, as `repository` and `family` want it."""
    if not isinstance(clause.value, list) or not all(isinstance(v, dict) for v in clause.value):
        raise invalid(f"Filter '{clause.name}' should be an array of records.")
    return numbers(clause, [str(record.get("id", "")) for record in clause.value])


def text_test(clause: Clause, *, loose: bool) -> Callable[[str], bool]:
    """How a text filter judges one text.

    Raises:
        Refusal: 146 for an operator it does not know or a bad regular expression.
    """
    wanted = clause.text.lower()
    if clause.operator == "pcre":
        try:
            pattern = re.compile(clause.text)
        except re.error as error:
            raise invalid(f"Filter '{clause.name}': {error}.") from None
        return lambda text: pattern.search(text) is not None
    if clause.operator in {"~=", "="} and (loose or clause.operator == "~="):
        return lambda text: wanted in text.lower()
    if clause.operator not in {"=", "!="}:
        raise invalid(f"Operator '{clause.operator}' is not allowed for '{clause.name}'.")
    names = {part.lower() for part in clause.parts} | {wanted}
    return lambda text: (text.lower() in names) == (clause.operator == "=")


def bounds(clause: Clause) -> Callable[[str], bool]:
    """How a score filter (`7-10`, `none`) judges one score."""
    if clause.text.lower() == "none":
        return lambda score: not score
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?", clause.text.strip())
    if match is None:
        raise invalid(f"Filter '{clause.name}' must be a range such as 7-10.")
    low, high = float(match[1]), float(match[2] or match[1])
    return lambda score: bool(score) and low <= float(score) <= high

"""The fields of a page's rows, column by column.

Rows are turned once, in C; everything after works on whole columns.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from plumbline.console.rows import FINDING_FIELDS, HOST_FIELDS, PLUGIN_MARKS, Named
from plumbline.domain.normalise.addresses import address
from plumbline.extract.values import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FIELDS = tuple(dict.fromkeys((*FINDING_FIELDS, *HOST_FIELDS, *PLUGIN_MARKS)))
_pick = attrgetter(*_FIELDS)
_ids = attrgetter("severity.id", "repository.id")


class Told:
    """What the rows of one page tell, by the console's names."""

    def __init__(self, rows: Sequence[Any], home: int) -> None:
        self.rows = rows
        self._home = home
        columns = zip(*map(_pick, rows), strict=True) if rows else ((),) * len(_FIELDS)
        self._columns: dict[str, Sequence[Any]] = dict(zip(_FIELDS, columns, strict=True))
        self.severity, repository = _pairs(rows)
        if None in repository or "" in repository:
            repository = tuple(home if one in {None, ""} else one for one in repository)
        self.repository: Sequence[Any] = repository
        """The row's repository; the one that was asked for, where the row does not say."""

    def __getitem__(self, field: str) -> Sequence[Any]:
        """The values of one field."""
        return self._columns[field]

    def place(self, row: int) -> str:
        """Where a row stood: for people who look for it at the console."""
        plugin, host = self["pluginID"][row], self["ip"][row] or self["dnsName"][row]
        return (
            f"plugin {written(plugin)[:40]} on {written(host)[:80]}, "
            f"repository {self._home}, page row {row + 1}"
        )

    def tuples(self, fields: Iterable[str]) -> Iterable[tuple[Any, ...]]:
        """The values of several fields, row by row."""
        return zip(*(self._columns[field] for field in fields), strict=True)


def _pairs(rows: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Ids of severities and repositories; given plainly by some consoles instead of as objects."""
    try:
        pairs = list(map(_ids, rows))
    except AttributeError:
        pairs = [(identifier(row.severity), identifier(row.repository)) for row in rows]
    severity, repository = zip(*pairs, strict=True) if pairs else ((), ())
    return severity, repository


def identifier(value: Any) -> Any:
    """The id of an object the console gives, or the value itself."""
    return value.id if isinstance(value, Named) else value


def written(value: Any) -> str:
    """A scalar as text; nothing is empty."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


COMMA = re.compile(",")


def listed(value: Any, separator: re.Pattern[str] = COMMA) -> list[str] | None:
    """The parts of a text that lists several; nothing when absent."""
    if value in ABSENT:
        return None
    return [part.strip() for part in separator.split(written(value)) if part.strip()]


def addresses_of(value: Any) -> list[str] | None:
    """The addresses of a text that lists several, each once in its canonical form."""
    parts = listed(value)
    return list(dict.fromkeys(address(one).value or one for one in parts)) if parts else None

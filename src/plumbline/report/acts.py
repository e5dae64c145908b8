"""The audit as CSV: one line an entry, and no cell that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from plumbline.ledger.records import Act

COLUMNS = ("id", "at", "who", "action", "subject", "detail")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def lines(acts: Iterable[Act]) -> Iterator[str]:
    """The head and every entry, each a text with its line's end; times are UTC, ISO 8601."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for act in acts:
        texts = map(_plain, (act.who, act.action, act.subject, act.detail))
        yield writer.writerow((act.id, act.at.isoformat(), *texts))


class _Echo:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        return text


def _plain(text: str) -> str:
    shown = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
    return f"'{shown}" if text.startswith(_FORMULA) else shown

"""Pages as a console sends them, made from rows, and read."""

from __future__ import annotations

import json
from typing import Any

from listing import Row, row

from plumbline.console.rows import RowDecoder
from plumbline.domain.finding import Source
from plumbline.extract.columns import Columns, PageColumns


def sent(rows: list[Any], total: int | None = None) -> bytes:
    """The body of an answer."""
    response = {"totalRecords": str(total or len(rows)), "results": rows}
    return json.dumps({"type": "regular", "response": response, "error_code": 0}).encode()


class Reading:
    """One decoder with its columns, as a run has them."""

    def __init__(self) -> None:
        self.decoder = RowDecoder()
        self.columns = Columns("lab", self.decoder)

    def read(self, rows: list[Any], source: Source = Source.CUMULATIVE) -> PageColumns:
        """The columns of one page."""
        return self.columns.read(self.decoder.page(sent(rows)), source, 1)


def read(*rows: Any) -> PageColumns:
    """The columns of one page, read on its own."""
    return Reading().read(list(rows))


def finding(**fields: Any) -> dict[str, Any]:
    """The finding that one plain row with these fields becomes."""
    found: dict[str, Any] = read(row(1, **fields)).findings.to_pylist()[0]
    return found


def extra(found: dict[str, Any]) -> dict[str, Any]:
    """What was kept of a row apart from its columns."""
    kept: dict[str, Any] = json.loads(found["extra"] or "{}")
    return kept


__all__ = ["Reading", "Row", "extra", "finding", "read", "row", "sent"]

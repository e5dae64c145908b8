"""A console in memory: answers windows of a list of rows, and can be made to misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from plumbline.console.reply import Reply

if TYPE_CHECKING:
    from plumbline.console.query import Analysis

Row = dict[str, Any]
Meddle = Callable[[int, list[Row]], list[Row]]
"""Given the number of the request and all rows: the rows as they are at that moment."""
Spoil = Callable[[int, dict[str, Any], int], dict[str, Any] | bytes]
"""Given the number of the request, the answer and the rows asked for: the answer as sent."""


def row(number: int, **fields: Any) -> Row:
    """A finding of its own for every number, in the console's form."""
    return {
        "pluginID": str(10_000 + number % 7),
        "severity": {"id": str(number % 5), "name": "", "description": ""},
        "ip": f"10.0.{number // 250}.{number % 250}",
        "dnsName": f"h{number}.example.test",
        "uuid": "",
        "port": str(number % 3),
        "protocol": "TCP",
        "pluginName": "A plugin",
        "firstSeen": "1700000000",
        "lastSeen": "1700100000",
        "hasBeenMitigated": "0",
        "acceptRisk": "0",
        "recastRisk": "0",
        "pluginText": f"<plugin_output>{number}</plugin_output>",
        "description": "text",
        "hostUniqueness": "repositoryID,ip,dnsName",
        "repository": {"id": "1", "name": "r", "description": "", "dataFormat": "IPv4"},
        "family": {"id": "6", "name": "CGI abuses", "type": "active"},
        **fields,
    }


class Listing:
    """Answers every query with windows over its rows."""

    def __init__(
        self,
        rows: list[Row],
        *,
        meddle: Meddle = lambda _number, rows: rows,
        spoil: Spoil = lambda _number, answer, _asked: answer,
    ) -> None:
        self.rows = rows
        self.windows: list[tuple[int, int]] = []
        self._meddle = meddle
        self._spoil = spoil

    def analysis(
        self, query: Analysis, start: int, end: int, *, retries: int | None = None
    ) -> Reply:
        del query, retries
        self.windows.append((start, end))
        number = len(self.windows)
        rows = self._meddle(number, self.rows)
        response = {
            "totalRecords": str(len(rows)),
            "returnedRecords": len(rows[start:end]),
            "startOffset": str(start),
            "endOffset": str(end),
            "results": rows[start:end],
        }
        answer = self._spoil(number, {"type": "regular", "response": response}, end - start)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Reply(status=200, body=body, seconds=0.01)

"""A small HTTP client for the tests: knows the wire, and nothing of the project's own client."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from plumbline.emulator import Emulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes
    pairs: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def response(self) -> Any:
        return self.json["response"]


def key_header(console: Emulator) -> dict[str, str]:
    return {"x-apikey": f"accesskey={console.access_key}; secretkey={console.secret_key};"}


def connect(console: Emulator) -> http.client.HTTPConnection:
    parts = urlsplit(console.url)
    if parts.scheme == "http":
        return http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    trust = ssl.create_default_context(cadata=console.certificate_pem)
    return http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=10, context=trust)


def ask(
    console: Emulator,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    with closing(connect(console)) as line:
        given = key_header(console) if headers is None else headers
        line.request(method, path, json.dumps(body) if body is not None else None, given)
        answer = line.getresponse()
        return Answer(status=answer.status, headers=dict(answer.getheaders()), body=answer.read())


def get(console: Emulator, path: str) -> Any:
    answer = ask(console, "GET", f"/rest/{path}")
    assert answer.status == 200, answer.body
    return answer.response


def query(
    tool: str, *filters: tuple[str, str, Any], start: int = 0, end: int = 1000
) -> dict[str, Any]:
    named = [{"filterName": n, "operator": o, "value": v} for n, o, v in filters]
    inner = {"type": "vuln", "tool": tool, "startOffset": start, "endOffset": end, "filters": named}
    return {"type": "vuln", "sourceType": "cumulative", "query": inner}


def analyse(
    console: Emulator, tool: str, *filters: tuple[str, str, Any], start: int = 0, end: int = 1000
) -> dict[str, Any]:
    answer = ask(console, "POST", "/rest/analysis", query(tool, *filters, start=start, end=end))
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.response
    return found


def refusal(console: Emulator, body: dict[str, Any]) -> tuple[int, int, str]:
    answer = ask(console, "POST", "/rest/analysis", body)
    return answer.status, answer.json["error_code"], answer.json["error_msg"]


def key(row: dict[str, Any]) -> tuple[str, ...]:
    """A finding by the fields that its row names."""
    names = row["hostUniqueness"].split(",")
    host = [row["repository"]["id"] if n == "repositoryID" else row[n] for n in names]
    return (*host, row["port"], row["protocol"], row["pluginID"])

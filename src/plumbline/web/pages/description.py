"""`/api/docs`: every address of the API, its parameters and its answers, from its own schema."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from django.http import JsonResponse
from django.shortcuts import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

_JSON, _PROBLEM = "application/json", "application/problem+json"
_ERROR = 400


def schema(request: HttpRequest) -> HttpResponse:
    """The API as OpenAPI describes it."""
    del request
    return JsonResponse(_schema())


def show(request: HttpRequest) -> HttpResponse:
    """The page; it needs neither script nor network."""
    found = _schema()
    context = {"info": found["info"], "operations": list(_operations(found))}
    return render(request, "settings/api.html", context)


@cache
def _schema() -> dict[str, Any]:
    from plumbline.web.api.frame import api  # noqa: PLC0415 - the API imports the pages

    found: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
    for methods in found["paths"].values():
        for told in methods.values():
            _as_problems(told["responses"])
    return found


def _as_problems(responses: dict[str, Any]) -> None:
    """Errors go out under a type of their own, which ninja does not describe."""
    for code, one in responses.items():
        content = one.get("content", {})
        if int(code) >= _ERROR and _JSON in content:
            content[_PROBLEM] = content.pop(_JSON)


def _operations(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    schemas = found.get("components", {}).get("schemas", {})
    for address, methods in found["paths"].items():
        for method, told in methods.items():
            yield {
                "method": method.upper(),
                "path": address,
                "id": told["operationId"],
                "summary": told.get("description") or told.get("summary", ""),
                "parameters": [_parameter(one) for one in told.get("parameters", ())],
                "columns": _columns(told, schemas),
            }


def _parameter(one: dict[str, Any]) -> dict[str, Any]:
    kind = one.get("schema", {})
    return {
        "name": one["name"],
        "where": one["in"],
        "required": one.get("required", False),
        "type": kind.get("type", "text or nothing"),
        "default": kind.get("default"),
        "doc": kind.get("description", ""),
    }


def _columns(told: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and meaning of what a row of the answer holds, where that is fixed."""
    body = told["responses"].get("200", {})
    form = body.get("content", {}).get(_JSON, {}).get("schema", {})
    data = _resolved(form, schemas).get("properties", {}).get("data", {})
    row = _resolved(data.get("items", {}), schemas)
    return [(name, one.get("description", "")) for name, one in row.get("properties", {}).items()]


def _resolved(form: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = str(form.get("$ref", "")).rpartition("/")[2]
    return dict(schemas.get(name, form))

"""The API itself: its rules, its errors, its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.http import Http404, HttpResponse
from ninja import NinjaAPI, params
from ninja.errors import ValidationError

from plumbline import __version__
from plumbline.errors import PlumblineError
from plumbline.web import estates
from plumbline.web.pages import errors
from plumbline.web.rules import RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

NAMESPACE = "api"
_DESCRIPTION = (
    "Everything the pages show, within what the asker may see. Send a token as "
    "`Authorization: Bearer TOKEN`. Answers are `{schema, data, …}`; an error is a problem object "
    "(RFC 9457) whose `detail` is one sentence."
)
_encoder = msgspec.json.Encoder(enc_hook=str)

api = NinjaAPI(
    title="Plumbline",
    version=__version__,
    description=_DESCRIPTION,
    urls_namespace=NAMESPACE,
    openapi_url=None,
    docs_url=None,
    openapi_extra={
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    },
)


def get(path: str, name: str, needs: Rule, **options: Any) -> Callable[[Any], Any]:
    """An address of the API that is read, and what it takes."""
    RULES[f"{NAMESPACE}:{name}"] = needs
    return api.get(path, url_name=name, operation_id=name, by_alias=True, **options)


def query(default: object, **options: Any) -> Any:
    """A parameter behind the question mark."""
    make: Any = params.Query
    return make(default, **options)


def within(**options: Any) -> Any:
    """A parameter within the path."""
    make: Any = params.Path
    return make(..., **options)


def answer(name: str, data: object, **more: object) -> HttpResponse:
    """An answer in the form every program is promised."""
    told = {"schema": f"plumbline/{name}/1", "data": data, **more}
    return HttpResponse(_encoder.encode(told), content_type="application/json")


def stamped(request: HttpRequest) -> dict[str, object]:
    """How fresh and proven an answer is."""
    found = estates.freshness(request)
    if found is None:
        return {}
    return {
        "as_of": found.as_of,
        "complete": found.complete,
        "stale": found.stale,
    }


def _told(request: HttpRequest, error: Any) -> HttpResponse:
    return errors.told(request, error)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """What a parameter should have been."""
    first = error.errors[0]
    name = str(first["loc"][-1])
    return errors.problem(request, 400, f"The parameter {name} does not fit: {first['msg']}.")


def _missing(request: HttpRequest, _: Any) -> HttpResponse:
    what = "This address leads nowhere."
    return errors.problem(request, 404, what, advice="GET /api/openapi.json lists them.")


api.add_exception_handler(PlumblineError, _told)
api.add_exception_handler(ValidationError, _invalid)
api.add_exception_handler(Http404, _missing)

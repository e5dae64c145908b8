"""`/api/v1/views`: the lists somebody saved or shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse  # noqa: TC002 - read by ninja

from plumbline.domain.person import Right
from plumbline.ledger.people import views
from plumbline.web.api.frame import answer, get, within
from plumbline.web.api.shapes import REFUSALS, One, Some
from plumbline.web.pages.views import address
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from plumbline.ledger.people.records import View

_SLUG = within(pattern="^[a-z0-9-]{1,64}$", description="what its address ends with")


@get("/views", "views-list", Right.SEE, response={200: Some, **REFUSALS})
def listing(request: HttpRequest) -> HttpResponse:
    """One's own views and those that are shared; `q`, `sort` and `columns` fit the lists."""
    return answer("views", [_view(one) for one in views.listing(visitor(request).name)])


@get("/views/{slug}", "view", Right.SEE, response={200: One, **REFUSALS})
def one(request: HttpRequest, slug: str = _SLUG) -> HttpResponse:
    """One view."""
    return answer("view", _view(views.get(slug, visitor(request).name)))


def _view(one: View) -> dict[str, Any]:
    return {
        "slug": one.slug,
        "name": one.name,
        "list": one.kind,
        "person": one.person,
        "shared": one.shared,
        "q": one.query,
        "sort": ",".join(one.order),
        "columns": ",".join(one.columns),
        "page": address(one),
        "created": one.created,
        "changed": one.changed,
    }

"""Lets a request through to its view, or tells why not."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from ninja.utils import check_csrf

from plumbline.ledger import audit
from plumbline.web import visitor as visitors
from plumbline.web.pages import errors
from plumbline.web.rules import ENROLMENT, Door, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from plumbline.domain.person import Right
    from plumbline.web.visitor import Visitor

API = "/api/"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Gate:
    """Finds out who asks, puts the rule of the address to them, and names them to the audit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve a request in the name of who asks."""
        found = who(request)
        request.visitor = found  # type: ignore[attr-defined] # read by `visitor.visitor`
        if found is None:
            return self._worded(request)
        with audit.acting(found.who):
            return self._worded(request)

    def _worded(self, request: HttpRequest) -> HttpResponse:
        """The answer; what Django says of a wrong method in our words."""
        answer = self.get_response(request)
        if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return errors.wrong_method(request, answer.headers.get("Allow", ""))
        return answer

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Stop a request that may not go on."""
        match = request.resolver_match
        needs = rule(match.view_name) if match else None
        if needs in {Door.PUBLIC, Door.ITSELF}:
            return None
        if needs is None or needs is Door.CLOSED:
            raise Http404
        return _stopped(request, needs, view)


def who(request: HttpRequest) -> Visitor | None:
    """Who asks: by a token where the request brings one, which counts in the API alone."""
    if request.path.startswith(API) and "Authorization" in request.headers:
        return visitors.of_token(request)
    return visitors.of_session(request)


def _stopped(
    request: HttpRequest, needs: Door | Right, view: Callable[..., Any]
) -> HttpResponse | None:
    found: Visitor | None = getattr(request, "visitor", None)
    if found is None:
        return _nobody(request)
    if found.unproven:
        return _unproven(request)
    if isinstance(needs, Door):
        return None if not found.token else errors.refused(request, None)
    if not found.may(needs):
        return errors.refused(request, needs)
    return _forged(request, view, found)


def _nobody(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        return errors.unknown(request)
    login = f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request"):
        # A fragment cannot become the sign-in page: the whole page goes there.
        return HttpResponse(status=401, headers={"HX-Redirect": reverse("account_login")})
    return redirect(login)


def _unproven(request: HttpRequest) -> HttpResponse | None:
    """Lead to a second factor, past whatever was asked for; the way there is open."""
    match = request.resolver_match
    if match and match.view_name in ENROLMENT:
        return None
    if request.path.startswith(API):
        return errors.unproven(request)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=403, headers={"HX-Redirect": reverse("second-factor")})
    return redirect("second-factor")


def _forged(request: HttpRequest, view: Callable[..., Any], found: Visitor) -> HttpResponse | None:
    """The API is exempt from Django's check, which tokens need not pass; sessions do."""
    if found.token or request.method in _SAFE or not request.path.startswith(API):
        return None
    del view
    return check_csrf(request)

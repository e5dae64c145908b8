"""Turns errors of ours into pages and problem objects; nobody is shown a traceback."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from plumbline.errors import PlumblineError
from plumbline.web.pages import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_log = logging.getLogger(__name__)


class Wording:
    """Catches what a view raises."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve a request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to an error of ours; others are Django's, which logs them."""
        if isinstance(error, PlumblineError):
            return errors.told(request, error)
        if _is_of_provider(request, error):
            _log.warning("The OpenID Connect provider: %s", error)
            return errors.provider_away(request)
        return None


def _is_of_provider(request: HttpRequest, error: Exception) -> bool:
    """Whether the provider was away (an OSError), or told what nobody can read."""
    match = request.resolver_match
    is_there = match is not None and match.view_name.startswith("openid_connect")
    return is_there and isinstance(error, OSError | ValueError | KeyError)

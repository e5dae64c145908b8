"""Turns errors of ours into pages and problem objects; nobody is shown a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.errors import PlumblineError
from plumbline.web.pages import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse


class Wording:
    """Catches what a view raises."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve a request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to an error of ours; others are Django's, which logs them."""
        return errors.told(request, error) if isinstance(error, PlumblineError) else None

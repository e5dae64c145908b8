"""Ends sessions that were idle for too long or have lasted long enough."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.contrib.auth import logout

from plumbline.web.installation import own

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

BEGAN, SEEN, OVER = "began", "seen", "over"
_TOUCH = 60
"""Seconds: noting every request would write to the database each time."""
BACKGROUND = "X-Background"
"""Header of requests that a page makes by itself; they keep no session alive."""


class Expiry:
    """Looks at a session's age before anything else does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Sign out whose time is over."""
        if request.user.is_authenticated:
            _look(request)
        return self.get_response(request)


def _look(request: HttpRequest) -> None:
    now = time.time()
    session, told = request.session, own()
    began, seen = session.setdefault(BEGAN, now), session.setdefault(SEEN, now)
    if now - began > told.session_hours * 3600 or now - seen > told.session_idle_minutes * 60:
        logout(request)
        request.session[OVER] = True
        return
    if now - seen > _TOUCH and BACKGROUND not in request.headers:
        session[SEEN] = now

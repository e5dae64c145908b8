"""Answers that go on: server-sent events, for pages that show what is under way."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

from plumbline.web.installation import own

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE = "done"
"""The event after which a page asks no more."""
_SHARE = 4
"""One of so many threads may stay with a page that watches; the others serve."""
_RETRY = 2_000
"""Milliseconds after which a page asks again whose stream has ended."""


class _Places:
    """Counts the threads that stay with pages."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = 0

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Take a place; whether there was one."""
        with self._lock:
            has = self._taken < max(1, own().web_threads // _SHARE)
            self._taken += has
        try:
            yield has
        finally:
            with self._lock:
                self._taken -= has


_places = _Places()


def fragment(html: str) -> str:
    """An event that brings HTML to show."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"retry: {_RETRY}\n{lines}\n"


def done() -> str:
    """The event that ends it."""
    return f"event: {DONE}\ndata: {DONE}\n\n"


def still() -> str:
    """Nothing new, but a line that is gone is noticed."""
    return ": still here\n\n"


def answer(events: Iterator[str]) -> StreamingHttpResponse:
    """The events, each sent as it comes."""
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


def staying(events: Iterator[str]) -> Iterator[str]:
    """Events for a page that watches; where no thread can stay with it, it gets the first one.

    It asks again then, by itself, every few seconds.
    """
    with _places.taken() as has:
        for event in events:
            yield event
            if not has:
                return

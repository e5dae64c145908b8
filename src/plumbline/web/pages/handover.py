"""`/hand-over/SECRET`: somebody without an account gives a connection its keys, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from plumbline.console.guide import STEPS as GUIDE
from plumbline.console.tls import fetch_certificate
from plumbline.domain.connection import ConnectionKind
from plumbline.errors import PlumblineError, RefusedError, UsageError
from plumbline.ledger import audit
from plumbline.ledger import connections as kept
from plumbline.ledger.people import links
from plumbline.ledger.people.records import LinkKind
from plumbline.web import glance
from plumbline.web.connecting import Pair, sent, told_at
from plumbline.web.pages.errors import problem
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.domain.connection import Address
    from plumbline.ledger.records import Entry

LASTS = timedelta(hours=72)
_FOR_THE_CONSOLE = 3
_PATIENCE = 5.0
_MOST, _WHILE = 20, 60
"""So many bad links from one address in so many seconds."""
_OVER = "This link was used already, is too old, or was never made."


def make(request: HttpRequest, name: str) -> str:
    """The address of a new link; the earlier ones for the same connection are dead.

    Raises:
        UsageError: there is no such connection, or it takes files.
    """
    _console(kept.entry(name))
    by = visitor(request).who
    secret = links.make(LinkKind.KEYS, lasts=LASTS, subject=name, by=by)
    return request.build_absolute_uri(reverse("hand-over", args=[secret]))


@sensitive_post_parameters()
def show(request: HttpRequest, secret: str) -> HttpResponse:
    """Tell what to do in the console, take the keys, seal them, and let the link die."""
    if _hasty(request):
        what = "Too many links from this address were no good."
        return problem(request, 429, what, advice="wait a minute.")
    entry = _subject(secret)
    if entry is None:
        _count(request)
        advice = "ask whoever sent it for a new one."
        return problem(request, 404, _OVER, advice=advice)
    form = Pair(sent(request))
    if request.method == "POST" and form.is_valid():
        with told_at(form):
            return _taken(request, entry, form, secret)
    context = {
        "form": form,
        "name": entry.connection.name,
        "address": entry.connection.address,
        "fingerprint": _fingerprint(entry.connection.address),
        "guide": GUIDE[:_FOR_THE_CONSOLE],
    }
    return render(request, "handover/keys.html", context)


def _taken(request: HttpRequest, entry: Entry, form: Pair, secret: str) -> HttpResponse:
    """Seal the keys; one that the console refuses is told, and the link stays good.

    Raises:
        RefusedError: the console does not accept the keys.
    """
    name, doubt = entry.connection.name, ""
    try:
        glance.accepted(kept.get(name), form.keys)
    except RefusedError:
        _count(request)
        raise
    except PlumblineError as error:
        # Whether the console answers just now is not the concern of whoever brings the keys.
        doubt = error.what
    with audit.acting(f"hand-over link of {name}"):
        links.hand_over(secret, form.keys)
    return render(request, "handover/thanks.html", {"name": name, "doubt": doubt})


def _subject(secret: str) -> Entry | None:
    """The connection a link is for; none of a link that is no good.

    One that was removed and added anew under its name may be another console: the link is dead.
    """
    found = links.look(LinkKind.KEYS, secret)
    if found is None or not kept.exists(found.subject):
        return None
    entry = kept.entry(found.subject)
    return entry if entry.created <= found.created and _is_console(entry) else None


def _is_console(entry: Entry) -> bool:
    return entry.connection.kind is ConnectionKind.CONSOLE


def _console(entry: Entry) -> None:
    if not _is_console(entry):
        raise UsageError(f"{entry.connection.name} takes files: it has no keys.")


def _fingerprint(address: Address) -> str:
    """The certificate's fingerprint as it is now, to be compared; empty where none is seen."""
    try:
        return fetch_certificate(address, _PATIENCE).fingerprint
    except PlumblineError:
        return ""


def _place(request: HttpRequest) -> str:
    return f"bad-links-{request.META.get('REMOTE_ADDR', '')}"


def _hasty(request: HttpRequest) -> bool:
    return int(cache.get(_place(request), 0)) >= _MOST


def _count(request: HttpRequest) -> None:
    cache.add(_place(request), 0, _WHILE)
    cache.incr(_place(request))

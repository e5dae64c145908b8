"""`/connect`: from an address to first numbers, in six steps; added in one go at the last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from plumbline.console.guide import STEPS as GUIDE
from plumbline.domain.person import Right
from plumbline.errors import UsageError
from plumbline.lake.folders import remove_folders
from plumbline.ledger import connections, jobs
from plumbline.web import draft, trust
from plumbline.web.connecting import (
    Belief,
    Pair,
    Whereabouts,
    same_proxy,
    sent,
    told_at,
)
from plumbline.web.draft import Draft
from plumbline.web.installation import own
from plumbline.web.pages import checks, errors
from plumbline.web.reading import Choices, Reading
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase


_FOR_THE_CONSOLE = 3
"""So many steps of the guide are done in the console; the rest is for the terminal."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, by the name of its page."""

    page: str
    label: str


STEPS = (
    Step("connect", "Address"),
    Step("connect-trust", "Trust"),
    Step("connect-guide", "Allow API keys"),
    Step("connect-keys", "Keys"),
    Step("connect-check", "Check"),
    Step("connect-scope", "Scope and schedule"),
    Step("source-live", "First run"),
)


@sensitive_post_parameters("client_key_password")
def address(request: HttpRequest) -> HttpResponse:
    """Name, address, proxy."""
    _refuse_partly(request)
    now = draft.of(request)
    shown = now.address.proxy_shown if now else ""
    given = {"name": now.name, "url": now.url, "no_proxy": now.no_proxy} if now else {}
    initial = {**given, "proxy": shown}
    client = now.address.client if now else None
    form = Whereabouts(sent(request), request.FILES or None, initial=initial, client=client)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        proxy = same_proxy(told["proxy"], now.address.proxy if now else "", shown)
        given = {key: told[key] for key in ("name", "url", "no_proxy")}
        draft_now = Draft(**given, proxy=draft.sealed(proxy)).with_client(told["client"])
        fresh = _moved(now, draft_now)
        fresh.keep(request)
        return redirect("connect-trust" if fresh.encrypted else "connect-guide")
    return _step(request, "connect", {"form": form})


def certificate(request: HttpRequest) -> HttpResponse:
    """Look at the certificate, and say whom to believe."""
    now = draft.of(request)
    if now is None:
        return redirect("connect")
    if not now.encrypted:
        return redirect("connect-guide")
    form = Belief(sent(request), request.FILES or None, initial={"trust": now.trust})
    if request.method == "POST" and form.is_valid() and (chosen := trust.believed(form, now)):
        replace(now, trust=chosen.kind.value, believed=chosen.value).keep(request)
        return redirect("connect-guide")
    return _step(request, "connect-trust", trust.shown(form, now, request.path))


def guide(request: HttpRequest) -> HttpResponse:
    """What to do in the console, and who does it."""
    now = _ready(request)
    if now is None:
        return redirect("connect")
    context = {"guide": GUIDE[:_FOR_THE_CONSOLE], "draft": now}
    return _step(request, "connect-guide", context)


@sensitive_post_parameters()
def keys(request: HttpRequest) -> HttpResponse:
    """Take the keys; or save without them, for somebody else to hand them over."""
    now = _ready(request)
    if now is None:
        return redirect("connect")
    may_set = visitor(request).may(Right.KEYS_SET)
    if request.method == "POST" and request.POST.get("later") == "yes":
        return _saved_for_later(request, now)
    form = Pair(sent(request))
    if request.method == "POST":
        if not may_set:
            return errors.refused(request, Right.KEYS_SET)
        if form.is_valid():
            now.with_keys(form.keys).keep(request)
            return redirect("connect-check")
    context = {"form": form, "may_set": may_set, "draft": now, "given": bool(now.access)}
    return _step(request, "connect-keys", context)


def check(request: HttpRequest) -> HttpResponseBase:
    """Try what was told, one prerequisite after the other."""
    now = _ready(request)
    if now is None:
        return redirect("connect")
    pair = now.keys
    if pair is None:
        return redirect("connect-keys")
    more = {**_steps("connect-check"), "draft": now}
    return checks.answer(request, now.connection, pair, "wizard/check.html", more)


def scope(request: HttpRequest) -> HttpResponse:
    """Say what is read and when; then the connection is added, and its first run asked for."""
    now = _ready(request)
    if now is None:
        return redirect("connect")
    pair = now.keys
    if pair is None:
        return redirect("connect-keys")
    if not visitor(request).may(Right.KEYS_SET):
        return errors.refused(request, Right.KEYS_SET)
    choices = Choices.of(now.connection, pair)
    form = Reading(sent(request), choices=choices, initial={"plan": "every 24h"})
    if request.method == "POST" and form.is_valid() and _added(request, now, form):
        return redirect("source-live", name=now.name)
    may_run = visitor(request).may(Right.RUN)
    context = {"form": form, "trouble": choices.trouble, "draft": now, "may_run": may_run}
    return _step(request, "connect-scope", context)


def _refuse_partly(request: HttpRequest) -> None:
    """Whoever sees a part only would not see what they add."""
    if visitor(request).purviews:
        raise UsageError(
            "You see a part of the data only, so you would not see a new connection.",
            advice="ask an administrator to add it, or to widen what you see.",
        )


def _ready(request: HttpRequest) -> Draft | None:
    """What is being set up, if its address and trust are known."""
    _refuse_partly(request)
    now = draft.of(request)
    if now is None or (now.encrypted and not now.trust):
        return None
    return now


def _moved(before: Draft | None, now: Draft) -> Draft:
    """What was told before holds as long as the console is the same; keys go nowhere else."""
    if before is None or before.url != now.url:
        return now
    return replace(
        before,
        name=now.name,
        proxy=now.proxy,
        no_proxy=now.no_proxy,
        client=now.client,
        client_key=now.client_key,
    )


def _added(request: HttpRequest, now: Draft, form: Reading) -> bool:
    """Add the connection with its schedule, and ask for its first run; told in the form if not."""
    connection = form.applied(now.connection)
    with told_at(form):
        connections.check_free(now.name)
        # What a connection of that name may have left, if its removal was cut short.
        remove_folders(own().home, now.name)
        connections.add(connection, now.keys)
        draft.drop(request)
        form.plan_for(now.name)
        found = visitor(request)
        if request.POST.get("begin") == "yes" and found.may(Right.RUN):
            jobs.start(now.name, by=found.who)
    return not form.errors


def _saved_for_later(request: HttpRequest, now: Draft) -> HttpResponse:
    """Add the connection without keys: a one-time link lets somebody hand them over."""
    connections.check_free(now.name)
    remove_folders(own().home, now.name)
    connections.add(now.connection, None)
    draft.drop(request)
    messages.success(request, f"{now.name} is saved; it has no keys yet.")
    return redirect(
        "source-handover" if visitor(request).may(Right.KEYS_SET) else "source", now.name
    )


def _steps(page: str) -> dict[str, Any]:
    at = [one.page for one in STEPS].index(page)
    shown = [
        {"label": one.label, "state": "done" if n < at else "now" if n == at else ""}
        for n, one in enumerate(STEPS)
    ]
    return {"steps": shown, "back": STEPS[at - 1].page if at else ""}


def _step(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    template = f"wizard/{page.removeprefix('connect').removeprefix('-') or 'address'}.html"
    return render(request, template, {**_steps(page), **context})

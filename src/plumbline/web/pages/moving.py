"""`/connections/NAME/address`, `…/trust`: another address, proxy or certificate for a connection.

Who decides where a connection leads decides who gets its keys, so both take the right to set them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from plumbline.domain.connection import Trust, TrustKind
from plumbline.domain.person import Right
from plumbline.ledger import connections as kept
from plumbline.web import draft, trust
from plumbline.web.connecting import Belief, Way, same_proxy, sent
from plumbline.web.draft import Draft
from plumbline.web.pages import errors
from plumbline.web.pages.changes import console_of
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.domain.connection import Address, Connection

_PLACE = "moving"


@sensitive_post_parameters("client_key_password")
def address(request: HttpRequest, name: str) -> HttpResponse:
    """Tell where the console is; its certificate is looked at next."""
    console_of(request, name)
    if not visitor(request).may(Right.CONNECT):
        return errors.refused(request, Right.CONNECT)
    now = kept.get(name).address
    form = Way(sent(request), request.FILES or None, initial=_now(now), client=now.client)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        proxy = same_proxy(told["proxy"], now.proxy, now.proxy_shown)
        fresh = Draft(
            name=name,
            url=told["url"],
            proxy=draft.sealed(proxy),
            no_proxy=told["no_proxy"],
            trust=now.trust.kind.value,
            believed=now.trust.value,
        ).with_client(told["client"])
        if fresh.encrypted:
            fresh.keep(request, _PLACE)
            return redirect("source-trust", name=name)
        return _moved(request, name, replace(fresh, trust="", believed=""))
    return render(request, "connection/address.html", {"form": form, "name": name})


def certificate(request: HttpRequest, name: str) -> HttpResponse:
    """Look at the certificate, and say whom to believe; the connection is changed then."""
    console_of(request, name)
    if not visitor(request).may(Right.CONNECT):
        return errors.refused(request, Right.CONNECT)
    now = draft.of(request, _PLACE)
    if now is None or now.name != name:
        return redirect("source-address", name=name)
    form = Belief(sent(request), request.FILES or None, initial={"trust": now.trust})
    if request.method == "POST" and form.is_valid() and (chosen := trust.believed(form, now)):
        return _moved(request, name, replace(now, trust=chosen.kind.value, believed=chosen.value))
    context = {**trust.shown(form, now, request.path), "name": name}
    return render(request, "connection/trust.html", context)


def _moved(request: HttpRequest, name: str, now: Draft) -> HttpResponse:
    """Change the connection; keys are for the console they were made on, and go nowhere else."""
    before = kept.get(name)
    moved = now.address.url != before.address.url
    forgotten = moved and kept.entry(name).has_keys
    if forgotten:
        kept.delete_keys(name)
    _edit(before, now)
    draft.drop(request, _PLACE)
    if forgotten:
        messages.success(request, f"{name} is elsewhere now: give it the keys of that console.")
        return redirect("source-keys", name=name)
    messages.success(request, f"{name} was changed.")
    return redirect("source", name=name)


def _edit(before: Connection, now: Draft) -> None:
    believed = Trust(kind=TrustKind(now.trust or TrustKind.SYSTEM), value=now.believed)
    changed = replace(before, address=replace(now.address, trust=believed))
    if changed != before:
        kept.edit(changed)


def _now(told: Address) -> dict[str, str]:
    return {"url": told.url, "proxy": told.proxy_shown, "no_proxy": ",".join(told.no_proxy)}

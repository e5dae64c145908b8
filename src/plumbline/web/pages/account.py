"""`/settings/account` and `/settings/about`: oneself, and this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from plumbline.ledger import audit
from plumbline.ledger.people import register
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def show(request: HttpRequest) -> HttpResponse:
    """The page: role and rights, second factors, sessions."""
    found = visitor(request)
    person = register.get(found.name)
    factors = Authenticator.objects.filter(user_id=person.id).order_by("created_at")
    return render(
        request,
        "settings/account.html",
        {
            "person": person,
            "rights": sorted(found.rights),
            "factors": factors,
            "sessions": UserSession.objects.purge_and_list(request.user),
        },
    )


@require_POST
def end(request: HttpRequest, number: int) -> HttpResponse:
    """End one of one's own sessions."""
    mine = UserSession.objects.filter(user=request.user, pk=number).first()
    if mine is not None:
        mine.end()
        audit.note("end session", visitor(request).name, f"of {mine.ip}")
        messages.success(request, "The session was ended.")
    return redirect("account")


def factor(request: HttpRequest) -> HttpResponse:
    """Tell somebody that a second factor is demanded, and lead to it."""
    if not visitor(request).unproven:
        return redirect("account")
    return render(request, "settings/factor.html", {"name": visitor(request).name})


def about(request: HttpRequest) -> HttpResponse:
    """What runs here."""
    return render(request, "settings/about.html")

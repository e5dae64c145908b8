"""One-time links: the first administrator, a password set by its owner, the way into a demo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from plumbline.errors import UsageError
from plumbline.ledger import audit
from plumbline.ledger.people import links, register
from plumbline.ledger.people.records import LinkKind
from plumbline.web.installation import is_demo
from plumbline.web.pages.errors import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Password(forms.Form):
    """A password, twice."""

    password = forms.CharField(
        label="Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters; several words are easy to keep.",
    )
    again = forms.CharField(
        label="The same again", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        """Both have to be the same."""
        told = super().clean() or {}
        if told.get("password") != told.get("again"):
            self.add_error("again", "The two passwords differ.")
        return told


class First(Password):
    """The first administrator."""

    name = forms.CharField(
        label="Name to sign in with",
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    field_order = ("name", "password", "again")


@sensitive_post_parameters()
def first(request: HttpRequest, secret: str) -> HttpResponse:
    """Make the first administrator."""
    if links.look(LinkKind.FIRST, secret) is None or register.anybody():
        return _over(request, "run `plumbline user link` on the server for a new one.")
    form = First(request.POST or None)
    if request.method == "POST" and form.is_valid() and _begun(form, secret):
        messages.success(request, "You are the administrator now. Sign in to go on.")
        return redirect("account_login")
    return render(request, "entrance/first.html", {"form": form})


@sensitive_post_parameters()
def password(request: HttpRequest, secret: str) -> HttpResponse:
    """Let a person set their password."""
    found = links.look(LinkKind.PASSWORD, secret)
    if found is None or found.person is None:
        return _over(request, "ask an administrator for a new one.")
    form = Password(request.POST or None)
    if request.method == "POST" and form.is_valid() and _renewed(form, secret, found.person):
        messages.success(request, "The password is set. Sign in to go on.")
        return redirect("account_login")
    return render(request, "entrance/password.html", {"form": form, "name": found.person})


@never_cache
@require_GET
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in whom a demo made the link for."""
    person = links.enter(secret) if is_demo() else None
    if person is None:
        return _over(request, "sign in with the name and password that the demo told.")
    login(request, register.row_of(person.name), backend=_BACKEND)
    return redirect("overview")


def _over(request: HttpRequest, advice: str) -> HttpResponse:
    what = "This link was used already, is too old, or was never made."
    return problem(request, 404, what, advice=advice)


def _begun(form: First, secret: str) -> bool:
    told = form.cleaned_data
    name, password = told["name"], told["password"]
    return _done(form, lambda: links.begin(secret, name, password), name)


def _renewed(form: Password, secret: str, name: str) -> bool:
    return _done(form, lambda: links.renew(secret, form.cleaned_data["password"]), name)


def _done(form: Password, act: Callable[[], object], name: str) -> bool:
    """Whether it worked; what did not is told in the form."""
    try:
        with audit.acting(name):
            act()
    except UsageError as error:
        form.add_error(None, " ".join(filter(None, (error.what, error.advice))))
        return False
    return True

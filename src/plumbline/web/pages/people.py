"""`/settings/people`: who may sign in, and what they may do and see."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from plumbline.domain.person import GRANTABLE, Purview, Right, Role
from plumbline.errors import UsageError
from plumbline.ledger import audit
from plumbline.ledger.people import links, register
from plumbline.ledger.people.records import LinkKind
from plumbline.web import factors as held
from plumbline.web.pages.tokens import grants
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.ledger.people.records import Person

LASTS = timedelta(hours=24)


class Entitled(forms.Form):
    """What a person may do and see."""

    role = forms.ChoiceField(label="Role", choices=[(role.value, role.value) for role in Role])
    rights = forms.MultipleChoiceField(
        label="Rights beside those of the role",
        required=False,
        choices=[(right.value, right.doc) for right in GRANTABLE],
        widget=forms.CheckboxSelectMultiple,
    )
    scope = forms.CharField(
        label="Scope",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One grant a line: CONNECTION, CONNECTION/repository/ID or CONNECTION/list/ID. "
        "Empty: everything.",
    )

    def clean_scope(self) -> Purview:
        """The grants, read."""
        return grants(self.cleaned_data["scope"])


class Added(Entitled):
    """A person to be added."""

    name = forms.CharField(label="Name to sign in with", max_length=64)
    field_order = ("name", "role", "rights", "scope")


def show(request: HttpRequest) -> HttpResponse:
    """List the people; add one, and show the link by which they set their password."""
    form = Added(request.POST or None, initial={"role": Role.VIEWER.value})
    link = None
    if request.method == "POST" and form.is_valid():
        link = _add(request, form)
    context = {"form": form, "link": link, "people": _listed(), "lasts": LASTS}
    return render(request, "settings/people.html", context)


def one(request: HttpRequest, name: str) -> HttpResponse:
    """One person; their role, rights and scope can be changed."""
    person = register.get(name)
    form = Entitled(request.POST or None, initial=_now(person))
    if request.method == "POST" and form.is_valid() and _entitle(form, person):
        messages.success(request, f"What {person.name} may do was changed.")
        return redirect("person", name=person.name)
    return _one(request, person, form)


@require_POST
def link(request: HttpRequest, name: str) -> HttpResponse:
    """Make a link by which a person sets a new password."""
    person = register.get(name)
    return _one(request, person, Entitled(initial=_now(person)), _link(request, person))


@require_POST
def active(request: HttpRequest, name: str) -> HttpResponse:
    """Let a person in, or keep them out."""
    lets_in = request.POST.get("active") == "yes"
    register.disable(name, active=lets_in)
    messages.success(request, f"{name} {'may sign in again' if lets_in else 'is kept out'}.")
    return redirect("person", name=name)


@require_POST
def factors(request: HttpRequest, name: str) -> HttpResponse:
    """Take a person's second factors away, whose phone or passkey is lost."""
    person = register.get(name)
    count, _ = Authenticator.objects.filter(user_id=person.id).delete()
    audit.note("remove second factors", person.name, f"{count}")
    messages.success(request, f"{person.name} signs in without a second factor until one is added.")
    return redirect("person", name=person.name)


def _one(
    request: HttpRequest, person: Person, form: Entitled, link: str | None = None
) -> HttpResponse:
    context = {
        "person": person,
        "form": form,
        "link": link,
        "lasts": LASTS,
        "factors": Authenticator.objects.filter(user_id=person.id),
    }
    return render(request, "settings/person.html", context)


def _listed() -> list[tuple[Person, str]]:
    """Everybody, and whether they have a second factor."""
    holders = held.holders()
    return [(person, _factor(person, has=person.id in holders)) for person in register.everybody()]


def _factor(person: Person, *, has: bool) -> str:
    if has:
        return "yes"
    return "none, and one is demanded" if held.demanded(person.role) else "none"


def _now(person: Person) -> dict[str, Any]:
    return {
        "role": person.role.value,
        "rights": [right.value for right in person.granted],
        "scope": "\n".join(person.purview.texts),
    }


def _add(request: HttpRequest, form: Added) -> str | None:
    told = form.cleaned_data
    by = visitor(request).who
    try:
        register.add(told["name"], Role(told["role"]), purview=told["scope"], by=by)
    except UsageError as error:
        form.add_error(None, f"{error.what} {error.advice}".strip())
        return None
    person = register.get(told["name"])
    if told["rights"]:
        _entitle(form, person)
    return _link(request, person)


def _entitle(form: Entitled, person: Person) -> bool:
    told = form.cleaned_data
    try:
        register.entitle(
            person.name,
            Role(told["role"]),
            rights=map(Right, told["rights"]),
            purview=told["scope"],
        )
    except UsageError as error:
        form.add_error(None, f"{error.what} {error.advice}".strip())
        return False
    return True


def _link(request: HttpRequest, person: Person) -> str:
    by = visitor(request).who
    secret = links.make(LinkKind.PASSWORD, lasts=LASTS, person=person.name, by=by)
    return request.build_absolute_uri(reverse("password-link", args=[secret]))

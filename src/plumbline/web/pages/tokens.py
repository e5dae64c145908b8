"""`/settings/tokens`: one's API tokens; who administers people sees everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from plumbline.domain.person import Purview, Right, Role
from plumbline.errors import UsageError
from plumbline.ledger.people import register
from plumbline.ledger.people import tokens as kept
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.web.visitor import Visitor

_DAYS = 90


class Wanted(forms.Form):
    """What a new token is to be."""

    name = forms.CharField(label="What it is for", max_length=64)
    role = forms.ChoiceField(label="Role", help_text="It never may more than you may at that time.")
    days = forms.IntegerField(
        label="Good for, in days", min_value=1, max_value=kept.MOST_DAYS, initial=_DAYS
    )
    scope = forms.CharField(
        label="Scope",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One grant a line: CONNECTION, CONNECTION/repository/ID or CONNECTION/list/ID. "
        "Empty: all that you may see.",
    )

    def __init__(self, *args: Any, rights: frozenset[Right], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.value, role.value) for role in Role if role.rights <= rights
        ]

    def clean_scope(self) -> Purview:
        """The grants, read."""
        return grants(self.cleaned_data["scope"])


def grants(text: str) -> Purview:
    """Grants as they are typed, one a line.

    Raises:
        ValidationError: one of them is none.
    """
    try:
        return Purview.parse(text.splitlines())
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error


def show(request: HttpRequest) -> HttpResponse:
    """List the tokens; make one, and show it this once."""
    found = visitor(request)
    form = Wanted(request.POST or None, rights=found.rights)
    made = _make(form, found) if request.method == "POST" and form.is_valid() else None
    context = {"form": form, "made": made, "tokens": _shown(found), "now": timezone.now()}
    return render(request, "settings/tokens.html", context)


@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """End a token: one's own, or anybody's for who administers people."""
    found = visitor(request)
    kept.revoke(number, None if found.may(Right.PEOPLE) else found.name)
    messages.success(request, "The token was revoked. Programs that use it are refused from now.")
    return redirect("tokens")


def _make(form: Wanted, found: Visitor) -> str | None:
    told = form.cleaned_data
    try:
        _, text = kept.add(
            register.get(found.name).name,
            told["name"],
            Role(told["role"]),
            days=told["days"],
            purview=told["scope"],
        )
    except UsageError as error:
        form.add_error(None, f"{error.what} {error.advice}".strip())
        return None
    return text


def _shown(found: Visitor) -> Any:
    return kept.listing(None if found.may(Right.PEOPLE) else found.name)

"""`/settings/deadlines`: by when findings should be fixed, and who decided that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from plumbline.domain.deadlines import LEAST_DAYS, MOST_DAYS, Deadlines
from plumbline.domain.person import Right, Role
from plumbline.ledger import deadlines as policy
from plumbline.web.connecting import told_at
from plumbline.web.installation import own
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def _days(word: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=f"{word}, in days", min_value=LEAST_DAYS, max_value=MOST_DAYS, localize=False
    )


class Days(forms.Form):
    """Days for each severity."""

    critical = _days("Critical")
    high = _days("High")
    medium = _days("Medium")
    low = _days("Low")

    @property
    def deadlines(self) -> Deadlines:
        """What was told, once the form is valid."""
        return Deadlines(**self.cleaned_data)


def show(request: HttpRequest) -> HttpResponse:
    """The deadlines that hold, and every change of them."""
    return _shown(request, Days(initial=policy.current(own()).words))


@require_POST
def put(request: HttpRequest) -> HttpResponse:
    """Set them; every page and report counts by them from now."""
    form = Days(request.POST)
    if form.is_valid():
        with told_at(form):
            policy.put(own(), form.deadlines)
            messages.success(request, f"The deadlines hold from now: {form.deadlines}.")
            return redirect("deadlines")
    return _shown(request, form, status=400)


@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    """Let the settings decide again."""
    policy.reset(own())
    messages.success(request, "The deadlines are those of the settings.")
    return redirect("deadlines")


def _shown(request: HttpRequest, form: Days, status: int = 200) -> HttpResponse:
    told = policy.history()
    context: dict[str, Any] = {
        "form": form,
        "now": policy.current(own()).words,
        "history": told,
        "is_set": bool(told) and told[0].deadlines is not None,
        "configured": policy.configured(own()),
        "may_govern": visitor(request).may(Right.GOVERN),
        "roles": " or ".join(Role.having(Right.GOVERN)),
    }
    return render(request, "settings/deadlines.html", context, status=status)

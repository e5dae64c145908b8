"""`/connections/NAME/…`: pause, test, new keys, scope and schedule, hand-over, removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from plumbline.domain.connection import ConnectionKind
from plumbline.errors import NotFoundError, UsageError
from plumbline.lake.folders import remove_folders
from plumbline.ledger import connections as kept
from plumbline.web.connecting import Pair, sent, told_at
from plumbline.web.installation import own
from plumbline.web.pages import checks, handover
from plumbline.web.reading import Choices, Reading, reading_of
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from plumbline.ledger.records import Entry

KEEP, DELETE = "keep", "delete"


class Removal(forms.Form):
    """What becomes of the data, and the name once more."""

    fate = forms.ChoiceField(
        label="What it published",
        widget=forms.RadioSelect,
        choices=[
            (KEEP, "Go on showing it, marked as retired; new keys bring the connection back"),
            (DELETE, "Delete it: findings, snapshots and proofs; its runs stay in the history"),
        ],
    )
    again = forms.CharField(
        label="Its name, to be sure", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: object, name: str, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type] # handed through
        self._name = name

    def clean_again(self) -> str:
        """The name, written out."""
        again = str(self.cleaned_data["again"]).strip()
        if again != self._name:
            raise forms.ValidationError(f"Write {self._name}, exactly.")
        return again


@require_POST
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Hold a connection back from runs, or let it run again."""
    entry_of(request, name)
    paused = request.POST.get("paused") == "yes"
    kept.pause(name, paused=paused)
    messages.success(request, f"{name} is {'paused' if paused else 'read again'}.")
    return redirect("source", name=name)


def test(request: HttpRequest, name: str) -> HttpResponseBase:
    """Check what the connection needs, now."""
    console_of(request, name)
    connection, keys = kept.get(name), kept.get_keys(name)
    return checks.answer(request, connection, keys, "connection/test.html", {"name": name})


@sensitive_post_parameters()
def keys(request: HttpRequest, name: str) -> HttpResponse:
    """Replace the keys."""
    entry = console_of(request, name)
    form = Pair(sent(request))
    if request.method == "POST" and form.is_valid():
        with told_at(form):
            kept.set_keys(name, form.keys)
            held = " It is paused: resume it." if entry.paused else ""
            messages.success(request, f"The keys of {name} are sealed. Test them.{held}")
            return redirect("source-test", name=name)
    context = {"form": form, "name": name, "entry": entry}
    return render(request, "connection/keys.html", context)


def drop(request: HttpRequest, name: str) -> HttpResponse:
    """Erase the keys alone; the connection is paused then."""
    entry = console_of(request, name)
    if request.method == "POST":
        kept.delete_keys(name)
        messages.success(request, f"The keys of {name} are erased, and it is paused: no keys.")
        return redirect("source", name=name)
    return render(request, "connection/drop.html", {"name": name, "entry": entry})


def hand_over(request: HttpRequest, name: str) -> HttpResponse:
    """Make a one-time link by which the console's administrator enters the keys."""
    entry = console_of(request, name)
    link = handover.make(request, name) if request.method == "POST" else ""
    context = {"name": name, "entry": entry, "link": link, "hours": _hours()}
    return render(request, "connection/handover.html", context)


def scope(request: HttpRequest, name: str) -> HttpResponse:
    """Change what is read, and when."""
    entry, connection = console_of(request, name), kept.get(name)
    choices = Choices.of(connection, kept.get_keys(name) if entry.has_keys else None)
    form = Reading(
        sent(request),
        choices=choices,
        before=connection.scope,
        initial=reading_of(connection),
    )
    if request.method == "POST" and form.is_valid():
        with told_at(form):
            changed = form.applied(connection)
            if changed != connection:
                kept.edit(changed)
            form.plan_for(name)
            messages.success(request, f"{name} was changed.")
            return redirect("source", name=name)
    context = {"form": form, "name": name, "trouble": choices.trouble}
    return render(request, "connection/scope.html", context)


def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Give up a connection and erase its keys."""
    entry = entry_of(request, name)
    form = Removal(sent(request), name=name)
    if request.method == "POST" and form.is_valid():
        with told_at(form):
            told = _removed(name, form.cleaned_data["fate"])
            messages.success(request, told)
            return redirect("sources")
    return render(request, "connection/remove.html", {"form": form, "name": name, "entry": entry})


def _removed(name: str, fate: str) -> str:
    if fate == KEEP:
        kept.retire(name)
        return f"{name} is retired: its keys are gone, what it published is still shown."
    kept.remove(name)
    remove_folders(own().home, name)
    return f"{name} is removed, with what it published."


def entry_of(request: HttpRequest, name: str) -> Entry:
    """A connection that the visitor sees as a whole."""
    if not kept.exists(name) or not visitor(request).holds(name):
        raise NotFoundError(
            f"There is no connection {name!r} that you see as a whole.", advice="the connections."
        )
    return kept.entry(name)


def console_of(request: HttpRequest, name: str) -> Entry:
    """One that reads a console."""
    entry = entry_of(request, name)
    if entry.connection.kind is not ConnectionKind.CONSOLE:
        raise UsageError(f"{name} takes files: it has neither address nor keys.")
    return entry


def _hours() -> int:
    return int(handover.LASTS.total_seconds() // 3600)

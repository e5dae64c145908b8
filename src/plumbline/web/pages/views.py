"""`/views`: lists as somebody wants to see them again; saved, opened, renamed, shared, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from plumbline.domain.person import Right
from plumbline.errors import UsageError
from plumbline.ledger.people import layouts
from plumbline.ledger.people import views as kept
from plumbline.web import estates
from plumbline.web.explorer import asking, kinds
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

    from plumbline.ledger.people.records import View
    from plumbline.web.explorer.asking import Asked
    from plumbline.web.explorer.kinds import Kind


class Saved(forms.Form):
    """A list as it is shown, under a name."""

    kind = forms.ChoiceField(choices=[(name, name) for name in kinds.KINDS])
    name = forms.CharField(max_length=kept.LONGEST_NAME)
    q = forms.CharField(required=False, max_length=8_000)
    sort = forms.CharField(required=False, max_length=2_000)
    columns = forms.CharField(required=False, max_length=4_000)
    shared = forms.BooleanField(required=False)
    begins = forms.BooleanField(required=False)


def show(request: HttpRequest) -> HttpResponse:
    """The visitor's views and those shared with them; save one."""
    if request.method == "POST":
        return _save(request)
    found = visitor(request)
    begun = {name: layouts.find(found.name, name).begins for name in kinds.KINDS}
    shown = [
        {
            "view": view,
            "title": kinds.KINDS[view.kind].title,
            "mine": view.person == found.name,
            "changes": kept.may_change(view, found.name, found.rights),
            "begins": begun[view.kind] == view.slug,
        }
        for view in kept.listing(found.name)
        if view.kind in kinds.KINDS
    ]
    context = {"views": shown, "may_share": found.may(Right.SHARE)}
    return render(request, "views.html", context)


def one(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead to the list."""
    return HttpResponseRedirect(address(kept.get(slug, visitor(request).name)))


@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Rename a view, share it, or keep it to its owner again."""
    name = request.POST.get("name", "")
    view = kept.change(slug, visitor(request).name, name, shared="shared" in request.POST)
    messages.success(request, f"{view.name} was changed.")
    return redirect("views")


@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a view."""
    view = kept.remove(slug, visitor(request).name)
    messages.success(request, f"{view.name} was deleted.")
    return redirect("views")


@require_POST
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the visitor's list begin with a view, or with itself again."""
    who = visitor(request).name
    view = kept.get(slug, who)
    is_wanted = request.POST.get("begins") == "yes"
    layouts.begin(who, view.kind, slug if is_wanted else "")
    title = kinds.KINDS[view.kind].title
    messages.success(request, f"{title} begins with {view.name if is_wanted else 'itself'}.")
    return redirect("views")


def address(view: View) -> str:
    """The list as a view wants it; columns that are no more are left out."""
    kind = kinds.KINDS[view.kind]
    told = {"q": view.query, "sort": ",".join(_known(kind, view.order))}
    if columns := ",".join(_known(kind, view.columns)):
        told["columns"] = columns
    return f"{reverse(kind.page)}?{urlencode(told)}"


def beside(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """The views of a list, and which of them is shown."""
    found = visitor(request)
    listed = kept.listing(found.name, asked.kind.page)
    now = next((view for view in listed if _is_shown(view, asked)), None)
    return {
        "views": [(view, view is now, view.person == found.name) for view in listed],
        "view": now,
        "may_share": found.may(Right.SHARE),
        "own_list": _own(asked),
    }


def _own(asked: Asked) -> str:
    """The list itself, past the view it begins with."""
    return f"{reverse(asked.kind.page)}?{urlencode({'q': asked.kind.begins})}"


def _is_shown(view: View, asked: Asked) -> bool:
    columns = tuple(_known(asked.kind, view.columns)) or asked.kind.columns
    is_same = columns == asked.columns and tuple(_known(asked.kind, view.order)) == asked.order
    query, mistake = asking.read(asked.kind, view.query)
    is_read = mistake is None
    written = asked.kind.effective(view.query, query)[0] if is_read else view.query
    return is_same and written == asked.written


def _known(kind: Kind, names: tuple[str, ...]) -> Iterator[str]:
    return (name for name in names if asking.known(kind, name))


def _save(request: HttpRequest) -> HttpResponse:
    form = Saved(request.POST)
    if not form.is_valid():
        name, faults = next(iter(form.errors.items()))
        raise UsageError(f"The view cannot be saved: {name}: {faults[0]}")
    told, who = form.cleaned_data, visitor(request).name
    kind, query = kinds.KINDS[told["kind"]], told["q"].strip()
    _check(request, kind, query)
    view = kept.add(
        who,
        kind.page,
        told["name"],
        query,
        order=_read(kind, told["sort"]),
        columns=_read(kind, told["columns"]),
        shared=told["shared"],
    )
    if told["begins"]:
        layouts.begin(who, kind.page, view.slug)
    messages.success(request, f"{view.name} is saved{' and shared' if view.shared else ''}.")
    return redirect("view", slug=view.slug)


def _check(request: HttpRequest, kind: Kind, query: str) -> None:
    """Refuse a filter that this list could not be asked with."""
    if mistake := asking.read(kind, query)[1]:
        raise mistake
    seen = estates.seen(request)
    if seen.runs:
        seen.total(kind.relation.name, query)


def _read(kind: Kind, text: str) -> tuple[str, ...]:
    """Names as an address writes them; each is one of the list's."""
    names = tuple(filter(None, (name.strip() for name in text.split(","))))
    for name in names:
        kind.relation.field(name.removeprefix("-"))
    return names

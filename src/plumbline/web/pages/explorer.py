"""`/findings`, `/hosts`, `/vulnerabilities`, `/lists`: rows, filtered, sorted and taken along."""

from __future__ import annotations

from functools import partial
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from django.http import FileResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from plumbline.errors import UsageError
from plumbline.ledger import audit
from plumbline.posture import explore
from plumbline.report.formats import Format, writer
from plumbline.report.interface import Screen, Sheet
from plumbline.report.provenance import about
from plumbline.web import estates
from plumbline.web.explorer import asking, completing, facets, kinds, listing
from plumbline.web.pages import views

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from plumbline.posture.relation import Field
    from plumbline.web.explorer.asking import Asked
    from plumbline.web.explorer.kinds import Kind

_IN_MEMORY = 8_000_000
_LONGEST_QUERY = 8_000
_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSONL: "application/jsonl",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def show(request: HttpRequest, page: str) -> HttpResponse:
    """The list."""
    seen = estates.seen(request)
    if not seen.runs:
        return render(request, "empty.html")
    asked = asking.asked(request, _kind(page))
    if asked.layout.begins and not request.GET:
        return redirect("view", slug=asked.layout.begins)
    context = listing.context(asked, seen) | views.beside(request, asked)
    return render(request, "explorer.html", context, status=400 if "mistake" in context else 200)


def beside(request: HttpRequest, page: str) -> HttpResponse:
    """The facets, which come after the list."""
    seen = estates.seen(request)
    asked = asking.asked(request, _kind(page))
    if asked.mistake is not None:
        raise asked.mistake
    context = {"facets": facets.of(asked, seen), "kind": asked.kind}
    return render(request, "fragments/facets.html", context)


def complete(request: HttpRequest, page: str) -> HttpResponse:
    """What the filter could go on with."""
    asked = asking.asked(request, _kind(page))
    place = request.GET.get("at", "")
    at = int(place) if place.isascii() and place.isdigit() and len(place) < len("100000") else 0
    written = asking.Asked(
        kind=asked.kind,
        written=request.GET.get("q", "")[:_LONGEST_QUERY],
        query=asked.query,
        columns=asked.columns,
        order=asked.order,
        after="",
        mistake=asked.mistake,
    )
    return JsonResponse(completing.options(written, estates.seen(request), at))


def export(request: HttpRequest, page: str) -> FileResponse:
    """Every row of the list in its order: its columns, and those that no export is without."""
    seen = estates.seen(request)
    asked = asking.asked(request, _kind(page))
    if asked.mistake is not None:
        raise asked.mistake
    form = _format(request)
    shown = _taken_along(asked, several=seen.estate.several)
    wanted = explore.Request(
        query=asked.query, columns=tuple(f.name for f in shown), order=asked.order
    )
    statement = explore.rows(asked.kind.relation, seen.estate, wanted)
    order = asked.order or asked.kind.relation.order
    sheet = Sheet(
        name=asked.kind.relation.name,
        columns=tuple(field.heading for field in shown),
        schema=statement.schema,
        batches=statement.stream(),
        warnings=estates.warnings(request),
        about=partial(about, seen.estate, asked.written, order, estates.partly(request, seen)),
    )
    out: Any = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the answer closes it
    rows = writer(form, Screen())(sheet, out)
    out.seek(0)
    what = f"{rows} {asked.kind.many} as {form}: {asked.written or 'everything'}"
    audit.note("export", asked.kind.page, what)
    as_of = min(seen.estate.as_of.values()) if seen.estate.as_of else None
    name = f"plumbline-{asked.kind.page}{f'-{as_of:%Y-%m-%d}' if as_of else ''}.{form}"
    return FileResponse(out, as_attachment=True, filename=name, content_type=_TYPES[form])


@require_POST
def columns(request: HttpRequest, page: str) -> HttpResponse:
    """Keep how the visitor wants a list: which columns in which order, and how dense."""
    kind = _kind(page)
    names = () if "reset" in request.POST else tuple(request.POST.getlist("column"))
    asking.keep(request, kind, names)
    asked = asking.asked(request, kind)
    return HttpResponseRedirect(asked.address(columns=None))


def _kind(page: str) -> Kind:
    return kinds.KINDS[page]


def _taken_along(asked: Asked, *, several: bool) -> tuple[Field, ...]:
    relation = asked.kind.relation
    names = (field.name for field in asked.fields(several=several))
    return tuple(map(relation.field, dict.fromkeys((*names, *relation.taken_along))))


def _format(request: HttpRequest) -> Format:
    told = request.GET.get("format", Format.CSV.value)
    try:
        found = Format(told)
    except ValueError:
        found = Format.TABLE
    if found not in listing.EXPORTS:
        names = ", ".join(listing.EXPORTS)
        raise UsageError(f"{told!r} is no format of an export.", advice=f"one of {names}.")
    return found

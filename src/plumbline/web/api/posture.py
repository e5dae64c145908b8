"""`/api/v1/findings`, `hosts`, `plugins`, `lists`, `summary`, `questions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse  # noqa: TC002 - read by ninja

from plumbline.domain.person import Right
from plumbline.posture import explore, filters, questions, refining
from plumbline.posture.relations import RELATIONS
from plumbline.web import estates
from plumbline.web.api.frame import answer, get, query, stamped
from plumbline.web.api.shapes import REFUSALS, Row, Rows, Some, page

if TYPE_CHECKING:
    from plumbline.posture.relation import Relation

_MOST, _USUAL = 1_000, 100


@get("/summary", "summary", Right.SEE, response={200: Row, **REFUSALS})
def summary(request: HttpRequest) -> HttpResponse:
    """The totals of all that is seen; a host counts once however many lists hold it."""
    rows = estates.seen(request).ask("summary")
    return answer("summary", rows[0], **stamped(request))


@get("/questions", "questions", Right.SEE, response={200: Some, **REFUSALS})
def listing(request: HttpRequest) -> HttpResponse:
    """The named questions."""
    del request
    return answer("questions", [_question(one) for one in questions.QUESTIONS.values()])


@get("/questions/{name}", "question", Right.SEE, response={200: Rows, **REFUSALS})
def question(
    request: HttpRequest,
    name: str,
    argument: list[str] = query([], description="what it wants to know, in order"),  # noqa: B008 - ninja's form
) -> HttpResponse:
    """The answer to a named question."""
    rows = estates.seen(request).ask(name, *argument)
    return answer(f"ask-{name}", rows, **stamped(request))


def _question(one: questions.Question) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "doc": one.doc,
        "parameters": [
            {"name": p.name, "doc": p.doc, "default": p.default} for p in one.parameters
        ],
        "columns": [{"name": c.name, "kind": c.kind, "doc": c.doc} for c in one.columns],
    }


def _described(relation: Relation) -> str:
    if not relation.default:
        return f"filter; GET /api/v1/{relation.name}/fields lists the fields"
    name = relation.default.partition(":")[0]
    return (
        f"filter, as in `severity:critical kev:yes`; without a condition on {name} it is "
        f"`{relation.default}`, and `{name}:*` takes all"
    )


def _explorer(name: str) -> None:
    """The addresses of one relation."""
    relation = RELATIONS[name]

    answers = {200: page(relation), **REFUSALS}

    @get(f"/{name}", name, Right.SEE, summary=relation.doc, response=answers)
    def rows(
        request: HttpRequest,
        q: str = query("", description=_described(relation)),
        columns: str = query("", description="fields in order, by commas"),
        sort: str = query("", description="fields to sort by, by commas, `-` before descending"),
        limit: int = query(_USUAL, ge=1, le=_MOST, description="rows on a page"),
        after: str = query("", description="the `next` of the page before"),
    ) -> HttpResponse:
        asked = explore.Request(
            query=refining.defaulted(filters.parse(q), relation),
            columns=_names(columns) or relation.contract,
            order=_names(sort),
            limit=limit,
        )
        seen = estates.seen(request)
        found = seen.page(name, asked, after)
        return answer(
            name,
            found.rows,
            query=str(asked.query),
            total=seen.total(name, asked.query),
            next=found.following or None,
            **stamped(request),
        )


def _fields(name: str) -> None:
    """The address that describes one relation."""
    relation = RELATIONS[name]

    @get(f"/{name}/fields", f"{name}-fields", Right.SEE, response={200: Some, **REFUSALS})
    def fields(request: HttpRequest) -> HttpResponse:
        """What can be shown, filtered and sorted by."""
        del request
        told = [
            {
                "name": field.name,
                "kind": field.kind,
                "doc": field.doc,
                "also": field.names,
                "words": field.words,
            }
            for field in relation.fields
        ]
        return answer(f"{name}-fields", told)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


for _name in RELATIONS:
    _explorer(_name)
    _fields(_name)

"""`/api/v1/compare` and the facets: what the pages count, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse  # noqa: TC002 - read by ninja
from ninja.params.functions import Query

from plumbline.domain.person import Right
from plumbline.errors import NotFoundError, UsageError
from plumbline.posture import explore, facets, filters, matrix, refining
from plumbline.posture.relations import RELATIONS
from plumbline.web import estates
from plumbline.web.api.frame import answer, get, stamped
from plumbline.web.api.shapes import REFUSALS, Rows

if TYPE_CHECKING:
    from plumbline.posture.relation import Relation

_MOST, _USUAL = 200, 40


@get("/compare", "compare", Right.SEE, response={200: Rows, **REFUSALS})
def compare(
    request: HttpRequest,
    q: str = Query("", description="filter of hosts"),
    limit: int = Query(_USUAL, ge=1, le=_MOST, description="hosts at most"),
) -> HttpResponse:
    """Where hosts are known: one row for each host in each repository that still has it."""
    seen = estates.seen(request)
    asked = explore.Request(query=filters.parse(q), columns=("host",), limit=limit)
    chosen = tuple(sorted(row["host"] for row in seen.rows("hosts", asked)))
    rows = seen.answer(("matrix", chosen), lambda e: matrix.in_repositories(e, chosen))
    return answer("compare", rows.to_pylist(), **stamped(request))


def _facets(name: str) -> None:
    """The address of a relation's facets."""
    relation = RELATIONS[name]

    @get(f"/{name}/facets/{{field}}", f"{name}-facets", Right.SEE, response={200: Rows, **REFUSALS})
    def counted(
        request: HttpRequest, field: str, q: str = Query("", description="filter")
    ) -> HttpResponse:
        """Values of a field with the rows they have, whatever the filter says of that field."""
        query = refining.defaulted(filters.parse(q), relation)
        known = _known(relation, field)
        rows = estates.seen(request).answer(
            ("facet-api", name, known, query),
            lambda e: facets.counted(relation, e, query, known),
        )
        return answer(f"{name}-facets", rows.to_pylist(), **stamped(request))


def _known(relation: Relation, name: str) -> str:
    """The field an address names."""
    try:
        return relation.field(name).name
    except UsageError as error:
        raise NotFoundError(error.what, advice=error.advice) from error


for _name in RELATIONS:
    _facets(_name)

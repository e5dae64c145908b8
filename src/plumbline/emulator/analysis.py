"""`POST /rest/analysis`: read the query, choose the rows, answer with the tool."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.domain.finding import Source
from plumbline.emulator.faults import Page
from plumbline.emulator.faults.standing import Administrator, NoEpoch, NoRepository, UnpreparedLists
from plumbline.emulator.filters import Clause, Scope, select
from plumbline.emulator.rows import details, listed
from plumbline.emulator.sorting import arrange, arrange_rows
from plumbline.emulator.tools import EMPTY, TOOLS, Bare, Rows, Table, Tally
from plumbline.emulator.wire import Refusal, Reply, dump, streamed, success

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.emulator.center import Center
    from plumbline.emulator.estate import View

INDIVIDUAL = "individual"
VIEWS = ("all", "new", "patched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What an analysis asks."""

    tool: str
    source: Source
    clauses: tuple[Clause, ...]
    start: int
    end: int
    sort_field: str = ""
    descending: bool = False
    scan: int | None = None
    """A scan result to look at in place of a source."""

    def summary(self) -> str:
        """The query in short, for the log."""
        filters = " ".join(f"{c.name}{c.operator}{c.value}" for c in self.clauses)
        return f"{self.tool} {self.source} [{self.start}, {self.end}) {filters}".rstrip()


def invalid(text: str) -> Refusal:
    """The console's refusal of a query it cannot read."""
    return Refusal(f"Invalid parameters specified for vuln query.\n{text}\n", code=146)


def read(body: bytes) -> Query:
    """Read the body of an analysis; offsets may stand in the query or at the root, the query wins.

    Raises:
        Refusal: 146 for what cannot be read, 142 for a scan result without a view.
    """
    root = _object(body)
    query = root.get("query")
    if not isinstance(query, dict) or "tool" not in query:
        raise invalid("A full query with a tool must be given; a query id is not supported.")
    if root.get("type", "vuln") != "vuln":
        raise invalid(f"Analysis of type '{root.get('type')}' is not available.")
    tool = str(query["tool"])
    if tool not in TOOLS and tool not in EMPTY:
        raise invalid(f"The tool '{tool}' is invalid.")
    clauses = [_clause(one) for one in query.get("filters") or []]
    if "wasVuln" in root:
        clauses.insert(0, Clause(name="wasVuln", operator="=", value=root["wasVuln"]))
    both = root | query
    field, direction = _sorting(root, query)
    source, scan = _source(root, query)
    return Query(
        tool=tool,
        source=source,
        clauses=tuple(clauses),
        start=_offset(both.get("startOffset", 0), "startOffset"),
        end=_offset(both.get("endOffset", 50), "endOffset"),
        sort_field=field,
        descending=direction.upper() == "DESC",
        scan=scan,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        root = json.loads(body)
    except ValueError:
        raise invalid("The request is not JSON.") from None
    if not isinstance(root, dict):
        raise invalid("The request is not an object.")
    return root


def _clause(given: Any) -> Clause:
    if not isinstance(given, dict) or "filterName" not in given:
        raise invalid("A filter must have a filterName, an operator and a value.")
    operator = str(given.get("operator", "="))
    return Clause(name=str(given["filterName"]), operator=operator, value=given.get("value"))


def _sorting(root: dict[str, Any], query: dict[str, Any]) -> tuple[str, str]:
    field = root.get("sortField") or query.get("sortColumn") or ""
    return str(field), str(root.get("sortDir") or query.get("sortDirection") or "ASC")


def _source(root: dict[str, Any], query: dict[str, Any]) -> tuple[Source, int | None]:
    """The source, and the scan result if there is one.

    A scan result named at the root alone is ignored and the open findings are shown, as since 6.0.
    """
    name = root.get("sourceType") or query.get("sourceType") or Source.CUMULATIVE.value
    if name != INDIVIDUAL:
        try:
            return Source(name), None
        except ValueError:
            raise invalid(f"The source type '{name}' is invalid.") from None
    if (root | query).get("view") not in VIEWS:
        raise Refusal("Please specify a view for the individual data source.\n", code=142)
    if "scanID" not in query or "view" not in query:
        return Source.CUMULATIVE, None
    return Source.CUMULATIVE, _offset(query["scanID"], "scanID")


def _offset(value: Any, name: str) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise invalid(f"'{name}' must be a number.") from None
    if number < 0:
        raise invalid(f"'{name}' must not be negative.")
    return number


def answer(query: Query, center: Center) -> Reply:
    """Answer a query.

    Raises:
        Refusal: the user may not ask, or a filter is refused.
    """
    if center.faults.find(Administrator):
        raise Refusal(
            "Administrators belong to no organization and may not analyze data.\n", code=143
        )
    scope = _scope(query, center)
    if center.row_cost:
        center.pause(_rows_scanned(query, scope) * center.row_cost)
    chosen = select(scope, _with_scan(query, scope))
    visible = scope.memberships.visible()
    if center.faults.find(NoRepository):
        chosen &= False
    elif not visible.all():
        chosen &= visible[scope.findings.host]
    tally = Tally(scope=scope, places=np.flatnonzero(chosen))
    result = TOOLS[query.tool](tally) if query.tool in TOOLS else Table(results=[], elements="0")
    match result:
        case Bare(response=response):
            return success(response, center.now)
        case Table():
            return success(_paged(result, query), center.now)
        case Rows():
            return streamed(_written(result, query, center), center.now)


def _scope(query: Query, center: Center) -> Scope:
    view: View = center.estate.view
    unprepared = {one.id for one in view.lists if not one.prepared}
    if fault := center.faults.find(UnpreparedLists):
        unprepared |= fault.ids or {one.id for one in view.lists}
    return Scope(
        view=view,
        memberships=center.memberships(view),
        findings=view.findings(query.source),
        now=center.now,
        epochs=center.faults.find(NoEpoch) is None,
        unprepared=frozenset(unprepared),
    )


def _rows_scanned(query: Query, scope: Scope) -> int:
    """Rows in the repositories that the query names, or in all: what every page costs again."""
    named = [c for c in query.clauses if c.name in {"repository", "repositoryIDs"}]
    return int(select(scope, named).sum()) if named else len(scope.findings)


def _with_scan(query: Query, scope: Scope) -> tuple[Clause, ...]:
    """A scan result is emulated as one repository with the same number."""
    if query.scan is None:
        return query.clauses
    if query.scan not in {repository.id for repository in scope.view.repositories}:
        text = f"Unable to process Vuln Query.\nScan Result #{query.scan} has no queryable data.\n"
        raise Refusal(text, code=143)
    return (*query.clauses, Clause(name="repositoryIDs", operator="=", value=str(query.scan)))


def _paged(table: Table, query: Query) -> dict[str, Any]:
    results = arrange(table.results, query.sort_field, descending=query.descending)
    page = results[query.start : query.end]
    return {
        "totalRecords": str(len(results)),
        "returnedRecords": len(page),
        "startOffset": str(query.start),
        "endOffset": str(query.end),
        "matchingDataElementCount": table.elements,
        "results": page,
    }


def _written(rows: Rows, query: Query, center: Center) -> Iterator[bytes]:
    """A page of rows: what stands before them, and then each as it is written."""
    page = center.faults.page(_page(rows.tally, query))
    write = listed if rows.listed else details
    head: dict[str, Any] = {} if page.total is None else {"totalRecords": str(page.total)}
    head |= {
        "returnedRecords": page.returned,
        "startOffset": str(page.start),
        "endOffset": str(page.end),
        "matchingDataElementCount": "-1",
    }
    return _listing(head, write(rows.tally.scope.view.stock, page.findings, page.places))


def _listing(head: dict[str, Any], rows: Iterator[bytes]) -> Iterator[bytes]:
    yield dump(head)[:-1] + b',"results":['
    for number, row in enumerate(rows):
        yield b"," + row if number else row
    yield b"]}"


def _page(tally: Tally, query: Query) -> Page:
    scope = tally.scope
    matching = tally.places
    if query.sort_field:
        matching = arrange_rows(scope, matching, query.sort_field, descending=query.descending)
    places = matching[query.start : query.end]
    return Page(
        source=query.source,
        findings=scope.findings,
        places=places,
        matching=matching,
        start=query.start,
        end=query.end,
        total=len(matching),
        returned=len(places),
    )

"""`/api/v1/runs`, `connections`, `audit`, `me`: how the data came here, and who asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse  # noqa: TC002 - read by ninja

from plumbline.domain.person import Right
from plumbline.errors import NotFoundError
from plumbline.ledger import audit, connections, evidence, health, runs, shape
from plumbline.web.api.frame import answer, get, query, within
from plumbline.web.api.shapes import REFUSALS, One, Some
from plumbline.web.blocks import standing
from plumbline.web.installation import own
from plumbline.web.visitor import visitor

if TYPE_CHECKING:
    from plumbline.ledger.health import Health
    from plumbline.ledger.records import Run

_MOST = 1_000
_NUMBER = within(ge=1, le=2**62, description="number of the run")


@get("/me", "me", Right.SEE, response={200: One, **REFUSALS})
def me(request: HttpRequest) -> HttpResponse:
    """Who asks, what they may do and see."""
    found = visitor(request)
    told = {
        "name": found.name,
        "token": found.token or None,
        "rights": sorted(found.rights),
        "sees": [purview.texts for purview in found.purviews] or None,
    }
    return answer("me", told)


@get("/connections", "connections", Right.SEE, response={200: Some, **REFUSALS})
def listing(request: HttpRequest) -> HttpResponse:
    """The connections that are seen as a whole: how each is, without its keys."""
    found = visitor(request)
    names = [e.connection.name for e in connections.list_all() if found.holds(e.connection.name)]
    patience = timedelta(hours=own().stale_after_hours)
    healths = health.examine(datetime.now(UTC), patience, names) if names else ()
    with_keys = found.may(Right.KEYS_SEE)
    return answer("connections", [_connection(one, with_keys=with_keys) for one in healths])


@get("/runs", "runs-list", Right.SEE, response={200: Some, **REFUSALS})
def history(
    request: HttpRequest,
    connection: str = query("", description="only this one's"),
    limit: int = query(100, ge=1, le=_MOST, description="at most so many"),
) -> HttpResponse:
    """The runs of connections that are seen as a whole, the newest first."""
    found = visitor(request)
    names = {e.connection.name for e in connections.list_all()}
    if connection and (connection not in names or not found.holds(connection)):
        raise NotFoundError(f"There is no connection {connection!r}.")
    listed = runs.listing(connection or None, None if found.purviews else limit)
    mine = [run for run in listed if found.holds(run.connection)][:limit]
    return answer("runs", [_run(run) for run in mine])


@get("/runs/{number}", "run", Right.SEE, response={200: One, **REFUSALS})
def one(request: HttpRequest, number: int = _NUMBER) -> HttpResponse:
    """A run with its proof."""
    run = _held(request, number)
    proofs = [row.as_row() for row in evidence.proofs(number)]
    return answer("run", {**_run(run), "proof": proofs})


@get("/runs/{number}/progress", "run-progress", Right.SEE, response={200: One, **REFUSALS})
def progress(request: HttpRequest, number: int = _NUMBER) -> HttpResponse:
    """Where a run stands: rows read of those expected, rate, time left, the console's counts."""
    run = _held(request, number)
    now = standing.of_run(number)
    told = {
        "run": number,
        "connection": run.connection,
        "state": run.state,
        "over": now.over,
        "stage": now.told.get("stage"),
        "rows": now.rows,
        "expected": now.expected or None,
        "share": now.share,
        "rows_per_second": now.rate,
        "seconds_left": None if now.over else now.left,
        "console": dict(now.counts),
        "published": dict(now.published),
    }
    return answer("run-progress", told)


@get("/audit", "audit-entries", Right.AUDIT, response={200: Some, **REFUSALS})
def acts(  # noqa: PLR0913, PLR0917 - one parameter each, as the address shows them
    request: HttpRequest,
    limit: int = query(100, ge=1, le=_MOST, description="at most so many"),
    before: int | None = query(None, ge=1, le=2**62, description="only entries before this id"),
    who: str = query("", max_length=200, description="a part of the name"),
    action: str = query("", max_length=64, description="a part of what was done"),
    subject: str = query("", max_length=200, description="a part of what it was done to"),
    since: str = query("", max_length=40, description="from this time on (ISO 8601)"),
    until: str = query("", max_length=40, description="before this time; a day as a whole"),
) -> HttpResponse:
    """Who did what, the newest first."""
    del request
    wanted = audit.sought(who=who, action=action, subject=subject, since=since, until=until)
    told = [
        {
            "id": act.id,
            "at": act.at,
            "who": act.who,
            "action": act.action,
            "subject": act.subject,
            "detail": act.detail,
        }
        for act in audit.listing(limit, before=before, sought=wanted)
    ]
    return answer("audit", told)


def _held(request: HttpRequest, number: int) -> Run:
    """A run of a connection that is seen as a whole.

    Raises:
        UsageError: there is none that the visitor may see.
    """
    try:
        run = runs.get(number)
    except NotFoundError:
        run = None
    if run is None or not visitor(request).holds(run.connection):
        raise NotFoundError(f"There is no run {number}.", advice="GET /api/v1/runs")
    return run


def _connection(one: Health, *, with_keys: bool) -> dict[str, Any]:
    entry = connections.entry(one.connection)
    keys = {"has_keys": entry.has_keys} if with_keys else {}
    return {
        "name": one.connection,
        "kind": one.kind,
        "url": entry.connection.address.url,
        "state": one.state,
        "reasons": [
            {"cause": reason.cause, "what": reason.what, "remedy": reason.remedy}
            for reason in one.reasons
        ],
        "as_of": one.as_of,
        "stale": one.is_stale,
        "last_run": one.last_try.number if one.last_try else None,
        "running": one.running.number if one.running else None,
        "next_at": one.next_at,
        "proof": {"agreeing": one.proof.agreeing, "totals": one.proof.totals},
        "reads": shape.reads(entry.connection),
        **keys,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.number,
        "connection": run.connection,
        "mode": run.mode,
        "state": run.state,
        "started": run.started,
        "ended": run.ended,
        "counts": dict(run.counts),
        "requests": run.requests,
        "bytes": run.received,
        "seconds": round(run.seconds, 3),
        "rows": run.rows,
        "by": run.by,
        "error": run.error,
        "advice": run.advice,
    }

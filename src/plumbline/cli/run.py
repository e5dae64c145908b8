"""`plumbline run show`: one run, its proof, its slices and its requests."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session, shown
from plumbline.cli.root import group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.domain.proof import Proof
    from plumbline.domain.request import RequestRecord
    from plumbline.ledger.records import Oddity, Run, Slice, Traffic

app = group("Show one run with its proof.")


@app.command()
def show(
    number: Annotated[int, typer.Argument(min=1, metavar="N", help="Number of the run.")],
    *,
    requests: Annotated[bool, typer.Option("--requests", help="List every request too.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Show a run.

    How it stands, what proves it, how each slice was read, what was odd, what was asked.
    """
    session.ledger()
    from plumbline.ledger import requests as log  # noqa: PLC0415 - Django, only when called
    from plumbline.ledger import runs  # noqa: PLC0415 - the same

    run = runs.get(number)
    records = list(log.listing(number)) if requests else None
    if as_json:
        output.emit("run", _data(run, records))
    else:
        _print(run, records)


def _data(run: "Run", records: "list[RequestRecord] | None") -> dict[str, Any]:
    from plumbline.ledger import evidence  # noqa: PLC0415 - Django, only when called
    from plumbline.ledger import requests as log  # noqa: PLC0415 - the same

    data = shown.run(run) | {
        "proof": [one.as_row() for one in evidence.proofs(run.number)],
        "slices": evidence.slices(run.number),
        "oddities": evidence.oddities(run.number),
        "traffic": log.traffic(run.number),
    }
    return data if records is None else data | {"request_list": records}


def _print(run: "Run", records: "list[RequestRecord] | None") -> None:
    from plumbline.ledger import evidence  # noqa: PLC0415 - Django, only when called
    from plumbline.ledger import requests as log  # noqa: PLC0415 - the same

    output.lines(_summary(run, log.traffic(run.number)))
    _section("Proof", _PROOF, map(_proof, evidence.proofs(run.number)))
    _section("Slices", _SLICES, map(_slice, evidence.slices(run.number)))
    _section("Oddities", _ODDITIES, map(_oddity, evidence.oddities(run.number)))
    _section("Requests", _REQUESTS, map(_request, records or ()))


def _summary(run: "Run", traffic: "Traffic") -> "list[tuple[str, object]]":
    told = (("error", run.error), ("try", run.advice))
    return [
        ("run", str(run.number)),
        ("connection", run.connection),
        ("mode", run.mode),
        ("state", run.state),
        ("started", run.started),
        ("ended", run.ended),
        ("seconds", run.seconds),
        ("requests", f"{traffic.requests:,} ({traffic.failed:,} failed)"),
        ("received", f"{traffic.received:,} bytes in {traffic.seconds:,.1f} s"),
        *run.counts.items(),
        *((name, text) for name, text in told if text),
    ]


_PROOF = (
    *("repository", "source", "severity"),
    *("ours", "repeated", "console", "published", "agrees"),
)
_SLICES = ("slice", "state", "expected", "distinct", "passes", "note")
_ODDITIES = ("kind", "count", "example")
_REQUESTS = ("at", "method", "path", "query", "status", "bytes", "seconds", "try", "outcome")


def _proof(one: "Proof") -> tuple[object, ...]:
    row = one.as_row() | {"repository_id": str(one.repository_id)}
    return tuple(row.values())


def _slice(one: "Slice") -> tuple[object, ...]:
    return one.name, one.state, one.expected, one.distinct, one.passes, one.note


def _oddity(one: "Oddity") -> tuple[object, ...]:
    return one.kind, one.count, one.example[:200]


def _request(one: "RequestRecord") -> tuple[object, ...]:
    return (
        one.at,
        one.method,
        one.path,
        one.summary,
        str(one.status),
        one.received,
        one.seconds,
        one.attempt,
        one.outcome,
    )


def _section(title: str, headings: tuple[str, ...], rows: "Iterable[tuple[object, ...]]") -> None:
    listed = list(rows)
    if listed:
        output.put()
        output.table(headings, listed, title)

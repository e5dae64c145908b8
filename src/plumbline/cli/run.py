"""`plumbline run show`: one run, its proof, its slices and its requests."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session, shown
from plumbline.cli.root import group

if TYPE_CHECKING:
    from plumbline.ledger.records import Run
    from plumbline.terms.request import RequestRecord

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
        "proof": shown.proof(evidence.proofs(run.number)),
        "slices": evidence.slices(run.number),
        "oddities": evidence.oddities(run.number),
        "traffic": log.traffic(run.number),
    }
    return data if records is None else data | {"request_list": records}


def _print(run: "Run", records: "list[RequestRecord] | None") -> None:
    from plumbline.ledger import evidence  # noqa: PLC0415 - Django, only when called
    from plumbline.ledger import requests as log  # noqa: PLC0415 - the same

    traffic = log.traffic(run.number)
    output.lines(
        [
            ("run", str(run.number)),
            ("connection", run.connection),
            ("mode", run.mode),
            ("state", run.state),
            ("started", run.started),
            ("ended", run.ended),
            ("seconds", run.seconds),
            ("requests", f"{traffic.requests:,} ({traffic.failed:,} failed)"),
            ("received", f"{traffic.received:,} bytes in {traffic.seconds:,.1f} s"),
            *((name, count) for name, count in run.counts.items()),
            *((name, text) for name, text in (("error", run.error), ("try", run.advice)) if text),
        ]
    )
    _section(
        "Proof",
        ("repository", "source", "severity", "ours", "console", "agrees"),
        [
            (str(p.repository_id), p.source, p.severity.word, p.ours, p.console, p.agrees)
            for p in evidence.proofs(run.number)
        ],
    )
    _section(
        "Slices",
        ("slice", "state", "expected", "distinct", "passes", "note"),
        [
            (s.name, s.state, s.expected, s.distinct, s.passes, s.note)
            for s in evidence.slices(run.number)
        ],
    )
    _section(
        "Oddities",
        ("kind", "count", "example"),
        [(o.kind, o.count, o.example[:80]) for o in evidence.oddities(run.number)],
    )
    _section(
        "Requests",
        ("at", "method", "path", "query", "status", "bytes", "seconds", "try", "outcome"),
        [
            (
                r.at,
                r.method,
                r.path,
                r.summary,
                str(r.status),
                r.received,
                r.seconds,
                r.attempt,
                r.outcome,
            )
            for r in records or ()
        ],
    )


def _section(title: str, headings: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    if rows:
        output.put()
        output.table(headings, rows, title)

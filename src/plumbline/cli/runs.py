"""`plumbline runs`: the history."""

from typing import Annotated

import typer

from plumbline.cli import output, session, shown

_COUNTS = ("open", "new", "fixed", "reopened", "vanished", "hosts")


def runs(
    *,
    connection: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the runs of this connection.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: output.AsJson = False,
) -> None:
    """List the runs, newest first."""
    session.ledger()
    from plumbline.ledger import runs as history  # noqa: PLC0415 - Django, only when called

    found = history.listing(connection, limit)
    if as_json:
        output.emit("runs", [shown.run(run) for run in found])
        return
    if not found:
        output.say("There has been no run yet. Start one with `plumbline sync`.")
        return
    headings = ("run", "connection", "mode", "state", "started", "seconds", *_COUNTS)
    output.table(
        headings,
        (
            (
                run.number,
                run.connection,
                run.mode,
                run.state,
                run.started,
                run.seconds,
                *(run.counts.get(name) for name in _COUNTS),
            )
            for run in found
        ),
    )

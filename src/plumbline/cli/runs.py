"""`plumbline runs`: the history, and what changed between two runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.cli import explore, output, session, sheets, shown
from plumbline.cli.explore import All, Columns, File, Limit, Sort
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.ledger.records import Snapshot
    from plumbline.posture.engine import Estate
    from plumbline.report.interface import Sheet

_COUNTS = ("open", "new", "fixed", "reopened", "vanished", "hosts")

app = typer.Typer(help="List the runs, newest first.", rich_markup_mode=None, add_completion=False)


@app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    *,
    connection: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the runs of this connection.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: output.AsJson = False,
) -> None:
    """List the runs, newest first."""
    if context.invoked_subcommand is not None:
        return
    session.ledger()
    from plumbline.ledger import runs as history

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


_Moment = Annotated[str, typer.Argument(metavar="RUN|DATE", help="A run, a day or a time in UTC.")]
_Query = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="QUERY",
        help="With --list: terms such as change:fixed severity:critical; --fields lists "
        "the fields.",
        show_default=False,
    ),
]


@app.command()
def diff(  # noqa: PLR0913 - one option each, as the command line shows them
    earlier: _Moment,
    later: _Moment,
    query: _Query = None,
    *,
    connection: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Connection, when two dates leave it open."),
    ] = None,
    by_repository: Annotated[
        bool, typer.Option("--by-repository", help="Count in each repository.")
    ] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="List the findings instead of counting them.")
    ] = False,
    columns: Columns = None,
    sort: Sort = None,
    limit: Limit = explore.ROWS_SHOWN,
    everything: All = False,
    form: sheets.Form = None,
    file: File = None,
    fields: explore.Fields = False,
    as_json: output.AsJson = False,
) -> None:
    """Tell what changed between two runs of a connection, or two moments.

    The net of it: a finding that was fixed and came back in between is not told as changed.
    """
    from plumbline.posture.changes import CHANGES

    chosen = sheets.chosen(form, as_json=as_json, file=file)
    if fields:
        sheets.put(explore.field_sheet(CHANGES), chosen, file)
        return
    if not listing and (query or columns or sort):
        raise UsageError("A query, columns and order are for the list.", advice="add --list.")
    first, last = _pair(earlier, later, connection)
    estate = _estate(first, last)
    if listing:
        asked = explore.asked(CHANGES, query, columns, sort, None if everything else limit, chosen)
        sheet = explore.sheet(estate, (), CHANGES, asked)
    else:
        sheet = _counted(estate, first, last, by_repository=by_repository)
    sheets.put(sheet, chosen, file)


def _pair(earlier: str, later: str, connection: str | None) -> "tuple[Snapshot, Snapshot]":
    """The two snapshots that are compared."""
    session.ledger()
    name = connection or _connection(earlier, later)
    first, last = _seen(earlier, name), _seen(later, name)
    if first.run > last.run:
        raise UsageError(
            f"{earlier} comes after {later}.",
            advice=f"the earlier first: `plumbline runs diff {later} {earlier}`.",
        )
    return first, last


def _connection(*moments: str) -> str:
    """The connection that runs belong to, or the only one there is."""
    # ruff: noqa: PLC0415 - Django and the engine, only when called
    from plumbline.ledger import runs as history
    from plumbline.ledger import snapshots

    numbers = [found for found in map(session.moment, moments) if isinstance(found, int)]
    names = {number: history.get(number).connection for number in numbers}
    if not names:
        names = dict(enumerate(shown.connection for shown in snapshots.latest_all()))
    if len(set(names.values())) == 1:
        return next(iter(names.values()))
    if not names:
        raise UsageError("Nothing has been published yet.", advice="`plumbline sync`")
    told = " and ".join(f"run {number} is of {name}" for number, name in names.items())
    raise UsageError(
        f"Two snapshots of one connection are compared: {told}."
        if numbers
        else f"Which connection is meant is open: {', '.join(names.values())}.",
        advice="two runs of one connection, or --connection NAME.",
    )


def _seen(moment: str, connection: str) -> "Snapshot":
    """What readers saw of a connection."""
    from plumbline.ledger import connections, snapshots

    connections.entry(connection)
    found = snapshots.as_of(session.moment(moment), connection)
    if not found:
        raise UsageError(
            f"Nothing of {connection} had been published as of {moment}.",
            advice="see `plumbline runs`.",
        )
    return found[0]


def _estate(first: "Snapshot", last: "Snapshot") -> "Estate":
    """The later snapshot, with the findings of the earlier one beside its own."""
    from plumbline.posture.changes import EARLIER
    from plumbline.tables import FINDINGS

    return session.estate(
        session.settings(), [last], {EARLIER: (FINDINGS, first.tables[FINDINGS.name].files)}
    )


def _counted(
    estate: "Estate", first: "Snapshot", last: "Snapshot", *, by_repository: bool
) -> "Sheet":
    """Counts of what changed."""
    from plumbline.posture import changes
    from plumbline.report.interface import Sheet

    if by_repository:
        answer, columns = changes.by_repository(estate), changes.BY_REPOSITORY
    else:
        answer, columns = changes.totals(estate, first.run, last.run), changes.TOTALS
    return Sheet(
        name="runs-diff",
        columns=columns,
        schema=answer.schema,
        batches=answer.stream(),
    )

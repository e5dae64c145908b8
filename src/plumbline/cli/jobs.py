"""`plumbline jobs`: runs that workers do, queued, waiting, at work and over."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session
from plumbline.domain.job import JobState
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.ledger.records import Job

app = typer.Typer(
    help="List the jobs of workers, start, cancel and retry them.",
    rich_markup_mode=None,
    add_completion=False,
    invoke_without_command=True,
)

_NO_WORKER = "No worker is running, so nothing begins: start `plumbline worker`."


@app.callback()
def jobs(
    context: typer.Context,
    *,
    connection: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the jobs of this connection.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: output.AsJson = False,
) -> None:
    """List the jobs of workers, newest first; start, cancel and retry them."""
    if context.invoked_subcommand is not None:
        return
    session.ledger()
    from plumbline.ledger import jobs as ledger  # noqa: PLC0415 - Django, only when called

    found = ledger.listing(connection, limit)
    if as_json:
        output.emit("jobs", [_data(job) for job in found])
        return
    if not found:
        output.say("There has been no job yet: plumbline jobs start NAME, or a schedule.")
        return
    headings = ("job", "connection", "state", "asked", "began", "ended", "run", "tries", "words")
    output.table(headings, map(_row, found))


@app.command()
def start(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Connections; all without.")
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read everything anew.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Ask workers to read consoles; the command does not wait for them."""
    session.ledger()
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called
    from plumbline.ledger import jobs as ledger  # noqa: PLC0415 - the same

    wanted = list(dict.fromkeys(names or ledger.names()))
    if not wanted:
        raise UsageError(
            "There is no connection to read.", advice="`plumbline connection add NAME --url URL`"
        )
    for name in wanted:
        connections.entry(name)
    found = [ledger.start(name, by=_me(), full=full) for name in wanted]
    if as_json:
        output.emit("jobs-start", [_data(job) for job, _ in found], _warnings())
        return
    for job, fresh in found:
        how = "is queued" if fresh else f"was there already, and is {job.state}"
        output.put(f"{job.connection}: job {job.id} {how}")
    for warning in _warnings():
        output.warn(warning)


@app.command()
def cancel(
    what: Annotated[
        str, typer.Argument(metavar="ID|NAME", help="Number of a job, or a connection.")
    ],
    *,
    as_json: output.AsJson = False,
) -> None:
    """End a job, or whatever run of a connection is under way.

    A run stops at its next page; what it has read is kept for the next.
    """
    session.ledger()
    from plumbline.ledger import connections, runs  # noqa: PLC0415 - Django, only when called
    from plumbline.ledger import jobs as ledger  # noqa: PLC0415 - the same

    if what.isascii() and what.isdigit() and not connections.exists(what):
        _tell(ledger.cancel(ledger.get(int(what)), _me()), as_json=as_json)
        return
    connections.entry(what)
    job = ledger.find(what)
    if job is not None:
        _tell(ledger.cancel(job, _me()), as_json=as_json)
        return
    run = runs.cancel(what, _me())
    if run is None:
        raise UsageError(f"Nothing of {what} is queued or under way.", advice="`plumbline jobs`.")
    if as_json:
        output.emit("jobs-cancel", {"connection": what, "run": run.number})
    else:
        output.say(f"Run {run.number} of {what} stops at its next page.")


@app.command()
def retry(
    number: Annotated[int, typer.Argument(metavar="ID", help="Number of a job.")],
    *,
    as_json: output.AsJson = False,
) -> None:
    """Try a job again now, whether it has ended without a result or waits."""
    session.ledger()
    from plumbline.ledger import jobs as ledger  # noqa: PLC0415 - Django, only when called

    _tell(ledger.retry(number), as_json=as_json)


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return f"uid {os.getuid()}"


def _warnings() -> list[str]:
    from plumbline.ledger import workers  # noqa: PLC0415 - Django, only when called

    return [] if workers.living() else [_NO_WORKER]


def _tell(job: Job, *, as_json: bool) -> None:
    if as_json:
        output.emit("job", _data(job))
        return
    stopping = job.state is JobState.RUNNING and job.stopped_by
    how = "stops at its next page" if stopping else f"is {job.state}"
    output.say(f"Job {job.id} of {job.connection} {how}.")


def _row(job: Job) -> tuple[object, ...]:
    times = (job.asked, job.began, job.ended)
    run = None if job.run is None else str(job.run)
    return (str(job.id), job.connection, job.state, *times, run, job.attempts, _words(job))


def _words(job: Job) -> str:
    """Why it waits and until when, or how it ended."""
    if job.state is JobState.WAITING:
        return f"next try at {output.moment(job.due)}: {job.note}"
    return job.note or job.error


def _data(job: Job) -> dict[str, Any]:
    return {
        "job": job.id,
        "connection": job.connection,
        "state": job.state,
        "full": job.full,
        "by": job.by,
        "asked": job.asked,
        "due": job.due,
        "began": job.began,
        "ended": job.ended,
        "run": job.run,
        "attempts": job.attempts,
        "note": job.note,
        "error": job.error,
        "advice": job.advice,
    }

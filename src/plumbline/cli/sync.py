"""`plumbline sync`: one run for each connection."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import oddities, output, session, shown
from plumbline.domain.connection import ConnectionKind
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from plumbline.domain.connection import Connection
    from plumbline.sync.progress import Progress
    from plumbline.sync.run import Report


def sync(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Connections; all without.")
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read everything anew.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Read consoles and publish what is proven."""
    settings = session.ledger()
    from plumbline.sync.run import Synchroniser  # noqa: PLC0415 - the engine, only when called

    wanted = _wanted(names or [])
    # Everything imported stays; looking through it again and again took 6 % of a run.
    gc.freeze()
    reports: list[Report] = []
    with watched() as progress:
        synchroniser = Synchroniser(settings=settings, progress=progress)
        for name in wanted:
            reports.append(synchroniser.run(name, full=full))
            if not as_json:
                tell(reports[-1])
    if as_json:
        warnings = [text for report in reports for text in report.warnings]
        output.emit("sync", [_as_data(report) for report in reports], warnings)
    end(reports, again=as_json)


def _wanted(names: Sequence[str]) -> list[str]:
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    if names:
        for name in names:
            connections.check_read(name)
            _refuse_files(connections.entry(name).connection)
        return list(dict.fromkeys(names))
    found = [
        entry.connection.name
        for entry in connections.list_all()
        if not entry.paused
        and entry.retired is None
        and entry.connection.kind is ConnectionKind.CONSOLE
    ]
    if not found:
        raise UsageError(
            "There is no connection to read.", advice="`plumbline connection add NAME --url URL`"
        )
    return found


def _refuse_files(connection: Connection) -> None:
    if connection.kind is ConnectionKind.FILE:
        raise UsageError(
            f"{connection.name} takes files; there is no console to read.",
            advice=f"`plumbline import FILE... --connection {connection.name}`",
        )


def _as_data(report: Report) -> dict[str, Any]:
    from plumbline.ledger import evidence  # noqa: PLC0415 - Django, only when called

    return shown.run(report.run) | {
        "oddities": evidence.oddities(report.run.number),
        "proof": [one.as_row() for one in report.proofs],
        "warnings": report.warnings,
    }


def tell(report: Report) -> None:
    """One run in a few lines for people."""
    run, counts = report.run, report.run.counts
    for text in report.warnings:
        output.warn(text)
    if report.error is not None:
        output.put(f"{run.connection}: run {run.number} {run.state}")
        oddities.tell(run.number)
        output.fail(report.error)
        return
    agreed = sum(proof.agrees for proof in report.proofs)
    output.put(
        f"{run.connection}: run {run.number} {run.state}, {run.mode}, {agreed:,} of "
        f"{len(report.proofs):,} totals agree with the console; {run.requests:,} requests, "
        f"{run.seconds:.1f} s"
    )
    words = ("open", "new", "fixed", "reopened", "vanished", "hosts", "plugins", "lists")
    output.put("  " + " · ".join(f"{counts.get(word, 0):,} {word}" for word in words))
    oddities.tell(run.number)


def end(reports: Sequence[Report], *, again: bool) -> None:
    """End with the exit code of the first run that went wrong, telling what did if it was not."""
    errors = [report.error for report in reports if report.error is not None]
    if again:
        for error in errors:
            output.fail(error)
    if errors:
        raise typer.Exit(errors[0].exit_code)


@contextmanager
def watched() -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        from plumbline.sync.progress import Silent  # noqa: PLC0415 - beside the run

        yield Silent()
        return
    from rich import progress as rich  # noqa: PLC0415 - only on a terminal
    from rich.console import Console  # noqa: PLC0415 - only on a terminal

    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn())
    console = Console(stderr=True)
    with rich.Progress(*columns, rich.TimeElapsedColumn(), console=console, transient=True) as bar:
        yield _Watching(bar)


class _Watching:
    """Shows a run as a bar."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def stage(self, words: str) -> None:
        self._bar.update(self._task, description=output.clean(words))

    def announce(self, counts: Mapping[str, int]) -> None:
        """The bar shows rows alone."""

    def expect(self, rows: int) -> None:
        self._bar.update(self._task, total=rows, completed=0)

    def read(self, rows: int) -> None:
        self._bar.advance(self._task, rows)

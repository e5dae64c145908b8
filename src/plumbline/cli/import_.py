"""`plumbline import`: scan results and exports as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import oddities, output, session, shown

if TYPE_CHECKING:
    from plumbline.sync.imports import Imported
    from plumbline.sync.intake import ReadFile

_TOLD = 20
"""Rejected rows that a person is told one by one."""


Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="Files: .nessus (v2) or a CSV of Security Center's vulnerability list, plain or "
        "packed with gzip; - is standard input.",
    ),
]
Name = Annotated[
    str, typer.Option(metavar="NAME", help="Where they go; made when there is none of that name.")
]
Repository = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Repository that every result goes to. Without it: the one a CSV row names, else "
        "one called like the connection.",
    ),
]
Complete = Annotated[
    bool,
    typer.Option(
        "--complete", help="The files together are everything: what they do not tell has vanished."
    ),
]
AcceptTruncated = Annotated[
    bool,
    typer.Option("--accept-truncated", help="Publish what a damaged file tells before its damage."),
]


def import_(
    files: Files,
    *,
    connection: Name = "files",
    repository: Repository = None,
    complete: Complete = False,
    accept_truncated: AcceptTruncated = False,
    as_json: output.AsJson = False,
) -> None:
    """Import scan results and exports.

    All files of one command are published together, or nothing is. Importing a file again changes
    nothing, and an older one never takes back what a newer one told.
    """
    settings = session.ledger()
    from plumbline.cli.sync import watched  # noqa: PLC0415 - beside the run
    from plumbline.sync.imports import Importer  # noqa: PLC0415 - the engine, when called
    from plumbline.sync.order import Order  # noqa: PLC0415 - beside it

    order = Order(
        files=tuple(files),
        connection=connection,
        repository=(repository or "").strip(),
        complete=complete,
        accept_truncated=accept_truncated,
    )
    with watched() as progress:
        report = Importer(settings=settings, progress=progress).run(order)
    if as_json:
        output.emit("import", _as_data(report), report.warnings)
    else:
        _tell(report)
    if report.error is not None:
        output.fail(report.error)
        raise typer.Exit(report.error.exit_code)


def _as_data(report: Imported) -> dict[str, Any]:
    from plumbline.ledger import evidence  # noqa: PLC0415 - Django, only when called

    return shown.run(report.run) | {
        "files": [_file(one) for one in report.files],
        "proof": [one.as_row() for one in report.proofs],
        "oddities": evidence.oddities(report.run.number),
    }


def _file(one: ReadFile) -> dict[str, Any]:
    tally = one.tally
    return {
        "file": one.path,
        "rows": tally.met,
        "findings": one.findings,
        "left_out": dict(tally.left_out),
        "rejected": tally.rejected,
        "rejected_rows": [{"place": row.place, "reason": row.reason} for row in tally.listed],
        "odd": dict(tally.odd),
        "newest": tally.newest or None,
        "broken": tally.broken,
    }


def _tell(report: Imported) -> None:
    """One import in a few lines for people."""
    run, counts = report.run, report.run.counts
    for text in report.warnings:
        output.warn(text)
    told = 0
    for one in report.files:
        for row in one.tally.listed[: max(0, _TOLD - told)]:
            output.say(f"  {output.clean(f'{one.tally.name}, {row.place}: {row.reason}')}")
            told += 1
    rejected = sum(one.tally.rejected for one in report.files)
    if rejected > told:
        output.say(f"  … and {rejected - told:,} more: plumbline run show {run.number} --json")
    rows, findings = (
        sum(one.tally.met for one in report.files),
        sum(one.findings for one in report.files),
    )
    output.put(
        f"{run.connection}: run {run.number} {run.state}, {run.mode}; {_files(report)}, "
        f"{rows:,} results, {findings:,} findings, {rejected:,} rejected; {run.seconds:.1f} s"
    )
    if counts:
        words = ("open", "new", "fixed", "reopened", "vanished", "hosts", "plugins")
        output.put("  " + " · ".join(f"{counts.get(word, 0):,} {word}" for word in words))
    oddities.tell(run.number)


def _files(report: Imported) -> str:
    count = len(report.files)
    return "1 file" if count == 1 else f"{count:,} files"

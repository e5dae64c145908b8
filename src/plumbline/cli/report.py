"""`plumbline report`: reports as PDF for people, as JSON for programs."""

# ruff: noqa: PLC0415 - the posture takes a second to import, not for --help
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.cli import output, session, sheets
from plumbline.cli.explore import AsOf, File, Query
from plumbline.cli.terms import app_of
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.report.interface import Sheet
    from plumbline.report.reports import Asked


class Paper(StrEnum):
    """How a report is written."""

    PDF = "pdf"
    JSON = "json"


def report(  # noqa: PLR0913 - one option each, as the command line shows them
    name: Annotated[
        str | None, typer.Argument(help="Name of the report; --list shows them.")
    ] = None,
    query: Query = None,
    *,
    listing: Annotated[bool, typer.Option("--list", help="List the reports.")] = False,
    title: Annotated[str, typer.Option("--title", help="Stands at its head.")] = "",
    as_of: AsOf = None,
    form: Annotated[
        Paper | None,
        typer.Option("--format", help="How it is written; pdf without.", show_default=False),
    ] = None,
    file: File = None,
    as_json: output.AsJson = False,
) -> None:
    """Make a report from what was published."""
    if listing:
        sheets.put(report_sheet(), sheets.chosen(None, as_json=as_json), file)
        return
    if name is None:
        raise UsageError("No report was named.", advice="`plumbline report --list` shows them.")
    from plumbline.report import reports

    reports.named(name)
    chosen = _chosen(form, file, as_json=as_json)
    asked = about(as_of, " ".join(query or ()), title)
    for text in asked.warnings:
        output.warn(text)
    if told := reports.left_out(asked.query):
        output.say(told)
    made = reports.pdf(name, asked) if chosen is Paper.PDF else _json(name, asked)
    sheets.put_bytes(made, file, binary=chosen is Paper.PDF)


def about(as_of: str | None, query: str, title: str) -> "Asked":
    """What a report is asked about: what was published, and the runs before it.

    Raises:
        UsageError: `as_of` means nothing.
        FatalError: nothing had been published by then.
        StorageError: the ledger or the lake cannot be read.
    """
    from plumbline.report.reports import Asked, sight

    estate, warnings = session.open_estate(as_of)
    found = sight.before(estate)
    earlier = session.estate(session.settings(), found) if found else None
    return Asked(estate=estate, earlier=earlier, query=query, title=title, warnings=warnings)


def report_sheet() -> "Sheet":
    """The reports there are."""
    from plumbline.posture.questions.interface import text
    from plumbline.report.reports import REPORTS

    columns = (text("report", "how it is called"), text("tells", "what is in it"))
    rows = ({"report": one.name, "tells": one.doc} for one in REPORTS.values())
    return sheets.of_rows("report", columns, rows)


def _chosen(form: Paper | None, file: Path | None, *, as_json: bool) -> Paper:
    if as_json and form is Paper.PDF:
        raise UsageError("--json and --format pdf contradict each other.", advice="give one.")
    ends_as_json = file is not None and file.suffix.lower() == ".json"
    return form or (Paper.JSON if as_json or ends_as_json else Paper.PDF)


def _json(name: str, asked: "Asked") -> bytes:
    import msgspec

    from plumbline.report import reports

    data = reports.named(name).gather(asked)
    whole = {"schema": f"plumbline/report-{name}/1", "data": data, "warnings": asked.warnings}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


app = app_of("report", report, "Make a report: pages for people, JSON for programs.")

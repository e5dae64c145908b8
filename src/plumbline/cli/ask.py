"""`plumbline ask`: the named questions."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.cli import output, session, sheets
from plumbline.cli.explore import AsOf, File
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from plumbline.report.interface import Sheet


def ask(
    question: Annotated[
        str | None, typer.Argument(help="Name of the question; --list shows them.")
    ] = None,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGUMENT]...", help="What it wants to know.")
    ] = None,
    *,
    listing: Annotated[bool, typer.Option("--list", help="List the questions.")] = False,
    as_of: AsOf = None,
    form: sheets.Form = None,
    file: File = None,
    as_json: output.AsJson = False,
) -> None:
    """Ask one of the named questions."""
    chosen = sheets.chosen(form, as_json=as_json)
    if listing:
        sheets.put(question_sheet(), chosen, file)
        return
    if question is None:
        raise UsageError("No question was named.", advice="`plumbline ask --list` shows them.")
    from plumbline.posture import questions

    questions.named(question).arguments(arguments or ())
    estate, warnings = session.open_estate(as_of)
    sheets.put(sheet(estate, warnings, question, arguments or ()), chosen, file)


def sheet(
    estate: "Estate", warnings: Sequence[str], name: str, arguments: Sequence[str] = ()
) -> "Sheet":
    """The answer to a question.

    Raises:
        UsageError: the question or one of its arguments does not fit.
    """
    # ruff: noqa: PLC0415 - a second to import, not for --help
    from plumbline.posture import questions
    from plumbline.report.interface import Sheet
    from plumbline.report.provenance import about

    answer = questions.ask(estate, name, arguments)
    return Sheet(
        name=f"ask-{name}",
        columns=questions.named(name).columns_of(estate),
        schema=answer.schema,
        batches=answer.stream(),
        warnings=tuple(warnings),
        about=partial(about, estate, " ".join((name, *arguments))),
    )


def question_sheet() -> "Sheet":
    """The questions there are."""
    from plumbline.posture.questions import QUESTIONS
    from plumbline.posture.questions.interface import text

    columns = (text("question", "how it is called"), text("answer", "what it tells"))
    rows = ({"question": q.usage, "answer": q.doc} for q in QUESTIONS.values())
    return sheets.of_rows("ask", columns, rows)

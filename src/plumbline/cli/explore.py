"""`plumbline findings`, `hosts`, `plugins` and `lists`: the explorer on the command line."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from plumbline.cli import output, session
from plumbline.errors import StorageError, UsageError
from plumbline.report.formats import Format, writer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from plumbline.posture.engine import Estate
    from plumbline.posture.relation import Relation
    from plumbline.report.interface import Screen, Sheet

MATCHED = 7
ROWS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for, and how it shall be written."""

    query: str = ""
    columns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    limit: int | None = ROWS_SHOWN
    form: Format = Format.TABLE
    file: Path | None = None
    fail_on: bool = False


Query = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[QUERY]",
        help="Terms such as severity:critical,high state:open age:>30d ip:10.1.0.0/16 -kev:no; "
        "words without a field search.",
        show_default=False,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="A,B", help="Fields to show, in order.", show_default=False),
]
Sort = Annotated[
    str | None,
    typer.Option("--sort", metavar="A,-B", help="Fields to sort by; - is descending."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many rows.")]
All = Annotated[bool, typer.Option("--all", help="Every row.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="RUN|DATE", help="As it was at a run or on a day."),
]
Form = Annotated[Format, typer.Option("--format", help="How the rows are written.")]
File = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write to a file instead."),
]
FailOn = Annotated[
    bool, typer.Option("--fail-on", help=f"Exit with {MATCHED} when there is a row.")
]
Fields = Annotated[bool, typer.Option("--fields", help="List the fields instead.")]

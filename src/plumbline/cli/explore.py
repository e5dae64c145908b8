"""`plumbline findings`, `hosts`, `plugins` and `lists`: the explorer on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session, sheets
from plumbline.cli.terms import app_of
from plumbline.report.formats import Format

if TYPE_CHECKING:
    from plumbline.posture import filters
    from plumbline.posture.engine import Estate
    from plumbline.posture.relation import Relation
    from plumbline.report.interface import Sheet

MATCHED = 7
ROWS_SHOWN = 50
_HELP = "'name:\"two words\"'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for."""

    query: str = ""
    columns: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    limit: int | None = ROWS_SHOWN
    note: str = ""
    """What the query means without having said it."""


def words_of(example: str) -> Any:
    """The argument of a query, with conditions of its own list for an example."""
    return typer.Argument(
        metavar="QUERY",
        help=f"Terms such as {example} {_HELP}; a word without a field is searched for. "
        "--fields lists the fields.",
        show_default=False,
    )


Query = Annotated[
    list[str] | None,
    words_of("severity:critical,high age:>30d ip:10.1.0.0/16 -kev:no"),
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="A,B", help="Fields to show, in order.", show_default=False),
]
Sort = Annotated[
    str | None,
    typer.Option("--sort", metavar="A,-B", help="Fields to sort by, - before descending ones."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many rows.")]
All = Annotated[bool, typer.Option("--all", help="Every row, however many there are.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="RUN|DATE", help="As it was at a run or at a time."),
]
File = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write to a file instead."),
]
FailOn = Annotated[bool, typer.Option("--fail-on", help=f"Exit with {MATCHED} if a row matches.")]
Fields = Annotated[bool, typer.Option("--fields", help="List the fields instead of rows.")]


def command(name: str, text: str, example: str) -> typer.Typer:
    """The command that explores one relation."""

    def run(  # noqa: PLR0913 - one option each, as the command line shows them
        query: Annotated[list[str] | None, words_of(example)] = None,
        *,
        columns: Columns = None,
        sort: Sort = None,
        limit: Limit = ROWS_SHOWN,
        everything: All = False,
        as_of: AsOf = None,
        form: sheets.Form = None,
        file: File = None,
        fail_on: FailOn = False,
        fields: Fields = False,
        as_json: output.AsJson = False,
    ) -> None:
        from plumbline.posture.relations import RELATIONS

        relation = RELATIONS[name]
        chosen = sheets.chosen(form, as_json=as_json, file=file)
        if fields:
            sheets.put(field_sheet(relation), chosen, file)
            return
        most = None if everything else limit
        request = asked(relation, query, columns, sort, most, chosen)
        estate, warnings = session.open_estate(as_of)
        matched = sheets.put(sheet(estate, warnings, relation, request), chosen, file)
        if request.note:
            output.say(request.note)
        if fail_on and matched:
            raise typer.Exit(MATCHED)

    return app_of(name, run, text)


def asked(
    relation: "Relation",
    query: list[str] | None,
    columns: str | None,
    sort: str | None,
    limit: int | None,
    form: Format,
) -> Asked:
    """What the options of a command ask for.

    Raises:
        UsageError: the query or a column cannot be used.
    """
    # ruff: noqa: PLC0415 - a second to import, not for --help
    from plumbline.posture import filters, lookalikes, refining

    written = filters.parse(" ".join(query or ()))
    lookalikes.refuse(relation, written)
    whole = refining.defaulted(written, relation)
    return Asked(
        query=whole.written,
        note="" if whole is written else _note(relation),
        columns=_columns(_names(columns), relation, form),
        order=_names(sort),
        limit=limit,
    )


def sheet(estate: "Estate", warnings: Sequence[str], relation: "Relation", asked: Asked) -> "Sheet":
    """The rows that were asked for, with a warning when there are more of them.

    Raises:
        UsageError: the query, a column or the order cannot be used.
    """
    from plumbline.posture import consoles, explore, filters
    from plumbline.report.interface import Sheet
    from plumbline.report.provenance import about

    request = explore.Request(
        query=filters.parse(asked.query),
        columns=asked.columns,
        order=asked.order,
        limit=asked.limit,
    )
    shown = explore.columns(relation, request, several=estate.several)
    answer = explore.rows(relation, estate, request)
    more = list(consoles.ambiguities(relation, estate, request.query))
    if asked.limit is not None:
        total = explore.total(relation, estate, request.query)
        more += _cut(total, asked.limit) if total else _searched(relation, request.query)
    return Sheet(
        name=relation.name,
        columns=tuple(field.heading for field in shown),
        schema=answer.schema,
        batches=answer.stream(),
        warnings=(*warnings, *more),
        about=partial(about, estate, asked.query, asked.order or relation.order),
    )


def field_sheet(relation: "Relation") -> "Sheet":
    """The fields of a relation: what can be shown, filtered and sorted by."""
    from plumbline.posture.questions.interface import text

    columns = (
        text("field", "name"),
        text("kind", "what it holds"),
        text("also", "other names in a filter"),
        text("meaning", "what it means"),
    )
    rows = (
        {
            "field": field.name,
            "kind": field.kind.value,
            "also": ", ".join(field.names),
            "meaning": field.doc,
        }
        for field in relation.fields
    )
    return sheets.of_rows(f"{relation.name}-fields", columns, rows)


def _note(relation: "Relation") -> str:
    name, _, value = relation.default.partition(":")
    return f"Showing {value} {relation.name} ({relation.default}); {name}:* shows all."


def _columns(wanted: tuple[str, ...], relation: "Relation", form: Format) -> tuple[str, ...]:
    """What is shown: what was asked for; else what people can take in, or all for programs."""
    return wanted if wanted or form is Format.TABLE else relation.exported


def _cut(total: int, limit: int) -> list[str]:
    if total <= limit:
        return []
    return [f"{total:,} rows match, {limit:,} are shown; --limit N or --all shows more."]


def _searched(relation: "Relation", query: "filters.Query") -> list[str]:
    """Where the words of a query that finds nothing were looked for."""
    words = [str(term) for term in query.terms if not term.name]
    if not words:
        return []
    fields = ", ".join(relation.searched)
    return [f"Nothing matches. {' and '.join(words)}: looked for in {fields}."]


def _names(text: str | None) -> tuple[str, ...]:
    names = (text or "").split(",")
    return tuple(name.strip() for name in names if name.strip())


findings = command(
    "findings",
    "Show findings; each is one host, plugin, port and protocol. Without a condition on the state "
    "these are the active ones: open and reopened.",
    "severity:critical,high age:>30d ip:10.1.0.0/16 -kev:no state:fixed",
)
hosts = command(
    "hosts",
    "Show hosts with what is open on them.",
    "critical:>0 last_seen:<30d ip:10.1.0.0/16 credentialed:no",
)
plugins = command(
    "plugins", "Show plugins with what they found.", "severity:critical hosts:>3 exploit:yes"
)
lists = command(
    "lists",
    "Show asset lists with what is open on their hosts.",
    "type:dynamic critical:>0 hosts:0",
)

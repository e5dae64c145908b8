"""`plumbline audit`: who did what, on the terminal and for programs."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.cli import output, session
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.ledger.records import Act

_USUAL = 100


class AuditFormat(StrEnum):
    """How entries are printed."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"


def audit(  # noqa: PLR0913 - each an option of the command line
    *,
    who: Annotated[str, typer.Option(metavar="TEXT", help="Only of names with this text.")] = "",
    action: Annotated[
        str, typer.Option(metavar="TEXT", help="Only what was done with this text, as in `keys`.")
    ] = "",
    subject: Annotated[
        str, typer.Option(metavar="TEXT", help="Only what was done to something with this text.")
    ] = "",
    since: Annotated[str, typer.Option(metavar="TIME", help="From this day or time on, UTC.")] = "",
    until: Annotated[
        str, typer.Option(metavar="TIME", help="Before this time, or to this day's end, UTC.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = _USUAL,
    everything: Annotated[bool, typer.Option("--all", help="All of them, oldest first.")] = False,
    form: Annotated[AuditFormat, typer.Option("--format", help="How to print.")] = (
        AuditFormat.TABLE
    ),
    as_json: output.AsJson = False,
) -> None:
    """Show who did what, the newest first.

    Entries are only ever added. What is taken out here with --all is noted, too.
    """
    if as_json and form is not AuditFormat.TABLE:
        raise UsageError("--json and --format exclude each other.", advice="give one of them.")
    session.ledger()
    from plumbline.ledger import audit as kept  # noqa: PLC0415 - Django, only when called

    wanted = kept.sought(who=who, action=action, subject=subject, since=since, until=until)
    found = kept.whole(wanted) if everything else kept.listing(limit, sought=wanted)
    if as_json:
        output.emit("audit", list(found))
    else:
        _print(found, form)
    if everything:
        kept.note("export audit", "audit log", "on the terminal")


def _print(found: Iterable[Act], form: AuditFormat) -> None:
    match form:
        case AuditFormat.TABLE:
            rows = ((a.at, a.who, a.action, a.subject, a.detail) for a in found)
            output.table(("when (UTC)", "who", "did", "to", "detail"), rows)
        case AuditFormat.CSV:
            from plumbline.report import acts  # noqa: PLC0415 - only when called

            sys.stdout.writelines(acts.lines(found))
        case AuditFormat.JSONL:
            import msgspec  # noqa: PLC0415 - only for programs

            for act in found:
                sys.stdout.write(msgspec.json.encode(act).decode() + "\n")

"""`plumbline db`: looking after the database."""

from pathlib import Path
from typing import Annotated

import typer

from plumbline.cli import output, session
from plumbline.cli.root import group

app = group("Look after the database.")


@app.command()
def upgrade(*, as_json: output.AsJson = False) -> None:
    """Bring the database's tables up to date; nothing happens when they are."""
    settings = session.settings()
    from plumbline.ledger import opening  # noqa: PLC0415 - Django, only when called

    changed = opening.open_ledger(settings)
    if as_json:
        output.emit("db-upgrade", {"changed": changed})
        return
    output.say("The database was brought up to date." if changed else "It is up to date.")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A ledger.sqlite3.")],
    *,
    as_json: output.AsJson = False,
) -> None:
    """Copy the ledger of a SQLite file into the configured database, which must be empty.

    To move to PostgreSQL: stop the worker, set PLUMBLINE_DATABASE_URL, call this, start the worker.
    """
    settings = session.settings()
    from plumbline.ledger import transfer  # noqa: PLC0415 - Django, only when called

    rows = transfer.take_over(settings, file)
    if as_json:
        output.emit("db-import", {"rows": rows})
        return
    output.say(f"{rows:,} rows were copied; the file is as it was.")

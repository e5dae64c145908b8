"""`plumbline db`: looking after the database."""

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

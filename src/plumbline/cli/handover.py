"""`plumbline connection handover`: a one-time link by which somebody else enters the keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from plumbline.cli import output, session
from plumbline.domain.connection import ConnectionKind
from plumbline.errors import UsageError

_MOST_HOURS = 720


def handover(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the connection.")],
    *,
    url: Annotated[str, typer.Option(help="Address of the web interface, for a whole link.")] = "",
    hours: Annotated[
        int, typer.Option(min=1, max=_MOST_HOURS, help="How long the link is good.")
    ] = 72,
    as_json: output.AsJson = False,
) -> None:
    """Print a link by which the console's administrator enters the keys.

    They need no account; the link works once, and a new one kills the one before it.
    """
    settings = session.settings()
    from plumbline.web import frame  # noqa: PLC0415 - Django, only when called

    frame.prepare(settings)
    from plumbline.ledger import connections  # noqa: PLC0415 - after the frame
    from plumbline.ledger.people import links  # noqa: PLC0415 - likewise
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415 - likewise

    if connections.entry(name).connection.kind is not ConnectionKind.CONSOLE:
        raise UsageError(f"{name} takes files: it has no keys.")
    lasts = timedelta(hours=hours)
    secret = links.make(LinkKind.KEYS, lasts=lasts, subject=name, by="terminal")
    link = f"{url.rstrip('/')}/hand-over/{secret}"
    if as_json:
        output.emit("connection-handover", {"connection": name, "link": link, "hours": hours})
        return
    output.say(f"This link works once, within {hours} hours; give it to nobody else:")
    output.put(link)

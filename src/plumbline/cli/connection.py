"""`plumbline connection`: the consoles to read from."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from plumbline.cli import keys, output, preflight, session, shown
from plumbline.cli.flags import Flags, apply, takes_flags, warnings
from plumbline.cli.root import group
from plumbline.errors import UsageError
from plumbline.terms.connection import Address, Connection

app = group("Set up and test the consoles to read from.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the connection.")]
KeysFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Read the keys from here: two lines, or access=… and secret=…."
    ),
]
KeysStdin = Annotated[
    bool, typer.Option("--keys-stdin", help="Read the keys from standard input, in that form.")
]


@app.command()
@takes_flags
def add(
    name: Name,
    *,
    flags: Flags,
    keys_file: KeysFile = None,
    keys_stdin: KeysStdin = False,
    as_json: output.AsJson = False,
) -> None:
    """Add a console.

    Its API keys come from PLUMBLINE_ACCESS_KEY and PLUMBLINE_SECRET_KEY, a file, standard input
    or a prompt, never from an argument.
    """
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    connections.check_name(name)
    if flags.url is None:
        raise UsageError("--url is missing.", advice="give --url https://your.console.")
    connection = apply(flags, Connection(name=name, address=Address(url="")))
    session.ledger()
    connections.check_free(name)
    given, told = keys.gather(keys_file, stdin=keys_stdin)
    connections.add(connection, given)
    _tell(name, as_json=as_json, told=[*warnings(flags, connection), *told])
    if not as_json:
        output.say(f"Added {name}. Now check it: plumbline connection test {name}")


@app.command("list")
def list_(*, as_json: output.AsJson = False) -> None:
    """List the connections."""
    session.ledger()
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    entries = connections.list_all()
    if as_json:
        output.emit("connections", [shown.connection(entry) for entry in entries])
        return
    if not entries:
        output.say("There is no connection yet: plumbline connection add NAME --url URL")
        return
    output.table(
        ("name", "url", "trust", "repositories", "paused", "changed"),
        (
            (
                entry.connection.name,
                entry.connection.address.url,
                entry.connection.address.trust.kind,
                ", ".join(map(str, entry.connection.scope.repositories)) or "all",
                entry.paused,
                entry.changed,
            )
            for entry in entries
        ),
    )


@app.command()
def show(name: Name, *, as_json: output.AsJson = False) -> None:
    """Show a connection, without its keys."""
    session.ledger()
    _tell(name, as_json=as_json, told=[])


@app.command()
@takes_flags
def edit(
    name: Name,
    *,
    flags: Flags,
    pause: Annotated[
        bool | None, typer.Option("--pause/--resume", help="Hold it back from runs, or not.")
    ] = None,
    as_json: output.AsJson = False,
) -> None:
    """Change a connection.

    What is not given stays; 0, 'all' or 'none' clears a value.
    """
    session.ledger()
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    # A new proxy replaces the credentials of the old one, which need not be readable then.
    fresh = flags.proxy is not None
    base = connections.entry(name).connection if fresh else connections.get(name)
    changed = apply(flags, base)
    if changed == base and pause is None:
        raise UsageError("Nothing to change was given.", advice="see --help for the options.")
    if changed != base:
        connections.edit(changed)
    if pause is not None:
        connections.pause(name, paused=pause)
    _tell(name, as_json=as_json, told=warnings(flags, changed))


@app.command("rotate-keys")
def rotate_keys(
    name: Name,
    *,
    keys_file: KeysFile = None,
    keys_stdin: KeysStdin = False,
    as_json: output.AsJson = False,
) -> None:
    """Replace the console's API keys.

    They come the same ways as with `add`.
    """
    session.ledger()
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    connections.entry(name)
    given, told = keys.gather(keys_file, stdin=keys_stdin)
    connections.set_keys(name, given)
    _tell(name, as_json=as_json, told=told)
    if not as_json:
        output.say(f"The keys of {name} were replaced. Check: plumbline connection test {name}")


@app.command()
def remove(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Forget a connection and its keys.

    Its runs stay in the history; its findings are no longer shown.
    """
    session.ledger()
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    connections.entry(name)
    if not yes and not _confirmed(name):
        raise UsageError("Not confirmed.", unchanged=f"the connection {name}.")
    connections.remove(name)
    if as_json:
        output.emit("connection-remove", {"name": name})
    else:
        output.say(f"Removed {name}.")


def _confirmed(name: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            f"Removing {name} needs a yes.",
            advice="add --yes.",
            unchanged=f"the connection {name}.",
        )
    sys.stderr.write(f"Remove the connection {name} and its keys? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _tell(name: str, *, as_json: bool, told: list[str]) -> None:
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    data = shown.connection(connections.entry(name))
    if as_json:
        output.emit("connection", data, told)
        return
    output.lines((key, _text(value)) for key, value in data.items())
    for warning in told:
        output.warn(warning)


def _text(value: object) -> object:
    """A value of the data in the form people read it."""
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return value


app.command("test")(preflight.check)
app.command()(preflight.guide)
app.command()(preflight.fingerprint)

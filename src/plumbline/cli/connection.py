"""`plumbline connection`: the consoles to read from."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.cli import handover, keys, output, preflight, session, shown
from plumbline.cli.flags import Flags, apply, takes_flags, warnings
from plumbline.cli.root import group
from plumbline.domain.connection import Address, Connection, ConnectionKind
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.ledger.records import Entry

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
    from plumbline.lake.folders import remove_folders  # noqa: PLC0415 - Arrow, only when called
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    connections.check_name(name)
    if flags.url is None:
        raise UsageError("--url is missing.", advice="give --url https://your.console.")
    connection = apply(flags, Connection(name=name, address=Address(url="")))
    found = session.ledger()
    connections.check_free(name)
    given, told = keys.gather(keys_file, stdin=keys_stdin)
    # What a connection of that name may have left, if its removal was cut short.
    remove_folders(found.home, name)
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
        ("name", "url", "trust", "repositories", "state", "changed"),
        (
            (
                entry.connection.name,
                entry.connection.address.url or "(files)",
                entry.connection.address.trust.kind if entry.connection.address.url else "",
                ", ".join(map(str, entry.connection.scope.repositories)) or "all",
                _state(entry),
                entry.changed,
            )
            for entry in entries
        ),
    )


def _refuse_files(connection: Connection) -> None:
    """Refuse what only a connection to a console has: address, keys, scope."""
    if connection.kind is ConnectionKind.FILE:
        raise UsageError(
            f"{connection.name} takes files: it has neither address nor keys.",
            advice=f"`plumbline import FILE... --connection {connection.name}`",
            unchanged=f"the connection {connection.name}.",
        )


def _state(entry: "Entry") -> str:
    if entry.retired is not None:
        return f"retired {entry.retired:%Y-%m-%d}"
    return "paused" if entry.paused else "active"


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
    if changed != base:
        _refuse_files(base)
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

    _refuse_files(connections.entry(name).connection)
    given, told = keys.gather(keys_file, stdin=keys_stdin)
    connections.set_keys(name, given)
    _tell(name, as_json=as_json, told=told)
    if not as_json:
        output.say(f"The keys of {name} were replaced. Check: plumbline connection test {name}")


@app.command("delete-keys")
def delete_keys(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Erase the console's API keys and pause the connection.

    What it published stays; a run under way ends at its next page. On the console nothing changes.
    """
    session.ledger()
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    _refuse_files(connections.entry(name).connection)
    question = f"Erase the keys of {name} and pause it? [y/N] "
    if not yes and not _sure(name, f"Erasing the keys of {name}", question):
        raise UsageError("Not confirmed.", unchanged=f"the connection {name}.")
    connections.delete_keys(name)
    _tell(name, as_json=as_json, told=[])


class Fate(StrEnum):
    """What becomes of what a connection published."""

    KEEP = "keep"
    DELETE = "delete"


@app.command()
def remove(
    name: Name,
    *,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Go on showing what was published, as retired.")
    ] = False,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete what was published, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Give up a connection and erase its keys.

    With --keep-data what it published is still shown, marked as retired; `rotate-keys` brings it
    back. With --delete-data its findings, snapshots and proofs go. Its runs stay in the history.
    """
    found = session.ledger()
    from plumbline.lake.folders import remove_folders  # noqa: PLC0415 - Django, only when called
    from plumbline.ledger import connections  # noqa: PLC0415 - beside it

    connections.entry(name)
    fate = _fate(name, keep=keep_data, delete=delete_data, yes=yes)
    if not yes and not _confirmed(name, fate):
        raise UsageError("Not confirmed.", unchanged=f"the connection {name}.")
    if fate is Fate.KEEP:
        connections.retire(name)
    else:
        connections.remove(name)
        remove_folders(found.home, name)
    if as_json:
        output.emit("connection-remove", {"name": name, "data": fate})
    elif fate is Fate.KEEP:
        output.say(f"Retired {name}: its keys are gone, what it published is still shown.")
    else:
        output.say(f"Removed {name} and what it published.")


def _fate(name: str, *, keep: bool, delete: bool, yes: bool) -> Fate:
    """What becomes of the data: as the options say, or as somebody at a terminal says."""
    if keep and delete:
        raise UsageError(
            "--keep-data and --delete-data contradict each other.",
            advice="give one.",
            unchanged=f"the connection {name}.",
        )
    if keep or delete:
        return Fate.KEEP if keep else Fate.DELETE
    if yes or not sys.stdin.isatty():
        raise UsageError(
            f"What is to become of what {name} published?",
            advice="--keep-data goes on showing it, --delete-data deletes it.",
            unchanged=f"the connection {name}.",
        )
    said = _asked(f"Keep or delete what {name} published? [keep/delete, nothing for neither] ")
    try:
        return Fate(said)
    except ValueError:
        raise UsageError("Not confirmed.", unchanged=f"the connection {name}.") from None


def _confirmed(name: str, fate: Fate) -> bool:
    also = ", its keys and all that it published" if fate is Fate.DELETE else " and its keys"
    return _sure(name, f"Removing {name}", f"Remove the connection {name}{also}? [y/N] ")


def _sure(name: str, what: str, question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            f"{what} needs a yes.",
            advice="add --yes.",
            unchanged=f"the connection {name}.",
        )
    return _asked(question) in {"y", "yes"}


def _asked(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower()


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
app.command()(handover.handover)

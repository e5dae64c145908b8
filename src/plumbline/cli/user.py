"""`plumbline user`: who may sign in to the web interface, administered on the terminal."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session
from plumbline.cli.root import group
from plumbline.domain.person import Purview, Right, Role
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plumbline.ledger.people.records import Person

app = group("Administer who may sign in to the web interface.")

_LASTS = timedelta(hours=24)
Name = Annotated[str, typer.Argument(help="Name the person signs in with.")]
Sees = Annotated[
    list[str] | None,
    typer.Option(
        "--sees",
        metavar="GRANT",
        help="Only this: CONNECTION, CONNECTION/repository/ID or CONNECTION/list/ID; may be "
        "given again. Everything without it.",
    ),
]
Url = Annotated[str, typer.Option(help="Address of the web interface, to print the link whole.")]


@app.command("list")
def listing(*, as_json: output.AsJson = False) -> None:
    """List the people."""
    register = _register()
    found = register.everybody()
    if as_json:
        output.emit("user-list", [_shown(person) for person in found])
        return
    if not found:
        output.say("There is nobody yet. `plumbline user add NAME --role admin` adds somebody.")
        return
    output.table(
        ("name", "role", "rights", "sees", "active", "last sign-in"),
        (
            (p.name, p.role, sorted(p.granted), p.purview.texts, p.active, p.last_sign_in)
            for p in found
        ),
    )


@app.command()
def add(
    name: Name,
    *,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.VIEWER,
    sees: Sees = None,
    url: Url = "",
) -> None:
    """Add a person, and print the one-time link by which they set their password."""
    purview = granted(sees)
    register = _register()
    register.add(name, role, purview=purview, by="terminal")
    _print_link(name, url)


@app.command("role")
def set_role(
    name: Name,
    role: Annotated[Role, typer.Argument(help="What the person may do.")],
    *,
    right: Annotated[
        list[Right] | None,
        typer.Option(help="A right beside those of the role; may be given again."),
    ] = None,
    sees: Sees = None,
) -> None:
    """Say what a person may do and see; what is not given here is taken away."""
    purview = granted(sees)
    person = _register().entitle(name, role, rights=right or (), purview=purview)
    output.say(f"{person.name}: {_told(person)}")


@app.command()
def disable(
    name: Name,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let the person in again.")] = False,
) -> None:
    """Keep a person out, at once and with every token."""
    person = _register().disable(name, active=undo)
    output.say(f"{person.name} {'may sign in again' if undo else 'is kept out'}.")


@app.command()
def password(name: Name) -> None:
    """Set a person's password, from a prompt or from standard input; their sessions end."""
    register = _register()
    register.get(name)
    register.set_password(name, _asked())
    output.say(f"The password of {name} is set, and every session of theirs has ended.")


@app.command()
def link(
    name: Annotated[
        str | None,
        typer.Argument(help="Whose password it sets; without it, the first administrator's."),
    ] = None,
    *,
    url: Url = "",
    remove_factors: Annotated[
        bool,
        typer.Option("--remove-factors", help="Take lost second factors and passkeys away, too."),
    ] = False,
) -> None:
    """Print a one-time link: to set a password, or to make the first administrator."""
    register = _register()
    if name is None:
        _first(register, url)
        return
    person = register.get(name)
    if remove_factors:
        _remove_factors(person)
    _print_link(person.name, url)


def _register() -> Any:
    """The register of people, with the site's tables open."""
    settings = session.settings()
    from plumbline.web import frame  # noqa: PLC0415 - Django, only when called

    frame.prepare(settings)
    from plumbline.ledger.people import register  # noqa: PLC0415 - after the frame

    return register


def _first(register: Any, url: str) -> None:
    from plumbline.ledger.people import links  # noqa: PLC0415 - after the frame
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415 - likewise

    if register.anybody():
        raise UsageError(
            "There is an administrator already.",
            advice="name a person: `plumbline user link NAME`.",
        )
    _print("welcome", links.make(LinkKind.FIRST, lasts=_LASTS), url)


def _print_link(name: str, url: str) -> None:
    from plumbline.ledger.people import links  # noqa: PLC0415 - after the frame
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415 - likewise

    secret = links.make(LinkKind.PASSWORD, lasts=_LASTS, person=name, by="terminal")
    _print("password", secret, url)


def _print(page: str, secret: str, url: str) -> None:
    output.say("This link works once, within 24 hours; give it to nobody else:")
    output.put(f"{url.rstrip('/')}/{page}/{secret}")


def _remove_factors(person: Person) -> None:
    from allauth.mfa.models import Authenticator  # noqa: PLC0415 - after the frame

    from plumbline.ledger import audit  # noqa: PLC0415 - likewise

    count, _ = Authenticator.objects.filter(user_id=person.id).delete()
    audit.note("remove second factors", person.name, f"{count}")


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    told: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return told


def granted(sees: Sequence[str] | None) -> Purview:
    """The grants of `--sees`.

    Raises:
        UsageError: one of them is none.
    """
    try:
        return Purview.parse(sees or ())
    except ValueError as error:
        raise UsageError(f"{error}.") from None


def _told(person: Person) -> str:
    extra = "".join(f", {right}" for right in sorted(person.granted))
    return f"{person.role}{extra}; sees {', '.join(person.purview.texts) or 'everything'}"


def _shown(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role,
        "rights": sorted(person.rights),
        "sees": person.purview.texts,
        "active": person.active,
        "has_password": person.has_password,
        "created": person.created,
        "created_by": person.created_by,
        "last_sign_in": person.last_sign_in,
    }

"""`plumbline token`: keys for programs that ask the API, made and revoked on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session
from plumbline.cli.root import group
from plumbline.cli.user import Sees, granted
from plumbline.domain.person import Role
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from plumbline.ledger.people.records import Token

app = group("Make and revoke tokens for programs.")

_DAYS = 90
Person = Annotated[str, typer.Argument(metavar="PERSON", help="In whose name it asks.")]


@app.command("list")
def listing(
    person: Annotated[
        str | None, typer.Argument(metavar="PERSON", help="Whose; everybody's without it.")
    ] = None,
    *,
    as_json: output.AsJson = False,
) -> None:
    """List the tokens, without the tokens themselves."""
    tokens = _tokens()
    if person is not None:
        from plumbline.ledger.people import register  # noqa: PLC0415 - after the frame

        person = register.get(person).name
    found = tokens.listing(person)
    if as_json:
        output.emit("token-list", [_shown(token) for token in found])
        return
    if not found:
        output.say("There is none. `plumbline token make PERSON NAME` makes one.")
        return
    output.table(
        ("number", "for", "of", "begins", "role", "sees", "last used (UTC)", "until (UTC)"),
        (
            (t.id, t.name, t.person, t.hint, t.role, t.purview.texts, t.used, _until(t))
            for t in found
        ),
    )


@app.command()
def make(
    person: Person,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    *,
    role: Annotated[
        Role, typer.Option(help="What it may do; never more than the person may at that time.")
    ] = Role.VIEWER,
    days: Annotated[int, typer.Option(help="Good for so many days.")] = _DAYS,
    sees: Sees = None,
    as_json: output.AsJson = False,
) -> None:
    """Make a token, and print it this once on standard output."""
    seen = granted(sees)
    tokens = _tokens()
    _check_factor(person)
    made, text = tokens.add(person, name, role, days=days, purview=seen)
    if as_json:
        output.emit("token", {**_shown(made), "token": text})
        return
    output.say(f"Token {made.id} of {made.person}, good until {made.expires:%Y-%m-%d}.")
    output.say("It is shown this once; keep it as you would keep a password:")
    output.put(text)


@app.command()
def revoke(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `token list` tells it.")],
) -> None:
    """End a token; programs that use it are refused from now."""
    _tokens().revoke(number)
    output.say(f"Token {number} is revoked.")


def _tokens() -> Any:
    """The register of tokens, with the site's tables open."""
    settings = session.settings()
    from plumbline.web import frame  # noqa: PLC0415 - Django, only when called

    frame.prepare(settings)
    from plumbline.ledger.people import tokens  # noqa: PLC0415 - after the frame

    return tokens


def _check_factor(name: str) -> None:
    """Refuse a token for somebody who could not see anything in person."""
    from plumbline.ledger.people import register  # noqa: PLC0415 - after the frame
    from plumbline.web import factors  # noqa: PLC0415 - likewise

    person = register.get(name)
    if factors.lacking(person.id, person.role):
        raise UsageError(
            f"{person.name} has no second factor, which is demanded of them.",
            advice="let them sign in and add one.",
            unchanged="the tokens.",
        )


def _until(token: Token) -> object:
    return "revoked" if token.revoked else token.expires


def _shown(token: Token) -> dict[str, Any]:
    return {
        "number": token.id,
        "name": token.name,
        "person": token.person,
        "hint": token.hint,
        "role": token.role,
        "sees": token.purview.texts,
        "created": token.created,
        "expires": token.expires,
        "used": token.used,
        "revoked": token.revoked,
    }

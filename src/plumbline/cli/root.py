"""The command `plumbline` itself: it knows its commands by name and imports only the one called.

Importing every command to show the first page of help would cost a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from plumbline import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "plumbline"
HELP = "One consolidated, proven security posture from Tenable Security Center, read-only."


class Promise(TyperCommand):
    """A command that is listed by its name and imported when it is called."""

    def __init__(self, name: str, target: str, text: str) -> None:
        super().__init__(name=name, help=text, short_help=text, rich_markup_mode=None)
        self.target = target

    def keep(self) -> Any:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        found = getattr(import_module(f"plumbline.cli.{module}"), attribute)
        if not isinstance(found, typer.Typer):
            found = _app_of(self.name or "", found)
        command = get_command(found)
        command.name = self.name
        return command


class Root(TyperGroup):
    """The commands, promised."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is called, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.keep() if isinstance(command, Promise) else command, rest


def root(commands: "Iterable[tuple[str, str, str]]") -> TyperGroup:
    """The command with these sub-commands: name, `module:attribute` in this package, help."""
    app = typer.Typer(name=NAME, cls=Root, help=HELP, no_args_is_help=True, rich_markup_mode=None)
    app.callback()(_options)
    group = get_command(app)
    if not isinstance(group, TyperGroup):  # pragma: no cover - typer's promise
        raise TypeError
    for name, target, text in commands:
        group.add_command(Promise(name, target, text))
    return group


def group(text: str) -> typer.Typer:
    """An app for a command that has sub-commands of its own."""
    app = typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None, add_completion=False)
    # Without a callback an app with a single command would be that command.
    app.callback()(_nothing)
    return app


def _app_of(name: str, function: Any) -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name)(function)
    return app


def _nothing() -> None:
    """Without effect."""


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer calls it so
    if value:
        typer.echo(f"{NAME} {__version__}")
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Without effect by itself."""

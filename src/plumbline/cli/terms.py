"""Commands that take a query: a term that begins with `-` is no option."""

import re
from typing import Any

import typer
from typer.core import TyperCommand

_NEGATED = re.compile(r"-[A-Za-z_][A-Za-z0-9_]*:")
_END = "--"


class TermsCommand(TyperCommand):
    """Lets `-state:fixed` through among the options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put negated terms behind everything else; terms are joined by AND, in any order."""
        return super().parse_args(ctx, terms_last(args))


def terms_last(args: list[str]) -> list[str]:
    """The arguments with negated terms moved behind `--`, where nothing is an option."""
    end = args.index(_END) if _END in args else len(args)
    terms = [arg for arg in args[:end] if _NEGATED.match(arg)]
    if not terms:
        return args
    kept = [arg for arg in args[:end] if not _NEGATED.match(arg)]
    return [*kept, _END, *terms, *args[end + 1 :]]


def app_of(name: str, function: Any, text: str) -> typer.Typer:
    """An app of one command that takes terms."""
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(name, cls=TermsCommand, help=text)(function)
    return app

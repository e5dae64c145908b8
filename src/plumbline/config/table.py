"""The settings as a table of frozen rows, derived from the fields of `Settings`."""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import assert_never

from plumbline.config.settings import LogLevel, Origin, SecondFactor, Settings

Value = str | int | Path | LogLevel | SecondFactor


class Kind(StrEnum):
    """How a setting's text is read."""

    TEXT = "text"
    NUMBER = "whole number"
    PATH = "path"
    LEVEL = "one of " + ", ".join(LogLevel)
    FACTOR = "one of " + ", ".join(SecondFactor)


_KINDS = {
    "str": Kind.TEXT,
    "int": Kind.NUMBER,
    "Path": Kind.PATH,
    "LogLevel": Kind.LEVEL,
    "SecondFactor": Kind.FACTOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table."""

    name: str
    kind: Kind
    default: str
    """The default in words, fit for people."""
    help: str
    origin: Origin
    secret: bool
    """Its value is never shown."""
    least: int
    most: int

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"PLUMBLINE_{self.name.upper()}"

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        if self.kind is Kind.NUMBER:
            return f"a whole number from {self.least} to {self.most}"
        return {Kind.TEXT: "text", Kind.PATH: "a path"}.get(self.kind, self.kind.value)

    def parse(self, given: object) -> Value:
        """Turn what a file or variable gives into the setting's type.

        Raises:
            ValueError: the value is not allowed.
        """
        match self.kind:
            case Kind.NUMBER:
                return self._number(given)
            case Kind.TEXT:
                return _text(given)
            case Kind.PATH:
                return Path(_text(given)).expanduser()
            case Kind.LEVEL:
                return LogLevel(_text(given).lower())
            case Kind.FACTOR:
                return SecondFactor(_text(given).lower())
            case _:
                assert_never(self.kind)

    def _number(self, given: object) -> int:
        # A TOML boolean would otherwise pass as 0 or 1.
        if isinstance(given, bool) or not isinstance(given, int | str):
            raise ValueError("not a whole number")  # noqa: TRY004 - one kind of error for the caller
        number = int(given)
        if not self.least <= number <= self.most:
            raise ValueError("out of range")
        return number


def _text(given: object) -> str:
    if not isinstance(given, str) or not given.strip() or "\0" in given:
        raise ValueError("not a text")
    return given.strip()


def _default(field: Field[Value]) -> str:
    if shown := field.metadata.get("shown"):
        return str(shown)
    return "" if field.default is MISSING else str(field.default)


@cache
def table() -> tuple[Setting, ...]:
    """Every setting, in the order of the declaration."""
    return tuple(
        Setting(
            name=field.name,
            kind=_KINDS[str(field.type)],
            default=_default(field),
            help=field.metadata["help"],
            origin=field.metadata.get("origin", Origin.ANYWHERE),
            secret=field.metadata.get("secret", False),
            least=field.metadata.get("least", 0),
            most=field.metadata.get("most", 0),
        )
        for field in fields(Settings)
    )


def markdown() -> str:
    """The page `docs/settings.md`."""
    head = (
        "# Settings\n\n"
        "Made from the table in `plumbline.config`; "
        "`python -m plumbline.config > docs/settings.md` renews it.\n\n"
        "A setting is read from its environment variable, else from `plumbline.toml` in the data "
        "folder (`name = value`), else it has its default.\n\n"
        "| setting | environment variable | given in | value | default | meaning |\n"
        "|---|---|---|---|---|---|\n"
    )
    return head + "".join(map(_line, table()))


def _line(row: Setting) -> str:
    default = row.default or "none"
    return (
        f"| `{row.name}` | `{row.variable}` | {row.origin} | {row.allowed} | {default} "
        f"| {row.help} |\n"
    )

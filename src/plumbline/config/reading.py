"""Reads the settings: environment before file before default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline.config.settings import FILE_NAME, Origin, Settings, default_home
from plumbline.config.table import Setting, Value, table
from plumbline.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this installation.

    Raises:
        ConfigurationError: a value, a name or the file is wrong; says which, where and what is
            allowed.
    """
    given = os.environ if environment is None else environment
    rows = {row.name: row for row in table()}
    home = _home(rows["home"], given)
    values: dict[str, Any] = _from_file(home / FILE_NAME, rows)
    values |= _from_environment(given, rows)
    values["home"] = home
    return Settings(**values)


def _home(row: Setting, environment: Mapping[str, str]) -> Path:
    if not environment.get(row.variable):
        return default_home()
    return Path(str(_parse(row, environment[row.variable], row.variable))).absolute()


def _from_environment(
    environment: Mapping[str, str], rows: Mapping[str, Setting]
) -> dict[str, Value]:
    """The settings given by variables; an empty variable counts as not given."""
    return {
        row.name: _parse(row, environment[row.variable], row.variable)
        for row in rows.values()
        if environment.get(row.variable)
    }


def _from_file(file: Path, rows: Mapping[str, Setting]) -> dict[str, Value]:
    return {name: _row_of(name, value, file, rows) for name, value in _toml(file).items()}


def _row_of(name: str, value: object, file: Path, rows: Mapping[str, Setting]) -> Value:
    row = rows.get(name)
    if row is None:
        allowed = ", ".join(n for n, r in rows.items() if r.origin is Origin.ANYWHERE)
        raise ConfigurationError(
            f"{file} names a setting {name!r} that does not exist.",
            advice=f"use one of: {allowed}.",
        )
    if row.origin is Origin.ENVIRONMENT:
        raise ConfigurationError(
            f"{file} gives {name!r}, which only the environment may give.",
            advice=f"remove it from the file and set {row.variable}.",
        )
    return _parse(row, value, str(file))


def _parse(row: Setting, given: object, source: str) -> Value:
    try:
        return row.parse(given)
    except ValueError:
        shown = "" if row.secret else f" {given!r}"
        raise ConfigurationError(
            f"The setting {row.name} from {source} has a wrong value{shown}.",
            advice=f"give {row.allowed}.",
        ) from None


def _toml(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(
            f"The settings file {file} cannot be read: {error.strerror}.",
            advice="make it readable for this user, or point PLUMBLINE_HOME elsewhere.",
        ) from error
    import tomllib  # noqa: PLC0415 - most starts have no file to read

    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The settings file {file} is not valid TOML: {error}.",
            advice="write one `name = value` a line; texts stand in quotes.",
        ) from error

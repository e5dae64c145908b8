"""Statements that are kept in `.sql` files beside the code that runs them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def statement(package: str, name: str) -> str:
    """The statement `sql/<name>.sql` of a package.

    Values are bound when it is run; a statement is never put together from them.
    """
    return files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")

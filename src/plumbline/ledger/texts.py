"""Texts from outside in a form that every database keeps."""

from __future__ import annotations

from typing import Any


def storable(text: str) -> str:
    r"""The text with what a database refuses written out: NUL as `\0`, lone surrogates as `\udxxx`.

    PostgreSQL keeps no NUL, and no database keeps half a sign.
    """
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()


def storable_tree(value: Any) -> Any:
    """The same for every text in a value that is stored as JSON."""
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(str(key)): storable_tree(one) for key, one in value.items()}
        case list() | tuple():
            return [storable_tree(one) for one in value]
        case _:
            return value

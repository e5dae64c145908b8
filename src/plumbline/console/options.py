"""Options of a connection as people give them, brought to the form they are kept in."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from plumbline.domain.connection import LIST_FIELDS, ListFilter, PluginType
from plumbline.domain.ranges import complement, read_range
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from plumbline.domain.connection import Scope

CLIENT_KEY_PASSWORD = "PLUMBLINE_CLIENT_KEY_PASSWORD"  # noqa: S105 - the name of a variable


def list_filters(words: Iterable[str]) -> tuple[ListFilter, ...]:
    """Filters of `GET /rest/asset`.

    Raises:
        UsageError: the console knows no such filter.
    """
    known = [one.value for one in ListFilter]
    return tuple(ListFilter(one) for one in _named(words, known, "filter of asset lists"))


def list_fields(words: Iterable[str]) -> tuple[str, ...]:
    """Fields of `GET /rest/asset`.

    Raises:
        UsageError: the console documents no such field.
    """
    return _named(words, LIST_FIELDS, "field of asset lists")


def plugin_types(words: Iterable[str]) -> tuple[PluginType, ...]:
    """Plugin types of findings.

    Raises:
        UsageError: there is no such type.
    """
    known = [one.value for one in PluginType]
    return tuple(PluginType(one) for one in _named(words, known, "plugin type"))


def _named(words: Iterable[str], known: Sequence[str], kind: str) -> tuple[str, ...]:
    """The known names that are meant, each once; letter case does not matter."""
    by_case = {name.lower(): name for name in known}
    found: list[str] = []
    for word in words:
        if word.lower() not in by_case:
            nearest = get_close_matches(word.lower(), by_case, n=1, cutoff=0.0)[0]
            raise UsageError(
                f"There is no {kind} {word!r}. Did you mean {by_case[nearest]}?",
                advice=f"use some of: {', '.join(known)}.",
            )
        found.append(by_case[word.lower()])
    return tuple(dict.fromkeys(found))


def address_ranges(words: Iterable[str]) -> tuple[str, ...]:
    """Addresses, ranges and CIDR blocks in the form they are sent to the console.

    Raises:
        UsageError: one of them is something else.
    """
    found: list[str] = []
    for word in words:
        one = read_range(word)
        if one is None:
            raise UsageError(
                f"{word!r} is neither an address, a range nor a CIDR block.",
                advice="write 10.0.0.1, 10.0.0.1-10.0.0.9, 10.1.0.0/16 or 2001:db8::/32.",
            )
        found.append(str(one))
    return tuple(dict.fromkeys(found))


def nothing_left(scope: Scope) -> str:
    """Which exclusion leaves nothing to read, in words; empty when something is left."""
    ranges = [one for text in scope.exclude_addresses if (one := read_range(text))]
    if scope.repositories and set(scope.repositories) <= set(scope.exclude_repositories):
        return "repository"
    if scope.families and set(scope.families) <= set(scope.exclude_families):
        return "plugin family"
    if set(PluginType) <= set(scope.exclude_plugin_types):
        return "plugin type"
    return "address" if ranges and not complement(ranges) else ""


def check_scope(scope: Scope) -> None:
    """Refuse a scope that excludes everything it includes.

    Raises:
        UsageError: says by what.
    """
    if kind := nothing_left(scope):
        raise UsageError(
            f"Every {kind} that is asked for is excluded, too: nothing is left to read.",
            advice=f"exclude less, or ask for another {kind}.",
        )

"""Short looks at a console while somebody waits: its checks, its repositories, its keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from plumbline.console.client import Console
from plumbline.console.preflight import preflight
from plumbline.errors import QueryRefusedError
from plumbline.ledger import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from plumbline.console.check import Check
    from plumbline.domain.connection import Connection, Keys

_READ_TIMEOUT = 30.0


def checks(connection: Connection, keys: Keys) -> Iterator[Check]:
    """Each prerequisite as soon as it is known; every request is written down."""
    with requests.Log(None) as log:
        yield from preflight(connection, keys, log)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a scope can be chosen from, by number and name."""

    repositories: Sequence[tuple[int, str]] = ()
    asset_lists: Sequence[tuple[int, str]] = ()
    families: Sequence[tuple[int, str]] = ()


def offer(connection: Connection, keys: Keys) -> Offer:
    """What the keys see of repositories, asset lists and plugin families.

    Raises:
        PlumblineError: the console cannot be asked.
    """
    with requests.Log(None) as log, Console(_hurried(connection), keys, log) as console:
        return Offer(
            repositories=[(one.id, one.name) for one in console.repositories()],
            asset_lists=_seen(lambda: [(one.id, one.name) for one in console.asset_lists()]),
            families=_seen(lambda: console.plugin_families().items()),
        )


def _seen(ask: Callable[[], Iterable[tuple[int, str]]]) -> list[tuple[int, str]]:
    """What is told, by name; nothing where these keys may not ask for it."""
    try:
        return sorted(ask(), key=lambda one: one[1].lower())
    except QueryRefusedError:
        return []


def accepted(connection: Connection, keys: Keys) -> None:
    """Ask the console whose keys these are.

    Raises:
        RefusedError: it does not accept them.
        PlumblineError: it cannot be asked.
    """
    with requests.Log(None) as log, Console(_hurried(connection), keys, log) as console:
        console.current_user()


def _hurried(connection: Connection) -> Connection:
    manners = replace(
        connection.manners,
        retries=0,
        read_timeout=min(_READ_TIMEOUT, connection.manners.read_timeout),
    )
    return replace(connection, manners=manners)

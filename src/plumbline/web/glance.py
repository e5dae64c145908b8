"""Short looks at a console while somebody waits: its checks, its repositories, its keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from plumbline.console.client import Console
from plumbline.console.preflight import preflight
from plumbline.ledger import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.console.check import Check
    from plumbline.console.records import Repository
    from plumbline.terms.connection import Connection, Keys

_READ_TIMEOUT = 30.0


def checks(connection: Connection, keys: Keys) -> Iterator[Check]:
    """Each prerequisite as soon as it is known; every request is written down."""
    with requests.Log(None) as log:
        yield from preflight(connection, keys, log)


def repositories(connection: Connection, keys: Keys) -> list[Repository]:
    """The repositories that the keys see.

    Raises:
        PlumblineError: the console cannot be asked.
    """
    with requests.Log(None) as log, Console(_hurried(connection), keys, log) as console:
        return console.repositories()


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

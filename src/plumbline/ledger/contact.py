"""Keeps contact with a database server: over its restarts, and over networks that forget."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from django.db import OperationalError, connection

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

PATIENCE = 30.0
"""Seconds in which a server that answered before may come back."""
_PAUSE = 0.25

_Server = tuple[str, ...]
_met: set[_Server] = set()
"""Servers that have answered this process, each with the user it let in."""
_missed: dict[_Server, float] = {}
"""Since when those of them that do not answer now have been missed, by whichever thread."""


_hurry = threading.Event()


def hurry() -> None:
    """Wait for no server any more: this process is to end. Signal handlers may call it."""
    _hurry.set()


def keep() -> None:
    """See to it that the next transaction finds its server; call it outside of any.

    A connection that has died is made anew. A server that is gone is waited for once, if it had
    answered before: one that restarts is back in seconds, one that never was there is a mistake
    to be told at once. All threads wait to the same moment.

    Raises:
        django.db.Error: there is no server.
    """
    if connection.vendor == "sqlite" or connection.in_atomic_block:
        return
    server = _name(connection)
    while not _reached(last=not _is_waited_for(server)):
        _missed.setdefault(server, time.monotonic())
        _hurry.wait(_PAUSE)
    _missed.pop(server, None)
    _met.add(server)


def _is_waited_for(server: _Server) -> bool:
    now = time.monotonic()
    return server in _met and not _hurry.is_set() and now < _missed.get(server, now) + PATIENCE


def _reached(*, last: bool) -> bool:
    """Whether the server answers; the last try raises why not."""
    # Django asks before a web request only; here, every transaction may follow a long silence.
    connection.health_check_done = False  # type: ignore[attr-defined] # unknown to its stubs
    try:
        connection.close_if_health_check_failed()
        connection.ensure_connection()
    except OperationalError:
        if last:
            raise
        return False
    return True


def _name(found: BaseDatabaseWrapper) -> _Server:
    told = found.settings_dict
    return tuple(str(told[part]) for part in ("HOST", "PORT", "NAME", "USER", "PASSWORD"))
